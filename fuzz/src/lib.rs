//! What must hold of any bytes that are said to be a model file: a typed error with a message, or a
//! model that answers rows.
//!
//! libFuzzer watches what these functions cannot see: a panic, a hang, and memory without end.

mod memory;

use std::sync::Arc;

use libfuzzer_sys::Corpus;
use shipworthy_models::encode::Levels;
use shipworthy_models::format::{Error, Format};
use shipworthy_models::{ModelFile, Options, onnx};
use shipworthy_rows::{Cell, Column, DataType, RowBatch};

/// Rows of missing values, of numbers on both sides of most thresholds, and of what no training
/// data has.
const ROWS: [Option<f64>; 5] = [None, Some(1.0), Some(-1e30), Some(f64::INFINITY), Some(3.5e8)];

/// Loads bytes as a file and asks the model. Those of another format are no part of the corpus of
/// `wanted`.
///
/// # Panics
/// When the model answers another number of values than it says.
#[must_use]
pub fn model_file(bytes: &[u8], wanted: Format) -> Corpus {
    let is_wanted = Format::detect(bytes).is_ok_and(|format| format == wanted);
    for all_trees in [false, true] {
        match ModelFile::load(bytes, &Options { all_trees, onnx: None }) {
            Ok(model) => answers(&model),
            Err(error) => has_message(&error),
        }
    }
    if is_wanted { Corpus::Keep } else { Corpus::Reject }
}

/// Checks bytes as an ONNX file.
#[must_use]
pub fn onnx_file(bytes: &[u8]) -> Corpus {
    if let Err(error) = onnx::check(bytes) {
        has_message(&error.into());
    }
    Corpus::Keep
}

fn has_message(error: &Error) {
    assert!(!error.to_string().is_empty(), "an error without a message");
}

fn answers(model: &ModelFile) {
    /// A file may claim a million features in a few bytes, and columns for them are our own memory.
    const MAX_FEATURES: usize = 1 << 12;
    let signature = model.signature();
    if signature.inputs.len() > MAX_FEATURES {
        return;
    }
    let schema = Arc::new(signature.schema());
    let features: Vec<usize> = (0..schema.fields().len()).collect();
    // Two features of one name, or one category twice: a release says so to its author.
    let Ok(predictor) = model.bind(&schema, &features, &Levels::new()) else { return };
    let columns = schema.fields().iter().map(|field| column(field.data_type)).collect();
    // Of a model that takes nothing there are no rows: a batch counts those of its columns.
    let batch = RowBatch::new(Arc::clone(&schema), columns).expect("columns of the schema");
    let answers = predictor.predict(&batch).expect("rows of the schema it was bound to");
    let found: Vec<usize> = answers.columns.iter().map(Column::len).collect();
    let expected: Vec<usize> =
        signature.outputs.iter().map(|output| output.width() * batch.rows()).collect();
    assert_eq!(found, expected, "values of {:?}", signature.outputs);
}

/// A value a row; what a type does not have is missing.
fn column(data_type: DataType) -> Column {
    let mut column = Column::with_capacity(data_type, ROWS.len());
    for value in ROWS {
        let cell = match (data_type, value) {
            (DataType::Float, Some(value)) => Cell::Float(value),
            (DataType::Integer, Some(value)) => Cell::Integer(value as i64),
            (DataType::Boolean, Some(value)) => Cell::Boolean(value > 0.0),
            (DataType::String, Some(_)) => Cell::String("JFK"),
            _ => Cell::Missing,
        };
        column.push(cell);
    }
    column
}
