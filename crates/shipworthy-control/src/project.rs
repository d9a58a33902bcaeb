//! The project file `shipworthy.toml`: everything that is declared about one model.
//!
//! It is read in two stages. As typed (`typed`): every value with its place in the file, and
//! what is wrong with it alone. Validated ([`Project`]): defaults filled in, durations and sizes
//! real, and the sections fit one another (`checks`). All mistakes of a file are reported at
//! once, each with its line.
//!
//! **Invariant:** pure. Text comes in; no file is opened, so data and columns that only the source
//! can prove are the caller's to check.

mod changes;
mod checks;
mod columns;
mod diagnosis;
mod expect;
mod fields;
mod gate;
mod identity;
mod label;
mod model;
mod policy;
mod reader;
mod rollout;
mod source;
mod train;
mod typed;
mod units;

use shipworthy_contract::{ColumnRules, Contract};
use toml::de::DeTable;

use crate::gate::Gate;

pub use changes::ReleaseDiff;
pub use diagnosis::Diagnosis;
pub use expect::{Expectation, Place};
pub(crate) use identity::slug;
pub use identity::{Identity, RiskClass};
pub use label::{Comparison, Label, Literal};
pub use model::{Classes, Model};
pub use policy::{Decision, LedgerSizes, Limits};
pub use rollout::Rollout;
pub use source::Source;
pub use train::{Command, Parameters, Test, TimeWindow, Train, Trainer, Validation};

use diagnosis::{Mistake, Mistakes};
use typed::Typed;

/// A validated project file.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// `[project]`: name, purpose, owner, risk class.
    pub identity: Identity,
    /// `[source]`: the training data; a model that is there already may have none.
    pub source: Option<Source>,
    /// `[model]`: what is predicted.
    pub model: Model,
    /// `[decision]`: how an answer is made from the model's output.
    pub decision: Decision,
    /// `[limits]`: what one server takes on.
    pub limits: Limits,
    /// `[ledger]`: how much is kept.
    pub ledger: LedgerSizes,
    /// `[[column]]`: the rules of the input, in the order of the file.
    pub columns: Vec<ColumnRules>,
    /// `[[expect]]`: what is expected of the data, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// `[train]`: how the model is made.
    pub train: Train,
    /// `[[gate]]`: what a release must pass.
    pub gates: Vec<Gate>,
    /// `[rollout]`: how a candidate becomes stable.
    pub rollout: Rollout,
}

impl Project {
    /// Reads a project file. `file_name` is what messages call it.
    ///
    /// # Errors
    /// Every mistake in it. Text that is no TOML is not looked into further.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, Diagnosis> {
        let (document, errors) = DeTable::parse_recoverable(text);
        let refuse = |mistakes| Diagnosis::new(text, file_name, mistakes);
        if !errors.is_empty() {
            return Err(refuse(syntax_mistakes(text, &errors)));
        }
        let mistakes = Mistakes::default();
        let typed = Typed::read(document.get_ref(), text, &mistakes);
        checks::check(&typed, &mistakes);
        let found = mistakes.into_found();
        match typed.validated() {
            Some(project) if found.is_empty() => Ok(project),
            project => {
                debug_assert!(project.is_some() || !found.is_empty(), "a silent refusal");
                Err(refuse(found))
            }
        }
    }

    /// The contract of the model's input. Training fills in the categories.
    pub fn contract(&self) -> Contract {
        let expectations = self.expectations.iter().flat_map(Expectation::of_rows);
        Contract { columns: self.columns.clone(), expectations: expectations.collect() }
    }
}

/// The places where the text stops being TOML: the first of each line, since the parser's guesses
/// about the rest of a broken line are worth little.
fn syntax_mistakes(text: &str, errors: &[toml::de::Error]) -> Vec<Mistake> {
    let mut errors: Vec<_> = errors
        .iter()
        .map(|error| (error.span().unwrap_or(text.len()..text.len()), error.message()))
        .collect();
    errors.sort_by_key(|(span, _)| span.start);
    errors.dedup_by_key(|(span, _)| line_of(text, span.start));
    let mistakes = errors.into_iter().map(|(span, message)| {
        let mistake = Mistake::at(&span, "this is not TOML".to_owned(), message);
        let word = text.get(span).filter(|_| VALUE_EXPECTED.iter().any(|m| message.starts_with(m)));
        mistake.maybe_help(word.and_then(quote_advice))
    });
    mistakes.collect()
}

/// What the parser says of a word that it takes for the beginning of a value.
const VALUE_EXPECTED: [&str; 2] = ["invalid boolean", "string values must be quoted"];

/// The advice for a bare word where a value should be, the most frequent of all slips.
fn quote_advice(word: &str) -> Option<String> {
    let is_word = word.starts_with(char::is_alphabetic)
        && word.chars().all(|c| c.is_alphanumeric() || "_-./".contains(c));
    is_word.then(|| format!("text stands in quotes: \"{word}\""))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests;
