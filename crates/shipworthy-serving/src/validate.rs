//! Station 4: the release's own contract, of rows before the model and of its answers after.

use std::sync::Arc;

use shipworthy_contract::{Outcome, Violation};
use shipworthy_rows::{Column, Misfit, RowBatch};

use crate::predict::Predicted;
use crate::release::LoadedRelease;

/// Rows that were checked.
#[derive(Debug)]
pub struct Validated {
    /// Declared defaults stand in the place of bad values.
    pub batch: RowBatch,
    /// Every broken rule.
    pub outcome: Outcome,
}

impl Validated {
    /// Checks a batch of the release's schema.
    #[must_use]
    pub fn check(release: &LoadedRelease, mut batch: RowBatch, misfits: &[Misfit]) -> Self {
        let outcome = release.checks().check(&mut batch, misfits);
        Self { batch, outcome }
    }

    /// The rows that may be answered, where each row stands for itself (in batch scoring; a
    /// request is answered whole or not at all).
    #[must_use]
    pub fn accepted_rows(&self) -> Vec<usize> {
        let mut refused = vec![false; self.batch.rows()];
        for violation in self.outcome.violations.iter().filter(|v| v.on_violation.refuses()) {
            refused[violation.row] = true;
        }
        (0..refused.len()).filter(|row| !refused[*row]).collect()
    }

    /// The broken rules of one row.
    pub fn violations_of(&self, row: usize) -> impl Iterator<Item = &Violation> {
        violations_of(&self.outcome, row)
    }
}

/// Answers that were checked.
#[derive(Debug)]
pub struct CheckedAnswers {
    /// Declared defaults stand in the place of answers that are not as expected.
    pub predicted: Predicted,
    /// Every answer that is not as expected, by the row that it is to.
    pub outcome: Outcome,
}

impl CheckedAnswers {
    /// Checks what a release's model said of some rows.
    #[must_use]
    pub fn check(release: &LoadedRelease, mut predicted: Predicted) -> Self {
        let Some(expected) = release.expected() else {
            return Self { predicted, outcome: Outcome::default() };
        };
        let width = predicted.width;
        let of_class = |class| predicted.values.iter().skip(class).step_by(width).copied();
        let columns = (0..width).map(|class| Column::Float(of_class(class).collect()));
        let mut batch = RowBatch::new(Arc::clone(expected.schema()), columns.collect())
            .expect("a release answers as many numbers a row as it declares");
        let outcome = expected.check(&mut batch);
        if !outcome.violations.is_empty() {
            for (class, column) in batch.columns().iter().enumerate() {
                let Column::Float(values) = column else { continue };
                let places = predicted.values.iter_mut().skip(class).step_by(width);
                places.zip(values).for_each(|(place, value)| *place = *value);
            }
        }
        Self { predicted, outcome }
    }
}

/// The broken rules of one row.
pub(crate) fn violations_of(outcome: &Outcome, row: usize) -> impl Iterator<Item = &Violation> {
    outcome.violations.iter().filter(move |violation| violation.row == row)
}
