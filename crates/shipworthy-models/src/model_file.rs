//! A model file in memory, whatever its format.

use std::sync::Arc;

use shipworthy_rows::Schema;

use crate::encode::{self, Levels};
use crate::format::{self, load_trees};
use crate::onnx::{self, OnnxModel, OnnxPredictor};
use crate::predictor::MatrixPredictor;
use crate::{Model, Predictor, Signature, Transform};

/// How to read a model file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Use every tree, also those after the best iteration of a training that stopped early.
    pub all_trees: bool,
    /// What runs ONNX models; without it they are refused.
    pub onnx: Option<onnx::Runtime>,
}

/// A loaded model, not yet bound to columns.
#[derive(Clone, Debug)]
pub enum ModelFile {
    /// It reads a matrix of numbers: trees.
    Matrix(Arc<dyn Model>),
    /// It reads tensors, which columns become as they are.
    Onnx(Arc<OnnxModel>),
}

impl ModelFile {
    /// Reads a file, whose format its content tells.
    ///
    /// # Errors
    /// When the file is of no format that is read, damaged, or of a kind that is not supported.
    pub fn load(bytes: &[u8], options: &Options) -> Result<Self, format::Error> {
        match load_trees(bytes, options.all_trees)? {
            Some(trees) => Ok(Self::Matrix(Arc::new(trees))),
            None => {
                let runtime = options.onnx.as_ref().ok_or(onnx::Error::NoRuntime)?;
                Ok(Self::Onnx(Arc::new(OnnxModel::load(bytes, runtime)?)))
            }
        }
    }

    /// What it takes and answers.
    #[must_use]
    pub fn signature(&self) -> Signature {
        match self {
            Self::Matrix(model) => Signature::of_matrix(model.describe()),
            Self::Onnx(model) => model.signature().clone(),
        }
    }

    /// Whether it answers the position of a class instead of probabilities.
    #[must_use]
    pub fn answers_class_index(&self) -> bool {
        match self {
            Self::Matrix(model) => model.describe().transform == Transform::Argmax,
            Self::Onnx(_) => false,
        }
    }

    /// The same model, reading columns of `schema`. Categories come from the file where it names
    /// them, else from `levels`. Where columns are taken by their place, it is that among
    /// `features`, positions in the schema.
    ///
    /// # Errors
    /// When the columns do not feed the model.
    pub fn bind(
        &self,
        schema: &Arc<Schema>,
        features: &[usize],
        levels: &Levels,
    ) -> Result<Arc<dyn Predictor>, encode::Error> {
        Ok(match self {
            Self::Matrix(model) => {
                Arc::new(MatrixPredictor::bind(Arc::clone(model), schema, levels)?)
            }
            Self::Onnx(model) => {
                Arc::new(OnnxPredictor::bind(Arc::clone(model), schema, features)?)
            }
        })
    }
}
