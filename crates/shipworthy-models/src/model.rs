//! What serving, scoring and explanations hold: a model, whatever its format.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::{FeatureMatrix, Predictions, Transform};

/// Why a model cannot answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The matrix is not of this model.
    #[error("the model takes {expected} features, not {found}")]
    FeatureCount {
        /// Features of the model.
        expected: usize,
        /// Columns of the matrix.
        found: usize,
    },
}

/// What a model reads as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureKind {
    /// A number, compared with thresholds.
    Numeric,
    /// The code of a category: 0, 1, 2, … in the order of its levels.
    Categorical,
}

/// One input of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// The name in the model file; `f0`, `f1`, … when the file names none.
    #[serde(serialize_with = "text")]
    pub name: Arc<str>,
    /// Number or category code.
    pub kind: FeatureKind,
    /// Category names in code order, when the file holds them; else empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
}

/// What a model file says about itself, for metadata and messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The format and runtime: `xgboost`.
    pub format: &'static str,
    /// The training objective, in the format's own words: `binary:logistic`.
    pub objective: String,
    /// From margins to predictions.
    pub transform: Transform,
    /// The inputs, in the order of the matrix columns.
    pub features: Vec<Feature>,
    /// Margins per row: 1, or one per class or target.
    pub outputs: usize,
    /// Trees that predictions use.
    pub trees: usize,
    /// Trees in the file; more than `trees` when training stopped early.
    pub trees_in_file: usize,
}

/// A loaded model. Held as `Arc<dyn Model>`.
///
/// **Invariant:** `predict` is a pure function of the matrix; equal rows get equal bits, alone or
/// in a batch of any size.
pub trait Model: fmt::Debug + Send + Sync {
    /// Inputs, outputs and origin.
    fn describe(&self) -> &Description;

    /// Answers every row of `features` (`rows × features().len()`, NaN missing) into `out`, whose
    /// former content is replaced and whose memory is reused.
    ///
    /// # Errors
    /// When the matrix has another number of columns than the model has features.
    fn predict(&self, features: &FeatureMatrix, out: &mut Predictions) -> Result<(), Error>;

    /// The inputs, in the order of the matrix columns.
    fn features(&self) -> &[Feature] {
        &self.describe().features
    }

    /// Margins per row: 1, or one per class or target.
    fn outputs(&self) -> usize {
        self.describe().outputs
    }
}

/// serde serialises `Arc<str>` only with a feature that few should switch on for all.
fn text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
