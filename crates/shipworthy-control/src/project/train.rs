//! `[train]`: how the model is made.

use std::ops::Range;
use std::time::Duration;

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::reader::{Located, Table, value_or};

mod command;
mod maker;
mod parameters;
mod windows;

pub use command::Command;
pub use maker::Trainer;
use maker::TypedMaker;
pub use parameters::Parameters;
pub(super) use parameters::SECTION as PARAMETERS;
pub use windows::TimeWindow;
use windows::TypedWindow;
pub(super) use windows::{TEST, VALIDATION};

/// The keys of `[train]`.
pub(super) const SECTION: Section = Section::new(
    "[train]",
    &[
        Key::new("trainer", "`builtin`, `command` or `file`", "`\"builtin\"`"),
        Key::new("model", "a path such as \"model.onnx\"", "none: the trainer makes it"),
        Key::new("command", "a list of words", "none: nothing is run"),
        Key::new("lock", "a path such as \"requirements.lock\"", "required by a command"),
        Key::new("timeout", "a time span", "1h, for a command"),
        Key::new("from", "an instant", "none: the first row"),
        Key::new("until", "an instant", "none: the last row"),
        Key::new("seed", "a whole number", "`0`"),
        Key::new("rounds", "a whole number", "`500`"),
        Key::new("early_stopping_rounds", "a whole number", "`30`"),
        Key::new("validation", "a table", "`{ share = 0.2 }`"),
        Key::new("test", "a table", "none: no test"),
        Key::new("parameters", "[train.parameters]", "its defaults"),
    ],
);

/// The most rounds of boosting: a tree each, and beyond this the learning rate is wrong.
const MAX_ROUNDS: u32 = 100_000;

/// How the model is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Train {
    /// What makes it.
    pub trainer: Trainer,
    /// The rows it is made from, validation included.
    pub window: TimeWindow,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// The most rounds of boosting.
    pub rounds: u32,
    /// Training stops after this many rounds without a better validation; 0: never.
    pub early_stopping_rounds: u32,
    /// The rows of the window that choose the number of rounds.
    pub validation: Validation,
    /// The rows that training never sees.
    pub test: Option<Test>,
    /// What the built-in trainer is told.
    pub parameters: Parameters,
}

/// The rows that choose the number of rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Validation {
    /// The last rows of the training window, up to this long before its end.
    Last(Duration),
    /// A seeded slice of this share of the training rows.
    Share(f64),
}

/// The rows that training never sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// Those of a time window beside the training window.
    Window(TimeWindow),
    /// A seeded slice of this share of all rows.
    Share(f64),
}

/// `[train]` as typed.
#[derive(Debug)]
pub(super) struct TypedTrain {
    maker: TypedMaker,
    /// Where `test` stands.
    test_span: Option<Range<usize>>,
    window: TypedWindow,
    seed: u64,
    rounds: u32,
    early_stopping_rounds: u32,
    validation: Option<Located<Validation>>,
    test: Option<Located<Test>>,
    parameters: Parameters,
}

impl TypedTrain {
    pub(super) fn read(table: Table<'_>, mistakes: &Mistakes) -> Self {
        let early_stopping = table.field("early_stopping_rounds").whole_in(0..=MAX_ROUNDS);
        let maker = TypedMaker::read(&table, mistakes);
        let parameters = match maker.is_command() {
            // The command's own.
            true => Parameters::default(),
            false => Parameters::read(table.field("parameters").table(&PARAMETERS)),
        };
        let typed = Self {
            maker,
            test_span: table.field("test").span(),
            window: TypedWindow::read(&table, mistakes),
            seed: value_or(table.field("seed").whole_in(0..=MAX_SEED), 0),
            rounds: value_or(table.field("rounds").whole_in(1..=MAX_ROUNDS), 500),
            early_stopping_rounds: value_or(early_stopping, 30),
            validation: windows::read_validation(table.field("validation"), mistakes),
            test: windows::read_test(table.field("test"), mistakes),
            parameters,
        };
        table.finish();
        typed
    }

    /// Whether the rows to train on, to validate on and to test on are apart.
    pub(super) fn check(&self, mistakes: &Mistakes) {
        self.check_maker(mistakes);
        if self.is_of_a_file() {
            return;
        }
        let validation = self.validation.as_ref();
        match validation.map(|located| (located, located.value)) {
            Some((at, Validation::Last(last))) => self.check_last(last, &at.span, mistakes),
            Some((at, Validation::Share(share))) => self.check_shares(share, &at.span, mistakes),
            None => self.check_shares(DEFAULT_SHARE, &(0..0), mistakes),
        }
        if let Some(Located { value: Test::Window(test), span }) = &self.test {
            self.check_test_window(*test, span, mistakes);
        }
    }

    /// Whether the model is a file that is there already.
    pub(super) fn is_of_a_file(&self) -> bool {
        self.maker.is_file()
    }

    /// Where it says on which rows the model is tested.
    pub(super) const fn test_span(&self) -> Option<&Range<usize>> {
        self.test_span.as_ref()
    }

    /// The keys that need to know the time of a row.
    pub(super) fn timed(&self) -> impl Iterator<Item = &Range<usize>> {
        let is_last = |located: &&Located<_>| matches!(located.value, Validation::Last(_));
        let is_window = |located: &&Located<_>| matches!(located.value, Test::Window(_));
        let validation = self.validation.as_ref().filter(is_last).map(|located| &located.span);
        let test = self.test.as_ref().filter(is_window).map(|located| &located.span);
        self.window.spans().chain(validation).chain(test)
    }

    pub(super) fn validated(self) -> Train {
        Train {
            trainer: self.maker.validated(),
            window: self.window.validated(),
            seed: self.seed,
            rounds: self.rounds,
            early_stopping_rounds: self.early_stopping_rounds,
            validation: value_or(self.validation, Validation::Share(DEFAULT_SHARE)),
            test: self.test.map(|located| located.value),
            parameters: self.parameters,
        }
    }

    fn check_last(&self, last: Duration, span: &Range<usize>, mistakes: &Mistakes) {
        let window = self.window.validated();
        let (Some(from), Some(until)) = (window.from, window.until) else { return };
        if u128::from(until.micros_since(from)) <= last.as_micros() {
            let message = "validation leaves nothing to train on".to_owned();
            let expected = "expected less than the time between `from` and `until`";
            mistakes.add(Mistake::at(span, message, expected));
        }
    }

    fn check_shares(&self, validation: f64, span: &Range<usize>, mistakes: &Mistakes) {
        let Some(Located { value: Test::Share(test), span: test_span }) = &self.test else {
            return;
        };
        if validation + test >= 1.0 {
            let message = "validation and test leave nothing to train on".to_owned();
            let expected = "expected less than what validation leaves";
            let mistake = Mistake::at(test_span, message, expected);
            mistakes.add(if span.is_empty() {
                mistake.help(format!("without `validation` its share is {DEFAULT_SHARE}"))
            } else {
                mistake.and_at(span, "validation")
            });
        }
    }

    fn check_test_window(&self, test: TimeWindow, span: &Range<usize>, mistakes: &Mistakes) {
        if !self.window.validated().overlaps(test) {
            return;
        }
        let message = "the test window overlaps the training window".to_owned();
        let mistake = Mistake::at(span, message, "expected rows that training never sees");
        let help = match (test.from, self.window.spans().next()) {
            (Some(from), None) => format!("end the training window before it: until = {from}"),
            _ => "a window has its `from` in it, and its `until` not".to_owned(),
        };
        mistakes.add(self.window.spans().fold(mistake.help(help), |mistake, window| {
            mistake.and_at(window, "the training window")
        }));
    }
}

/// The share of the training rows that validate when the file does not say.
const DEFAULT_SHARE: f64 = 0.2;

/// The greatest whole number that TOML has.
const MAX_SEED: u64 = i64::MAX.unsigned_abs();
