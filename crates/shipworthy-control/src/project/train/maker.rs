//! What makes the model: a trainer, or nobody, for it is there already.

use std::path::PathBuf;

use super::{Test, TypedTrain};
use crate::project::diagnosis::{Mistake, Mistakes};
use crate::project::reader::{Located, Table, choice};
use crate::project::source;

/// What makes the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trainer {
    /// Gradient-boosted trees in this process.
    Builtin,
    /// Nothing: it was made elsewhere.
    File {
        /// The model file, relative to the project's directory and inside it.
        model: PathBuf,
    },
}

/// `trainer` and `model` as typed.
#[derive(Debug)]
pub(super) struct TypedMaker {
    trainer: Option<Located<Kind>>,
    model: Option<Located<String>>,
    /// Keys that only the built-in trainer understands, as far as they are there.
    of_builtin: Vec<Located<&'static str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Builtin,
    File,
}

const KINDS: [(&str, Kind); 2] = [("builtin", Kind::Builtin), ("file", Kind::File)];

/// What is said to the built-in trainer alone.
const OF_BUILTIN: [&str; 7] =
    ["from", "until", "seed", "rounds", "early_stopping_rounds", "validation", "parameters"];

impl TypedMaker {
    pub(super) fn read(table: &Table<'_>, mistakes: &Mistakes) -> Self {
        let there = |name| Some(Located { value: name, span: table.field(name).span()? });
        let model = table.field("model").name();
        Self {
            trainer: read_kind(table, mistakes),
            model: model.filter(|path| source::check_path(path, "the model file", mistakes)),
            of_builtin: OF_BUILTIN.into_iter().filter_map(there).collect(),
        }
    }

    /// Whether the model is a file.
    pub(super) fn is_file(&self) -> bool {
        self.trainer.as_ref().is_some_and(|trainer| trainer.value == Kind::File)
    }

    pub(super) fn validated(self) -> Trainer {
        match self.model {
            Some(model) if self.trainer.is_some_and(|trainer| trainer.value == Kind::File) => {
                Trainer::File { model: model.value.into() }
            }
            _ => Trainer::Builtin,
        }
    }
}

impl TypedTrain {
    /// Whether `trainer`, `model` and what is said to the trainer fit one another.
    pub(super) fn check_maker(&self, is_model_there: bool, mistakes: &Mistakes) {
        let maker = &self.maker;
        let Some(trainer) = maker.trainer.as_ref().filter(|trainer| trainer.value == Kind::File)
        else {
            if let Some(model) = &maker.model {
                let message = "`model` in [train] is for a model that is there already".to_owned();
                let mistake = Mistake::at(&model.span, message, "expected only for a file");
                mistakes.add(mistake.help("to take the file: trainer = \"file\""));
            }
            return;
        };
        if !is_model_there {
            let message = "`model` is missing in [train]".to_owned();
            let mistake = Mistake::at(&trainer.span, message, "expected `model` beside it");
            mistakes.add(mistake.help("name the file: model = \"model.onnx\""));
        }
        for Located { value, span } in &maker.of_builtin {
            let message = format!("`{value}` has no meaning for a model that is there already");
            let mistake = Mistake::at(span, message, "expected only for the built-in trainer");
            mistakes.add(mistake.and_at(&trainer.span, "nothing is trained"));
        }
        if let Some(Located { value: Test::Share(_), span }) = &self.test {
            let message = "a share of the rows may be what the model was trained on".to_owned();
            let mistake = Mistake::at(span, message, "expected a time window");
            mistakes.add(mistake.help("without `test` it is measured on all rows of the source"));
        }
    }
}

fn read_kind(table: &Table<'_>, mistakes: &Mistakes) -> Option<Located<Kind>> {
    let trainer = table.field("trainer").name()?;
    let found = KINDS.into_iter().find(|(name, _)| *name == trainer.value);
    if found.is_none() {
        let message = format!("there is no trainer \"{}\"", trainer.value);
        let expected = format!("expected {}", choice(KINDS.map(|(name, _)| name)));
        let help = "training by a command of your own is not supported yet in this version; a \
                    model that it made is: trainer = \"file\"";
        mistakes.add(Mistake::at(&trainer.span, message, expected).help(help));
    }
    found.map(|(_, kind)| trainer.with(kind))
}
