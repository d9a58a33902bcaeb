//! Row conditions: which rows an expectation is about.
//!
//! Understood are comparisons of columns with values and with each other, `in` and `not in` a list,
//! tests for missing values, and `and`, `or`, `not` with parentheses, in the spelling of pandas'
//! `query` and of Great Expectations' own `col("…")`. A missing value compares as it does in pandas:
//! it is different from everything, and neither less nor greater.

mod parse;
mod token;

use std::cmp::Ordering;

use shipworthy_rows::{Cell, RowBatch};

use super::kwargs::{Kwargs, wrong};
use super::problem::Problem;
use super::scalar::{Scalar, compare};

/// A condition on one row, bound to a schema.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Comparison, Operand),
    In(usize, Vec<Scalar>),
    Missing(usize),
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Column(usize),
    Literal(Scalar),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, order: Option<Ordering>) -> bool {
        let Some(order) = order else { return self == Self::NotEqual };
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Condition {
    /// `row_condition` and `condition_parser`; none without the first.
    ///
    /// # Errors
    /// When it says something outside of what is understood, or names an unknown column.
    pub(super) fn read(kwargs: &mut Kwargs<'_>) -> Result<Option<Self>, Problem> {
        let parsers = ["pandas", "great_expectations", "great_expectations__experimental__"];
        let parser = kwargs.word("condition_parser", &parsers)?;
        let Some(value) = kwargs.get("row_condition") else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| {
            wrong("row_condition", "a string such as 'origin == \"JFK\"'", Some(value))
        })?;
        parse::parse(text, parser != "pandas", kwargs.schema()).map(Some)
    }

    /// Whether the condition selects a row.
    pub(super) fn selects(&self, batch: &RowBatch, row: usize) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|one| one.selects(batch, row)),
            Self::Any(conditions) => conditions.iter().any(|one| one.selects(batch, row)),
            Self::Not(condition) => !condition.selects(batch, row),
            Self::Compare(left, how, right) => {
                how.holds(compare(left.cell(batch, row), right.cell(batch, row)))
            }
            Self::In(column, values) => {
                let cell = batch.cell(row, *column);
                values.iter().any(|value| compare(cell, value.cell()) == Some(Ordering::Equal))
            }
            Self::Missing(column) => matches!(batch.cell(row, *column), Cell::Missing),
        }
    }
}

impl Operand {
    fn cell<'a>(&'a self, batch: &'a RowBatch, row: usize) -> Cell<'a> {
        match self {
            Self::Column(column) => batch.cell(row, *column),
            Self::Literal(scalar) => scalar.cell(),
        }
    }
}

#[cfg(test)]
mod tests;
