//! Station 4: the release's own contract.

use shipworthy_contract::{Outcome, Violation};
use shipworthy_rows::{Misfit, RowBatch};

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

/// The broken rules of one row.
pub(crate) fn violations_of(outcome: &Outcome, row: usize) -> impl Iterator<Item = &Violation> {
    outcome.violations.iter().filter(move |violation| violation.row == row)
}
