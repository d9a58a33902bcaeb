//! Station 5: features and the model.

use std::cell::RefCell;

use shipworthy_models::{FeatureMatrix, Predictions};
use shipworthy_rows::RowBatch;

use crate::release::LoadedRelease;

/// Why the model did not answer. A fault of ours: a loaded release fits its own batches.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The batch is not of this release.
    #[error("the rows do not fit the release")]
    Encode(#[from] shipworthy_models::encode::Error),
    /// The features are not of this model.
    #[error("the features do not fit the model")]
    Model(#[from] shipworthy_models::Error),
}

/// What the model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// Row after row, `width` numbers each: a probability, one per class, or a value.
    pub values: Vec<f64>,
    /// Numbers a row.
    pub width: usize,
    /// Values that were categories the model does not know; it saw them as missing.
    pub unknown_categories: usize,
}

impl Predicted {
    /// The numbers of one row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

thread_local! {
    /// Buffers are reused by each worker: no allocation a row.
    static BUFFERS: RefCell<(FeatureMatrix, Predictions)> = RefCell::default();
}

/// The model's answers to every row of `batch`, whose schema is the release's. The same numbers,
/// bit for bit, alone or in any batch, online or in a batch job.
///
/// # Errors
/// When the batch is not of the release's schema.
pub fn predict(release: &LoadedRelease, batch: &RowBatch) -> Result<Predicted, Error> {
    BUFFERS.with_borrow_mut(|(features, predictions)| {
        let unknown_categories = release.encoder().encode(batch, features)?;
        release.model().predict(features, predictions)?;
        let width = predictions.prediction_width();
        let mut values = Vec::with_capacity(batch.rows() * width);
        for row in 0..predictions.rows() {
            values.extend_from_slice(predictions.prediction(row));
        }
        Ok(Predicted { values, width, unknown_categories })
    })
}
