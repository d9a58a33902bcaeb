//! ONNX models, run by Microsoft's ONNX Runtime, which is a library of its own.
//!
//! The library is opened from a file that the caller found ([`Runtime::open`]), since nothing here
//! reads the environment. Any version from 1.17 on serves: that is the API that is asked for.
//!
//! A file is read twice. First by `file`, which knows no more of the format than what says
//! whether the file is whole, stands alone, and has inputs and outputs that are tensors; then by
//! the runtime.
//!
//! **Invariant:** the runtime is never given a file whose inputs or outputs are of a type that this
//! version cannot name, nor one that makes it open other files.
//!
//! **Not promised:** a graph is a program. What it computes, and how much memory that takes, is not
//! bounded here: who loads a file that others made tries it first in a process with bounds.

mod file;
mod library;
mod model;
mod predictor;
mod probe;
mod shape;
mod tensors;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

pub use file::check;
pub use library::Runtime;
pub use model::OnnxModel;
pub use predictor::OnnxPredictor;

/// The largest file: protocol buffers end at 2 GiB, and a model in memory takes several times its
/// file.
pub const MAX_BYTES: usize = 1 << 30;

/// Why an ONNX model does not load or the runtime's library does not open.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody opened the library.
    #[error("the file is an ONNX model, and no ONNX Runtime is there to run it")]
    NoRuntime,
    /// The library cannot be loaded at all.
    #[error("{} cannot be loaded", library.display())]
    Library {
        /// The file.
        library: PathBuf,
        /// What the system's loader says.
        #[source]
        source: libloading::Error,
    },
    /// A library, but another one.
    #[error("{} is not ONNX Runtime: {why}", library.display())]
    NotOnnxRuntime {
        /// The file.
        library: PathBuf,
        /// What is missing.
        why: &'static str,
    },
    /// An ONNX Runtime that does not have the API.
    #[error("{} is ONNX Runtime {version}, and 1.17 or newer is needed", library.display())]
    TooOld {
        /// The file.
        library: PathBuf,
        /// Its version.
        version: String,
    },
    /// The file is too large.
    #[error("the file has {bytes} bytes, more than {MAX_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The file is no whole protocol buffer.
    #[error("the file is damaged or cut short: {what} at byte {at}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Where, from 0.
        at: usize,
    },
    /// Weights in another file.
    #[error(
        "the weights `{tensor}` are in another file: save the model as one file (in Python \
         `onnx.save(model, path, save_as_external_data=False)`)"
    )]
    ExternalData {
        /// The tensor.
        tensor: String,
    },
    /// An input or output that is not a tensor.
    #[error("{side} `{name}` is {kind}, and only tensors are served{advice}")]
    NotTensor {
        /// `input` or `output`.
        side: &'static str,
        /// Its name.
        name: String,
        /// What it is.
        kind: &'static str,
        /// How to export the model otherwise.
        advice: &'static str,
    },
    /// Elements that rows cannot hold.
    #[error("{side} `{name}` has elements of ONNX's type {element}, which rows cannot hold")]
    Element {
        /// `input` or `output`.
        side: &'static str,
        /// Its name.
        name: String,
        /// The number in the format.
        element: u64,
    },
    /// The first axis is not that of rows.
    #[error(
        "{side} `{name}` has no axis of rows: its shape is {shape}, and the first axis must be of \
         any length; export the model with a dynamic batch axis"
    )]
    NoRowAxis {
        /// `input` or `output`.
        side: &'static str,
        /// Its name.
        name: String,
        /// Its shape as text.
        shape: String,
    },
    /// An axis whose length nobody knows.
    #[error(
        "{side} `{name}` has the shape {shape}: only the first axis, the rows', may be of any \
         length"
    )]
    OpenAxis {
        /// `input` or `output`.
        side: &'static str,
        /// Its name.
        name: String,
        /// Its shape as text.
        shape: String,
    },
    /// A row with no values, or more than can be.
    #[error("{side} `{name}` has the shape {shape}, which no row has")]
    Width {
        /// `input` or `output`.
        side: &'static str,
        /// Its name.
        name: String,
        /// Its shape as text.
        shape: String,
    },
    /// Nothing goes in or nothing comes out.
    #[error("the model has no {side}")]
    Nothing {
        /// `input` or `output`.
        side: &'static str,
    },
    /// What the runtime itself says.
    #[error("ONNX Runtime refuses the model: {message}")]
    Refused {
        /// Its words.
        message: String,
    },
}

/// Why the runtime did not answer rows.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// ONNX has missing values among floats only.
    #[error(
        "row {row} has no value in column `{column}`, and the model has no missing value there: \
         only among floats is there one, NaN"
    )]
    Missing {
        /// The column.
        column: Arc<str>,
        /// The row, from 0.
        row: usize,
    },
    /// A whole number that the input's type does not have.
    #[error("row {row} has {value} in column `{column}`, which {element} does not hold")]
    Range {
        /// The column.
        column: Arc<str>,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: i64,
        /// The input's type.
        element: &'static str,
    },
    /// Text with a zero character, where the runtime would end it.
    #[error("row {row} has text with a zero character in column `{column}`")]
    ZeroCharacter {
        /// The column.
        column: Arc<str>,
        /// The row, from 0.
        row: usize,
    },
    /// The output has another shape than the file says.
    #[error("output `{output}` came in the shape {found:?} for {rows} rows of {width} values")]
    Shape {
        /// The output.
        output: Arc<str>,
        /// Its shape.
        found: Vec<i64>,
        /// Rows asked for.
        rows: usize,
        /// Values a row by the file.
        width: usize,
    },
    /// What the runtime itself says.
    #[error("ONNX Runtime failed: {message}")]
    Failed {
        /// Its words.
        message: String,
    },
}

/// The runtime's words alone: its own error lives in its memory.
impl From<ort::Error> for RunError {
    fn from(error: ort::Error) -> Self {
        Self::Failed { message: error.message().to_owned() }
    }
}
