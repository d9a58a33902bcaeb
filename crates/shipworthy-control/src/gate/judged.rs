//! What came of gates.

use serde::Serialize;
use shipworthy_core::ReleaseId;

use super::plots::{Part, Plot};
use super::{Gate, Limit};

/// What came of one gate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// What reports call it.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Whether it passed; `None` where it is not applicable.
    pub passed: Option<bool>,
    /// What was seen on the test rows.
    pub observed: Option<f64>,
    /// How bad it may be in truth, at the gate's confidence.
    pub bound: Option<f64>,
    /// In words.
    pub why: String,
}

/// What a check found, before it has a gate's name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) passed: Option<bool>,
    pub(super) observed: Option<f64>,
    pub(super) bound: Option<f64>,
    pub(super) why: String,
    /// In each slice, where there are slices.
    pub(super) parts: Vec<Part>,
}

impl Finding {
    pub(super) fn of(passed: bool, observed: f64, bound: f64, why: String) -> Self {
        let parts = Vec::new();
        Self { passed: Some(passed), observed: Some(observed), bound: Some(bound), why, parts }
    }

    /// It cannot be decided, which is no pass.
    pub(super) fn undecided(why: impl Into<String>) -> Self {
        let (why, parts) = (why.into(), Vec::new());
        Self { passed: Some(false), observed: None, bound: None, why, parts }
    }

    /// There is nothing to hold it against.
    pub(super) fn not_applicable(why: &str) -> Self {
        let why = format!("not applicable: {why}");
        Self { passed: None, observed: None, bound: None, why, parts: Vec::new() }
    }

    pub(super) fn under(self, gate: &Gate) -> Judged {
        let Self { passed, observed, bound, why, .. } = self;
        let is_number = |number: &f64| number.is_finite();
        Judged {
            name: gate.name.clone(),
            kind: gate.check.kind(),
            passed,
            observed: observed.filter(is_number),
            bound: bound.filter(is_number),
            why,
        }
    }
}

impl Limit {
    /// How far a bound is within the limit: what failed has less than what passed, and what could
    /// not be decided the least.
    pub(super) fn room(self, bound: Option<f64>) -> f64 {
        match (bound, self) {
            (Some(bound), Self::AtLeast(least)) => bound - least,
            (Some(bound), Self::AtMost(most)) => most - bound,
            (None, _) => f64::NEG_INFINITY,
        }
    }
}

/// What came of all gates of a release.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The release.
    pub candidate: String,
    /// The one that it was held against.
    pub against: Option<String>,
    /// The rows that it was judged on.
    pub rows: usize,
    /// Whether no gate failed.
    pub passed: bool,
    /// Each, in the order of the project file.
    pub gates: Vec<Judged>,
    /// For people.
    #[serde(skip)]
    pub plots: Vec<Plot>,
}

impl Report {
    pub(super) fn new(
        (candidate, against): (&ReleaseId, Option<&ReleaseId>),
        rows: usize,
        gates: Vec<Judged>,
        plots: Vec<Plot>,
    ) -> Self {
        Self {
            candidate: candidate.to_string(),
            against: against.map(ToString::to_string),
            rows,
            passed: gates.iter().all(|gate| gate.passed != Some(false)),
            gates,
            plots,
        }
    }
}
