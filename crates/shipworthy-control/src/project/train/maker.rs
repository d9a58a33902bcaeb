//! What makes the model: a trainer, a command of the project's own, or nobody, for it is there
//! already.

use std::path::PathBuf;

use super::command::{Command, TypedCommand};
use super::{Test, TypedTrain};
use crate::project::diagnosis::{Mistake, Mistakes};
use crate::project::reader::{Located, Table, choice};
use crate::project::source;

/// What makes the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Trainer {
    /// Gradient-boosted trees in this process.
    Builtin,
    /// A program that is given rows and writes a model file.
    Command(Command),
    /// Nothing: it was made elsewhere.
    File {
        /// The model file, relative to the project's directory and inside it.
        model: PathBuf,
    },
}

/// `trainer` and what is said to each of them, as typed.
#[derive(Debug)]
pub(super) struct TypedMaker {
    /// Absent for the built-in one too; `Err` when there is no such trainer.
    trainer: Result<Option<Located<Kind>>, ()>,
    model: Option<Located<String>>,
    command: TypedCommand,
    /// The keys that not every trainer understands, as far as they are there.
    particular: Vec<Located<&'static str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Builtin,
    Command,
    File,
}

const KINDS: [(&str, Kind); 3] =
    [("builtin", Kind::Builtin), ("command", Kind::Command), ("file", Kind::File)];

/// Who understands what.
const PARTICULAR: [(&str, &[Kind]); 11] = [
    ("model", &[Kind::File]),
    ("command", &[Kind::Command]),
    ("lock", &[Kind::Command]),
    ("timeout", &[Kind::Command]),
    ("from", &[Kind::Builtin, Kind::Command]),
    ("until", &[Kind::Builtin, Kind::Command]),
    ("seed", &[Kind::Builtin, Kind::Command]),
    ("rounds", &[Kind::Builtin]),
    ("early_stopping_rounds", &[Kind::Builtin]),
    ("validation", &[Kind::Builtin, Kind::Command]),
    ("parameters", &[Kind::Builtin, Kind::Command]),
];

impl TypedMaker {
    pub(super) fn read(table: &Table<'_>, mistakes: &Mistakes) -> Self {
        let there = |(name, _)| Some(Located { value: name, span: table.field(name).span()? });
        let model = table.field("model").name();
        let trainer = read_kind(table, mistakes);
        let is_command = kind_of(&trainer) == Some(Kind::Command);
        Self {
            trainer,
            model: model.filter(|path| source::check_path(path, "the model file", mistakes)),
            command: TypedCommand::read(table, is_command, mistakes),
            particular: PARTICULAR.into_iter().filter_map(there).collect(),
        }
    }

    /// Whether the model is a file.
    pub(super) fn is_file(&self) -> bool {
        kind_of(&self.trainer) == Some(Kind::File)
    }

    /// Whether a command of the project's own trains.
    pub(super) fn is_command(&self) -> bool {
        kind_of(&self.trainer) == Some(Kind::Command)
    }

    pub(super) fn validated(self) -> Trainer {
        let made = match kind_of(&self.trainer) {
            Some(Kind::File) => self.model.map(|model| Trainer::File { model: model.value.into() }),
            Some(Kind::Command) => self.command.validated().map(Trainer::Command),
            Some(Kind::Builtin) | None => None,
        };
        made.unwrap_or(Trainer::Builtin)
    }

    fn is_there(&self, name: &str) -> bool {
        self.particular.iter().any(|key| key.value == name)
    }

    /// Reports a key that the trainer needs and does not have.
    fn require(&self, name: &str, at: &Located<Kind>, help: &str, mistakes: &Mistakes) {
        if !self.is_there(name) {
            let message = format!("`{name}` is missing in [train]");
            let mistake = Mistake::at(&at.span, message, format!("expected `{name}` beside it"));
            mistakes.add(mistake.help(help));
        }
    }
}

impl TypedTrain {
    /// Whether `trainer` and what is said to it fit one another.
    pub(super) fn check_maker(&self, mistakes: &Mistakes) {
        let maker = &self.maker;
        let Ok(trainer) = &maker.trainer else { return };
        let kind = trainer.as_ref().map_or(Kind::Builtin, |trainer| trainer.value);
        for Located { value: name, span } in &maker.particular {
            let takers = PARTICULAR.iter().find(|(known, _)| known == name);
            let takers = takers.map_or::<&[Kind], _>(&[], |(_, takers)| takers);
            if !takers.contains(&kind) {
                let mistake = Mistake::at(span, meaningless(name, kind, takers), only(takers));
                let mistake = match trainer {
                    Some(trainer) => mistake.and_at(&trainer.span, who_makes_it(kind)),
                    None => mistake,
                };
                mistakes.add(mistake.maybe_help(advice(kind, takers)));
            }
        }
        let Some(trainer) = trainer else { return };
        if kind == Kind::File {
            maker.require("model", trainer, "name the file: model = \"model.onnx\"", mistakes);
        }
        if kind == Kind::Command {
            let help = "say what is run: command = [\"python3\", \"train.py\"]";
            maker.require("command", trainer, help, mistakes);
            let help = "name the file that pins what it runs with: lock = \"requirements.lock\"";
            maker.require("lock", trainer, help, mistakes);
        }
        if let (Kind::File, Some(Located { value: Test::Share(_), span })) = (kind, &self.test) {
            let message = "a share of the rows may be what the model was trained on".to_owned();
            let mistake = Mistake::at(span, message, "expected a time window");
            mistakes.add(mistake.help("without `test` it is measured on all rows of the source"));
        }
    }
}

fn kind_of(trainer: &Result<Option<Located<Kind>>, ()>) -> Option<Kind> {
    trainer.as_ref().ok()?.as_ref().map(|trainer| trainer.value)
}

fn meaningless(name: &str, kind: Kind, takers: &[Kind]) -> String {
    match (kind, takers) {
        (_, [Kind::File]) => format!("`{name}` in [train] is for a model that is there already"),
        (Kind::File, _) => format!("`{name}` has no meaning for a model that is there already"),
        (Kind::Command, _) => format!("`{name}` has no meaning for a command that trains"),
        (Kind::Builtin, _) => format!("`{name}` in [train] is for a command that trains"),
    }
}

fn only(takers: &[Kind]) -> &'static str {
    match takers {
        [Kind::File] => "expected only for a file",
        [Kind::Command] => "expected only for a command",
        [Kind::Builtin] => "expected only for the built-in trainer",
        _ => "expected only where something is trained",
    }
}

const fn who_makes_it(kind: Kind) -> &'static str {
    match kind {
        Kind::Builtin => "the built-in trainer",
        Kind::Command => "the command trains",
        Kind::File => "nothing is trained",
    }
}

fn advice(kind: Kind, takers: &[Kind]) -> Option<String> {
    let advice = match (kind, takers) {
        (_, [Kind::File]) => "to take the file: trainer = \"file\"",
        (Kind::Builtin, [Kind::Command]) => "to run the command: trainer = \"command\"",
        (Kind::Command, [Kind::Builtin]) => "tell the command in [train.parameters]",
        _ => return None,
    };
    Some(advice.to_owned())
}

fn read_kind(table: &Table<'_>, mistakes: &Mistakes) -> Result<Option<Located<Kind>>, ()> {
    let field = table.field("trainer");
    if !field.is_present() {
        return Ok(None);
    }
    let trainer = field.name().ok_or(())?;
    let found = KINDS.into_iter().find(|(name, _)| *name == trainer.value);
    let Some((_, kind)) = found else {
        let message = format!("there is no trainer \"{}\"", trainer.value);
        let expected = format!("expected {}", choice(KINDS.map(|(name, _)| name)));
        let help = "a program of your own trains with trainer = \"command\"";
        mistakes.add(Mistake::at(&trainer.span, message, expected).help(help));
        return Err(());
    };
    Ok(Some(trainer.with(kind)))
}
