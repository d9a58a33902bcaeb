//! Model formats and their runtimes.
//!
//! A file of a known [`mod@format`] is loaded into a [`ModelFile`], which says by its [`Signature`]
//! what it takes and answers; bound to columns it is a [`Predictor`] of row batches. Trees read
//! a [`FeatureMatrix`], which an [`encode::Encoder`] fills, and answer into [`Predictions`]; both
//! buffers are reused: no allocation per row.
//!
//! **Invariant:** nothing here does IO or reads a clock; bytes come in, numbers go out. A file
//! that loads cannot make `predict` panic, hang or read out of bounds: all checks are at load.
//!
//! **Invariant:** the answer to a row does not depend on the other rows of its batch, bit for bit.

#![allow(
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "a numeric crate: widths are those of the formats, and equality is exact"
)]

mod bins;
pub mod catboost;
pub mod encode;
mod ensemble;
mod forest;
pub mod format;
pub mod lightgbm;
mod matrix;
mod model;
mod model_file;
mod oblivious;
pub mod onnx;
mod predictor;
mod scalar;
mod signature;
mod simd;
mod transform;
pub mod xgboost;

pub use ensemble::TreeEnsemble;
pub use forest::ShapeError;
pub use matrix::{FeatureMatrix, Predictions};
pub use model::{Description, Error, Feature, FeatureKind, Model};
pub use model_file::{ModelFile, Options};
pub use predictor::{Answers, Error as PredictError, MatrixPredictor, Predictor};
pub use signature::{Element, Signature, Tensor};
pub use transform::Transform;
