//! The contract compiled to a flat list of checks.

use std::collections::HashSet;
use std::sync::Arc;

use shipworthy_rows::{Cell, Column, DataType, Field, Misfit, RowBatch, Schema};

use crate::expectations::Problem;
use crate::rows::RowChecks;
use crate::{ColumnRules, Contract, Default, Door, OnViolation, Rule, Violation};

/// Why a contract does not compile.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CompileError {
    /// Two columns with one name.
    #[error("column `{column}` is declared twice")]
    Duplicate {
        /// The name.
        column: String,
    },
    /// A rule that cannot hold for the column's type.
    #[error("column `{column}` is {data_type}: {rule} has no meaning for it")]
    RuleForType {
        /// The column.
        column: String,
        /// Its type.
        data_type: DataType,
        /// The rule.
        rule: &'static str,
    },
    /// The least value is above the greatest.
    #[error("column `{column}`: min {min} is above max {max}")]
    EmptyRange {
        /// The column.
        column: String,
        /// The least value.
        min: f64,
        /// The greatest value.
        max: f64,
    },
    /// The default is absent, of another type, or breaks the column's own rules.
    #[error("column `{column}`: the default must be a value that the column's own rules allow")]
    Default {
        /// The column.
        column: String,
    },
    /// An expectation that cannot be judged at its door.
    #[error("{name} at {}: {problem}", door.name())]
    Expectation {
        /// Its name.
        name: String,
        /// Where.
        door: Door,
        /// Why.
        problem: Box<Problem>,
    },
    /// The default of an expectation is absent, is not about one column, or is not as expected.
    #[error("{name}: the default must be a value of its one column that is as expected")]
    ExpectationDefault {
        /// The expectation.
        name: String,
    },
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, std::default::Default)]
pub struct Outcome {
    /// Every broken rule, by row, then by column.
    pub violations: Vec<Violation>,
}

impl Outcome {
    /// Whether the request gets no decision.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.violations.iter().any(|violation| violation.on_violation.refuses())
    }

    /// Adds what else was found of the same rows.
    pub fn add(&mut self, other: Self) {
        self.violations.extend(other.violations);
        self.violations.sort_by_key(|violation| violation.row);
    }

    /// Whether the refusal is to be kept for review.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.violations.iter().any(|v| v.on_violation == OnViolation::Quarantine)
    }
}

/// A compiled contract.
#[derive(Clone, Debug)]
pub struct Checks {
    schema: Arc<Schema>,
    columns: Vec<ColumnCheck>,
    /// Of the rows as they came, then of what the model is given.
    expected: [RowChecks; 2],
}

#[derive(Clone, Debug)]
struct ColumnCheck {
    name: Arc<str>,
    data_type: DataType,
    width: usize,
    required: bool,
    min: f64,
    max: f64,
    one_of: Option<Allowed>,
    on_violation: OnViolation,
    default: Option<Default>,
}

/// A set of strings: in order for the message, hashed for the check.
#[derive(Clone, Debug)]
struct Allowed {
    listed: Vec<String>,
    set: HashSet<String>,
}

impl Checks {
    /// Compiles a contract, up to the model's input; [`RowChecks`] is for what comes out of it.
    ///
    /// # Errors
    /// When a name stands twice, a rule has no meaning for its column, or an expectation none for a
    /// row.
    pub fn compile(contract: &Contract) -> Result<Self, CompileError> {
        let mut names = HashSet::new();
        for column in &contract.columns {
            if !names.insert(column.name.as_str()) {
                return Err(CompileError::Duplicate { column: column.name.clone() });
            }
        }
        let columns = contract.columns.iter().map(ColumnCheck::compile);
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let schema = Arc::new(contract.schema());
        // Of the model's input first by itself: what is no feature does not come there.
        let features = contract.features();
        let features = features.map(|c| Field::tensor(c.name.as_str(), c.data_type, c.width));
        RowChecks::compile(contract.expected_at(Door::ModelInput), &Arc::new(features.collect()))?;
        let at = |door| RowChecks::compile(contract.expected_at(door), &schema);
        let expected = [at(Door::Request)?, at(Door::ModelInput)?];
        let checks = Self { schema, columns, expected };
        checks.verify_defaults()?;
        Ok(checks)
    }

    /// A default that breaks the rules of its column would be served to the model unseen.
    fn verify_defaults(&self) -> Result<(), CompileError> {
        let mut defaults = self.expected.iter().flat_map(RowChecks::defaults);
        let broken = defaults.find(|(_, column, default)| !self.columns[*column].allows(default));
        broken.map_or(Ok(()), |(name, ..)| {
            Err(CompileError::ExpectationDefault { name: name.to_owned() })
        })
    }

    /// The schema that batches to check must have.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Checks every value of `batch` (of this schema) and puts declared defaults in the place of
    /// bad values, then checks what is expected of its rows. `misfits` are the values that the decoder could not read. All violations are
    /// found, not only the first.
    pub fn check(&self, batch: &mut RowBatch, misfits: &[Misfit]) -> Outcome {
        let mut violations = Vec::new();
        for (index, check) in self.columns.iter().enumerate() {
            let Some(column) = batch.columns().get(index) else { continue };
            check.column(index, column, misfits, &mut violations);
        }
        self.fill_defaults(batch, &violations);
        for expected in &self.expected {
            expected.look(batch, &mut violations);
        }
        violations.sort_by_key(|violation| violation.row);
        Outcome { violations }
    }

    /// Whether a row is as expected, the rules of its columns apart.
    pub(crate) fn expect(&self, batch: &RowBatch, row: usize) -> bool {
        self.expected.iter().all(|expected| expected.hold(batch, row))
    }

    fn fill_defaults(&self, batch: &mut RowBatch, violations: &[Violation]) {
        let replaced = violations.iter().filter(|v| v.on_violation == OnViolation::Default);
        for violation in replaced {
            let Some(index) = self.schema.index_of(&violation.column) else { continue };
            if let Some(default) = &self.columns[index].default {
                batch.set(violation.row, index, default.cell());
            }
        }
    }
}

impl Default {
    /// The value as a cell.
    #[must_use]
    pub fn cell(&self) -> Cell<'_> {
        match self {
            Self::Boolean(value) => Cell::Boolean(*value),
            Self::Integer(value) => Cell::Integer(*value),
            Self::Float(value) => Cell::Float(*value),
            Self::String(value) => Cell::String(value),
        }
    }
}

impl ColumnCheck {
    fn compile(rules: &ColumnRules) -> Result<Self, CompileError> {
        let meaningless = |rule| CompileError::RuleForType {
            column: rules.name.clone(),
            data_type: rules.data_type,
            rule,
        };
        let is_number = matches!(rules.data_type, DataType::Integer | DataType::Float);
        if (rules.min.is_some() || rules.max.is_some()) && !is_number {
            return Err(meaningless("a range (min, max)"));
        }
        if rules.one_of.is_some() && rules.data_type != DataType::String {
            return Err(meaningless("a set (one_of)"));
        }
        let min = rules.min.unwrap_or(f64::NEG_INFINITY);
        let max = rules.max.unwrap_or(f64::INFINITY);
        if min > max || min.is_nan() || max.is_nan() {
            return Err(CompileError::EmptyRange { column: rules.name.clone(), min, max });
        }
        let check = Self {
            name: rules.name.as_str().into(),
            data_type: rules.data_type,
            width: rules.width.max(1),
            required: rules.required,
            min,
            max,
            one_of: rules.one_of.as_ref().map(|listed| Allowed {
                listed: listed.clone(),
                set: listed.iter().cloned().collect(),
            }),
            on_violation: rules.on_violation,
            default: rules.default.clone(),
        };
        check.verify_default(rules)?;
        Ok(check)
    }

    /// A default that breaks the rules it mends would be served to the model unseen.
    fn verify_default(&self, rules: &ColumnRules) -> Result<(), CompileError> {
        let refused = || CompileError::Default { column: rules.name.clone() };
        match (&rules.default, rules.on_violation) {
            (None, OnViolation::Default) => return Err(refused()),
            (None, _) => return Ok(()),
            (Some(_), _) => {}
        }
        let allowed = rules.default.as_ref().is_some_and(|default| self.allows(default));
        if allowed { Ok(()) } else { Err(refused()) }
    }

    fn allows(&self, value: &Default) -> bool {
        let mut column = Column::with_capacity(self.data_type, 1);
        let mut broken = Vec::new();
        let fits = column.push(value.cell());
        self.column(0, &column, &[], &mut broken);
        fits && broken.is_empty()
    }

    fn column(&self, index: usize, column: &Column, misfits: &[Misfit], out: &mut Vec<Violation>) {
        for at in 0..column.len() {
            let row = at / self.width;
            let broken = match column.cell(at) {
                Cell::Missing => self.missing(row, index, misfits),
                Cell::Integer(value) => self.number(to_f64(value)),
                Cell::Float(value) => self.number(value),
                Cell::String(value) => self.string(value),
                Cell::Boolean(_) | Cell::Timestamp(_) => None,
            };
            let Some(rule) = broken else { continue };
            // Of a tensor the first bad element stands for all.
            let is_told = at % self.width > 0 && out.last().is_some_and(|last| last.row == row);
            if !is_told {
                out.push(self.violation(rule, at, index, column, misfits));
            }
        }
    }

    fn missing(&self, row: usize, index: usize, misfits: &[Misfit]) -> Option<Rule> {
        if found(misfits, row, index).is_some() {
            return Some(Rule::Type);
        }
        self.required.then_some(Rule::Required)
    }

    fn number(&self, value: f64) -> Option<Rule> {
        if value < self.min {
            Some(Rule::Min)
        } else if value > self.max {
            Some(Rule::Max)
        } else {
            None
        }
    }

    fn string(&self, value: &str) -> Option<Rule> {
        let allowed = self.one_of.as_ref()?;
        (!allowed.set.contains(value)).then_some(Rule::OneOf)
    }

    fn violation(
        &self,
        rule: Rule,
        at: usize,
        index: usize,
        column: &Column,
        misfits: &[Misfit],
    ) -> Violation {
        let row = at / self.width;
        let value = found(misfits, row, index).map_or_else(|| text(column.cell(at)), str::to_owned);
        let hint = self.hint(rule, &value);
        let on_violation = self.on_violation;
        Violation { row, column: Arc::clone(&self.name), rule, value, hint, on_violation }
    }

    fn hint(&self, rule: Rule, value: &str) -> String {
        match rule {
            Rule::Required => format!("send a value: {}", self.expected()),
            Rule::Type if value.starts_with('"') && self.data_type.is_numeric() => {
                format!("send {} without quotes", self.expected())
            }
            Rule::Type => format!("send {}", self.expected()),
            Rule::Min => format!("send {} or more", self.min),
            Rule::Max => format!("send {} or less", self.max),
            // What is expected of a row has a hint of its own.
            Rule::OneOf | Rule::Expectation(_) => format!("send {}", self.expected()),
        }
    }

    /// The values that this column takes, in words.
    fn expected(&self) -> String {
        /// More values than this are not read by anybody.
        const LISTED_VALUES: usize = 12;
        let kind = match self.data_type {
            DataType::Boolean => "true or false",
            DataType::Integer => "a whole number",
            DataType::Float => "a number",
            DataType::String => "a string",
            DataType::Timestamp => "a time such as \"2013-03-25T05:00:00Z\"",
        };
        if let Some(allowed) = &self.one_of {
            let shown: Vec<_> = allowed.listed.iter().take(LISTED_VALUES).collect();
            let more = allowed.listed.len().saturating_sub(shown.len());
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            return format!("one of {shown:?}{rest}");
        }
        match (self.min.is_finite(), self.max.is_finite()) {
            (true, true) => format!("{kind} from {} to {}", self.min, self.max),
            (true, false) => format!("{kind} of at least {}", self.min),
            (false, true) => format!("{kind} of at most {}", self.max),
            (false, false) => kind.to_owned(),
        }
    }
}

fn found(misfits: &[Misfit], row: usize, column: usize) -> Option<&str> {
    let misfit = misfits.iter().find(|misfit| misfit.row == row && misfit.column == column)?;
    Some(&misfit.found)
}

/// The value as JSON text, shortened for a message.
fn text(cell: Cell<'_>) -> String {
    /// Enough to recognise a value, too little to carry a document into a log.
    const SHOWN_CHARS: usize = 64;
    match cell {
        Cell::Missing => "null".to_owned(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::String(value) => {
            let shown: String = value.chars().take(SHOWN_CHARS).collect();
            serde_json::Value::from(shown).to_string()
        }
        Cell::Timestamp(value) => format!("\"{value}\""),
    }
}

#[allow(clippy::cast_precision_loss, reason = "bounds of integers are compared as JSON numbers")]
pub(crate) const fn to_f64(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
