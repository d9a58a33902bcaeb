//! A model file in memory, whatever its format.

use std::sync::Arc;

use shipworthy_rows::Schema;

use crate::encode::{self, Levels};
use crate::format::{self, load_trees};
use crate::predictor::MatrixPredictor;
use crate::{Model, Predictor, Signature, Transform};

/// How to read a model file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Use every tree, also those after the best iteration of a training that stopped early.
    pub all_trees: bool,
}

/// A loaded model, not yet bound to columns.
#[derive(Clone, Debug)]
pub enum ModelFile {
    /// It reads a matrix of numbers: trees.
    Matrix(Arc<dyn Model>),
}

impl ModelFile {
    /// Reads a file, whose format its content tells.
    ///
    /// # Errors
    /// When the file is of no format that is read, damaged, or of a kind that is not supported.
    pub fn load(bytes: &[u8], options: Options) -> Result<Self, format::Error> {
        match load_trees(bytes, options.all_trees)? {
            Some(trees) => Ok(Self::Matrix(Arc::new(trees))),
            None => Err(format::Error::NotRead {
                what: "an ONNX model",
                advice: "this version has no runtime for it; save a model of trees in the format \
                         of its own library",
            }),
        }
    }

    /// What it takes and answers.
    #[must_use]
    pub fn signature(&self) -> Signature {
        match self {
            Self::Matrix(model) => Signature::of_matrix(model.describe()),
        }
    }

    /// Whether it answers the position of a class instead of probabilities.
    #[must_use]
    pub fn answers_class_index(&self) -> bool {
        match self {
            Self::Matrix(model) => model.describe().transform == Transform::Argmax,
        }
    }

    /// The same model, reading columns of `schema`. Categories come from the file where it names
    /// them, else from `levels`.
    ///
    /// # Errors
    /// When the columns do not feed the model.
    pub fn bind(
        &self,
        schema: &Arc<Schema>,
        levels: &Levels,
    ) -> Result<Arc<dyn Predictor>, encode::Error> {
        Ok(match self {
            Self::Matrix(model) => {
                Arc::new(MatrixPredictor::bind(Arc::clone(model), schema, levels)?)
            }
        })
    }
}
