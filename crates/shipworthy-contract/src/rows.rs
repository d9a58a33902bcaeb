//! Expectations that each row meets by itself, compiled to a flat list.

use std::sync::Arc;

use shipworthy_rows::{Cell, Column, RowBatch, Schema};

use crate::expectations::RowCheck;
use crate::{CompileError, Default, Door, OnViolation, Outcome, RowExpectation, Rule, Violation};

/// The expectations at one door, bound to the schema of the rows there.
#[derive(Clone, Debug)]
pub struct RowChecks {
    schema: Arc<Schema>,
    checks: Vec<Expected>,
}

#[derive(Clone, Debug)]
struct Expected {
    check: RowCheck,
    /// The names of the columns that it is about.
    columns: Arc<str>,
    hint: String,
    on_violation: OnViolation,
    default: Option<Default>,
}

impl RowChecks {
    /// Compiles the expectations of rows of this schema.
    ///
    /// # Errors
    /// When one cannot be judged on such a row, or its default is not as expected.
    pub fn compile<'a>(
        expectations: impl IntoIterator<Item = &'a RowExpectation>,
        schema: &Arc<Schema>,
    ) -> Result<Self, CompileError> {
        let checks = expectations.into_iter().map(|expected| Expected::compile(expected, schema));
        Ok(Self { schema: Arc::clone(schema), checks: checks.collect::<Result<_, _>>()? })
    }

    /// Whether nothing is expected.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// The schema that batches to check must have.
    #[must_use]
    pub const fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Checks every row of `batch` (of this schema), by one expectation after the other: where a
    /// default takes the place of a value, those that follow see the default. All rows that are not
    /// as expected are found, by row.
    pub fn check(&self, batch: &mut RowBatch) -> Outcome {
        let mut outcome = Outcome::default();
        self.look(batch, &mut outcome.violations);
        outcome.violations.sort_by_key(|violation| violation.row);
        outcome
    }

    /// The same, in the order of the expectations, after what was found already.
    pub(crate) fn look(&self, batch: &mut RowBatch, violations: &mut Vec<Violation>) {
        debug_assert_eq!(batch.schema(), &self.schema, "rows of another schema");
        for expected in &self.checks {
            let known = violations.len();
            for row in 0..batch.rows() {
                if !expected.check.holds(batch, row) {
                    violations.push(expected.violation(batch, row));
                }
            }
            if let Some(default) = &expected.default {
                for violation in &violations[known..] {
                    batch.set(violation.row, expected.check.columns()[0], default.cell());
                }
            }
        }
    }

    /// The defaults, each with the place of its column.
    pub(crate) fn defaults(&self) -> impl Iterator<Item = (&str, usize, &Default)> {
        self.checks.iter().filter_map(|expected| {
            let default = expected.default.as_ref()?;
            Some((expected.check.name(), expected.check.columns()[0], default))
        })
    }

    /// Whether a row is as expected of it.
    pub(crate) fn hold(&self, batch: &RowBatch, row: usize) -> bool {
        self.checks.iter().all(|expected| expected.check.holds(batch, row))
    }
}

impl Expected {
    fn compile(declared: &RowExpectation, schema: &Arc<Schema>) -> Result<Self, CompileError> {
        let RowExpectation { at, name, kwargs, on_violation, default } = declared;
        let check = RowCheck::read(name, kwargs, schema).map_err(|problem| {
            CompileError::Expectation { name: name.clone(), door: *at, problem: Box::new(problem) }
        })?;
        let fields = schema.fields();
        let columns: Vec<&str> = check.columns().iter().map(|at| &*fields[*at].name).collect();
        let name = check.name();
        let verb = if *at == Door::ModelOutput { "expected was" } else { "send" };
        let hint = format!("{verb} {}", check.wanted(kwargs));
        let expected = Self {
            columns: columns.join(", ").into(),
            hint,
            on_violation: *on_violation,
            default: (*on_violation == OnViolation::Default).then(|| default.clone()).flatten(),
            check,
        };
        match *on_violation == OnViolation::Default && !expected.mends(schema) {
            true => Err(CompileError::ExpectationDefault { name: name.to_owned() }),
            false => Ok(expected),
        }
    }

    /// Whether the default is as expected, alone in its row.
    fn mends(&self, schema: &Arc<Schema>) -> bool {
        let (Some(default), [column]) = (&self.default, self.check.columns()) else { return false };
        let mut columns = Vec::with_capacity(schema.len());
        for (at, field) in schema.fields().iter().enumerate() {
            let mut values = Column::with_capacity(field.data_type, field.width);
            for _ in 0..field.width {
                let cell = if at == *column { default.cell() } else { Cell::Missing };
                if !values.push(cell) {
                    return false;
                }
            }
            columns.push(values);
        }
        let row = RowBatch::new(Arc::clone(schema), columns);
        row.is_ok_and(|row| self.check.holds(&row, 0))
    }

    fn violation(&self, batch: &RowBatch, row: usize) -> Violation {
        Violation {
            row,
            column: Arc::clone(&self.columns),
            rule: Rule::Expectation(self.check.name()),
            value: self.check.found(batch, row),
            hint: self.hint.clone(),
            on_violation: self.on_violation,
        }
    }
}

#[cfg(test)]
mod tests;
