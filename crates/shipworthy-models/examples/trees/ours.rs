//! This runtime.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use shipworthy_models::{FeatureMatrix, Model, Predictions, TreeEnsemble, format};

use crate::contender::Predict;
use crate::rows::Rows;

/// Writes the rows into its matrix and answers them from there: both are measured, since callers
/// do both.
pub(crate) struct Ours {
    pub(crate) model: TreeEnsemble,
    features: FeatureMatrix,
    answers: Predictions,
}

impl Ours {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let load = || format::load_trees(&fs::read(path)?, false)?.context("not a model of trees");
        let model = load().with_context(|| format!("cannot load {}", path.display()))?;
        Ok(Self { model, features: FeatureMatrix::new(), answers: Predictions::new() })
    }
}

impl Predict for Ours {
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()> {
        // Every number is written below, so a matrix of this shape needs no reset.
        if (self.features.rows(), self.features.width()) != (range.len(), rows.width) {
            self.features.reset(range.len(), rows.width);
        }
        for (at, row) in rows.double(&range).chunks_exact(rows.width).enumerate() {
            self.features.row_mut(at).copy_from_slice(row);
        }
        self.model.predict(&self.features, &mut self.answers)?;
        out.copy_from_slice(self.answers.predictions());
        Ok(())
    }
}
