//! What is wrong with a row.

use std::sync::Arc;

use crate::OnViolation;

/// The kinds of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A value must be there.
    Required,
    /// The value must be of the column's type.
    Type,
    /// The value must not be below the least one.
    Min,
    /// The value must not be above the greatest one.
    Max,
    /// The value must be one of a set.
    OneOf,
    /// The row must be as expected, by the expectation of this name.
    Expectation(&'static str),
}

impl Rule {
    /// The name in answers and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Type => "type",
            Self::Min => "min",
            Self::Max => "max",
            Self::OneOf => "one_of",
            Self::Expectation(name) => name,
        }
    }
}

/// A broken rule: where, which, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The row in its request, from 0.
    pub row: usize,
    /// The column; of a rule about several their names, separated by commas.
    pub column: Arc<str>,
    /// The rule that is broken.
    pub rule: Rule,
    /// The value as it came, as JSON text, shortened; `null` when there is none.
    pub value: String,
    /// What to send instead.
    pub hint: String,
    /// How this contract answers it.
    pub on_violation: OnViolation,
}
