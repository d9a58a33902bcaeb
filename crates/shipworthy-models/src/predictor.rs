//! A model bound to the columns of its input: rows in, columns out.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use shipworthy_rows::{Column, RowBatch, Schema};

use crate::encode::{self, Encoder, Levels};
use crate::{FeatureMatrix, Model, Predictions, Signature};

/// Why a model did not answer rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The batch is not of the schema that the model was bound to.
    #[error("the rows do not fit the model")]
    Encode(#[from] encode::Error),
    /// The features are not of this model.
    #[error("the features do not fit the model")]
    Model(#[from] crate::Error),
    /// ONNX Runtime did not take the rows, or failed.
    #[error(transparent)]
    Onnx(#[from] crate::onnx::RunError),
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// One column per output of the signature: `rows × width` values.
    pub columns: Vec<Column>,
    /// Values that were categories the model does not know; it saw them as missing.
    pub unknown_categories: usize,
}

/// Answers row batches of one schema.
///
/// **Invariant:** `predict` is a pure function of the rows; equal rows get equal bits, alone or in
/// a batch of any size, unless the model's own runtime says otherwise.
pub trait Predictor: fmt::Debug + Send + Sync {
    /// What goes in and comes out.
    fn signature(&self) -> &Signature;

    /// Answers every row of `batch`, whose schema is the one this was bound to.
    ///
    /// # Errors
    /// When the batch has another schema, or the runtime fails.
    fn predict(&self, batch: &RowBatch) -> Result<Answers, Error>;
}

thread_local! {
    /// Buffers are reused by each worker: no allocation a row.
    static BUFFERS: RefCell<(FeatureMatrix, Predictions)> = RefCell::default();
}

/// A model that reads a matrix, bound to columns.
#[derive(Debug)]
pub struct MatrixPredictor {
    signature: Signature,
    encoder: Encoder,
    model: Arc<dyn Model>,
}

impl MatrixPredictor {
    /// Plans how the features are read from columns of their names.
    ///
    /// # Errors
    /// When a feature has no column, or one that cannot become it.
    pub fn bind(
        model: Arc<dyn Model>,
        schema: &Arc<Schema>,
        levels: &Levels,
    ) -> Result<Self, encode::Error> {
        let encoder = Encoder::compile(model.features(), levels, schema)?;
        Ok(Self { signature: Signature::of_matrix(model.describe()), encoder, model })
    }
}

impl Predictor for MatrixPredictor {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn predict(&self, batch: &RowBatch) -> Result<Answers, Error> {
        BUFFERS.with_borrow_mut(|(features, predictions)| {
            let unknown_categories = self.encoder.encode(batch, features)?;
            self.model.predict(features, predictions)?;
            let columns = vec![Column::Float(predictions.predictions().to_vec())];
            Ok(Answers { columns, unknown_categories })
        })
    }
}
