//! `[[expect]]`: what is expected of the data, and where it is looked at.

use std::ops::Range;

use serde_json::{Map, Value};
use shipworthy_contract::expectations::{Declared, Problem, class_name, names};
use shipworthy_contract::{
    Checks, ColumnRules, CompileError, Contract, Default, Door, OnViolation, RowChecks,
    RowExpectation,
};
use shipworthy_core::Output;
use shipworthy_serving::release::answer_schema;

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::reader::{Located, Table, value, value_or};

/// The keys of `[[expect]]`.
pub(super) const SECTION: Section = Section::new(
    "[[expect]]",
    &[
        Key::new("type", "the name of an expectation", "required"),
        Key::new("kwargs", "a table", "none: no arguments"),
        Key::new(
            "at",
            "`source`, `training_set`, `request`, `model_input`, `model_output`, or a list of them",
            "the source, and the request where a row can meet it by itself",
        ),
        Key::new("on_violation", "`reject`, `default`, `flag` or `quarantine`", "`\"reject\"`"),
        Key::new("default", "true, false, a number or a string", "none"),
    ],
);

/// Where an expectation is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All rows of the source, before anything is done with them.
    Source,
    /// The rows that are learned from, with their target.
    TrainingSet,
    /// A row of a request for itself; rows of the training pass there too.
    Row(Door),
}

impl Place {
    /// All places with their names in a project file.
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("source", Self::Source),
        ("training_set", Self::TrainingSet),
        ("request", Self::Row(Door::Request)),
        ("model_input", Self::Row(Door::ModelInput)),
        ("model_output", Self::Row(Door::ModelOutput)),
    ];
}

/// What is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Its name and arguments.
    pub declared: Declared,
    /// Where it is looked at.
    pub at: Vec<Place>,
    /// What follows when it does not hold. Of a whole table: `Reject` trains nothing, everything
    /// else is told.
    pub on_violation: OnViolation,
    /// What stands in for a bad value.
    pub default: Option<Default>,
}

impl Expectation {
    /// What it says of single rows, door by door.
    pub(super) fn of_rows(&self) -> impl Iterator<Item = RowExpectation> {
        self.at.iter().filter_map(|place| match place {
            Place::Row(door) => Some(RowExpectation {
                at: *door,
                name: self.declared.name.clone(),
                kwargs: self.declared.kwargs.clone(),
                on_violation: self.on_violation,
                default: self.default.clone(),
            }),
            Place::Source | Place::TrainingSet => None,
        })
    }
}

/// What an expectation must fit.
#[derive(Debug)]
pub(super) struct Ground {
    /// The declared columns.
    pub(super) columns: Vec<ColumnRules>,
    /// The shape of the answers, as far as the file tells it.
    pub(super) output: Option<Output>,
    /// Whether there are rows to learn from.
    pub(super) has_source: bool,
}

impl Ground {
    /// Whether an expectation can be judged at its door.
    fn take(&self, expectation: RowExpectation) -> Result<(), CompileError> {
        if expectation.at != Door::ModelOutput {
            let (columns, expectations) = (self.columns.clone(), vec![expectation]);
            return Checks::compile(&Contract { columns, expectations }).map(|_| ());
        }
        // Classes that only the data tells are looked at when it is read.
        let Some(output) = &self.output else { return Ok(()) };
        RowChecks::compile([&expectation], &answer_schema(output).into()).map(|_| ())
    }
}

/// One `[[expect]]` as typed.
#[derive(Debug)]
pub(super) struct TypedExpectation {
    /// Its header.
    pub(super) header: Range<usize>,
    name: Option<Located<String>>,
    kwargs: Map<String, Value>,
    at: Option<Located<Vec<Place>>>,
    on_violation: Option<Located<OnViolation>>,
    default: Option<Located<Default>>,
}

impl TypedExpectation {
    pub(super) fn read(table: Table<'_>) -> Self {
        let known: Vec<&str> = names().collect();
        let name = table.field("type").required();
        let typed = Self {
            header: table.span(),
            name: name.known_name("a known expectation", class_name, &known),
            kwargs: value_or(table.field("kwargs").object(), Map::new()),
            at: table.field("at").some_of(&Place::ALL),
            on_violation: table.field("on_violation").one_of(&OnViolation::ALL),
            default: table.field("default").scalar(),
        };
        table.finish();
        typed
    }

    pub(super) fn validated(self, place: usize, ground: &Ground) -> Option<Expectation> {
        let at = self.places(ground);
        let (on_violation, default) = (self.on_violation(), value(self.default));
        let declared = Declared { id: place.into(), name: self.name?.value, kwargs: self.kwargs };
        Some(Expectation { declared, at, on_violation, default })
    }

    /// Where it is looked at: where it says, or else in the source, and in requests if a row can
    /// meet it by itself.
    pub(super) fn places(&self, ground: &Ground) -> Vec<Place> {
        if let Some(at) = &self.at {
            return at.value.clone();
        }
        let source = ground.has_source.then_some(Place::Source);
        let request = self.is_of_a_request(ground).then_some(Place::Row(Door::Request));
        source.into_iter().chain(request).collect()
    }

    /// Whether it is about single rows of declared columns, be it right or wrong about them.
    fn is_of_a_request(&self, ground: &Ground) -> bool {
        let expectation = self.of_row(Door::Request);
        let taken = expectation.map(|expectation| ground.take(expectation));
        taken.is_some_and(|taken| !taken.is_err_and(|error| is_of_tables(&error)))
    }

    fn of_row(&self, at: Door) -> Option<RowExpectation> {
        Some(RowExpectation {
            at,
            name: self.name.as_ref()?.value.clone(),
            kwargs: self.kwargs.clone(),
            on_violation: self.on_violation(),
            default: value(self.default.clone()),
        })
    }

    fn on_violation(&self) -> OnViolation {
        self.on_violation.as_ref().map_or(OnViolation::Reject, |located| located.value)
    }

    /// Whether it can be judged where it is looked at, and answered as it says.
    pub(super) fn check(&self, ground: &Ground, mistakes: &Mistakes) {
        let places = self.places(ground);
        let doors = places.iter().filter_map(|place| match place {
            Place::Row(door) => Some(*door),
            Place::Source | Place::TrainingSet => None,
        });
        for expectation in doors.clone().filter_map(|door| self.of_row(door)) {
            if let Err(error) = ground.take(expectation) {
                return mistakes.add(self.mistake(&error));
            }
        }
        if let Some(answer) = &self.on_violation
            && matches!(answer.value, OnViolation::Default | OnViolation::Quarantine)
            && doors.count() == 0
        {
            let message = "a whole table is rejected or told, not mended or set aside".to_owned();
            let mistake = Mistake::at(&answer.span, message, "expected `reject` or `flag`");
            mistakes.add(mistake);
        }
    }

    fn mistake(&self, error: &CompileError) -> Mistake {
        let of = |located: Option<&Range<usize>>| located.unwrap_or(&self.header).clone();
        let at = of(self.at.as_ref().map(|at| &at.span));
        match error {
            CompileError::ExpectationDefault { .. } => {
                let answer = self.on_violation.as_ref().map(|answer| &answer.span);
                let place = of(self.default.as_ref().map(|value| &value.span).or(answer));
                Mistake::at(&place, error.to_string(), "expected a `default` that is as expected")
            }
            _ => {
                let mistake = Mistake::at(&at, error.to_string(), "expected what fits there");
                let help = "at = \"source\" looks at the source alone, as a whole";
                mistake.maybe_help(is_of_tables(error).then(|| help.to_owned()))
            }
        }
    }
}

/// Whether an expectation does not fit at a door because it is about other rows, or more of them.
fn is_of_tables(error: &CompileError) -> bool {
    let CompileError::Expectation { problem, .. } = error else { return false };
    match &**problem {
        Problem::WholeTable | Problem::NoColumn { .. } => true,
        Problem::Argument { name, .. } => name == "mostly",
        _ => false,
    }
}
