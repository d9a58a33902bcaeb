//! A model and the table of what it says.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef};
use shipworthy_models::encode::{Encoder, Levels};
use shipworthy_models::{FeatureMatrix, Model, ModelFile, Predictions, Predictor, Signature};
use shipworthy_rows::{Column, DataType, RowBatch};

use super::columns::Columns;

/// A model bound to the columns of a file.
pub(super) struct Scored {
    runtime: Runtime,
    format: &'static str,
    schema: SchemaRef,
}

enum Runtime {
    /// Trees: margins are shown beside predictions.
    Matrix { encoder: Encoder, model: Arc<dyn Model> },
    /// Any other: its outputs as they are.
    Outputs(Arc<dyn Predictor>),
}

/// What some rows got.
pub(super) struct Scores {
    pub(super) batch: RecordBatch,
    pub(super) unknown_categories: usize,
}

impl Scored {
    pub(super) fn new(file: &ModelFile, columns: &Columns) -> Result<Self> {
        let runtime = match file {
            ModelFile::Matrix(model) => Runtime::Matrix {
                encoder: Encoder::compile(model.features(), &Levels::new(), columns.schema())?,
                model: Arc::clone(model),
            },
            ModelFile::Onnx(_) => {
                let all: Vec<usize> = (0..columns.schema().len()).collect();
                Runtime::Outputs(file.bind(columns.schema(), &all, &Levels::new())?)
            }
        };
        let signature = file.signature();
        let schema = Arc::new(Schema::new(match &runtime {
            Runtime::Matrix { model, .. } => tree_fields(model.as_ref()),
            Runtime::Outputs(_) => output_fields(&signature),
        }));
        Ok(Self { runtime, format: signature.format, schema })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(super) const fn format(&self) -> &'static str {
        self.format
    }

    pub(super) fn score(&self, rows: &RowBatch) -> Result<Scores> {
        let (columns, unknown_categories) = match &self.runtime {
            Runtime::Matrix { encoder, model } => trees(encoder, model.as_ref(), rows)?,
            Runtime::Outputs(predictor) => {
                let answers = predictor.predict(rows)?;
                let tensors = predictor.signature().outputs.iter().zip(&answers.columns);
                let columns = tensors.flat_map(|(tensor, column)| split(column, tensor.width()));
                (columns.collect(), answers.unknown_categories)
            }
        };
        let batch = RecordBatch::try_new(self.schema(), columns)?;
        Ok(Scores { batch, unknown_categories })
    }
}

/// Margins and predictions of each output.
fn trees(encoder: &Encoder, model: &dyn Model, rows: &RowBatch) -> Result<(Vec<ArrayRef>, usize)> {
    let (mut features, mut out) = (FeatureMatrix::new(), Predictions::new());
    let unknown = encoder.encode(rows, &mut features)?;
    model.predict(&features, &mut out)?;
    let margins = (0..out.margin_width()).map(|at| {
        let column = (0..out.rows()).map(|row| out.margin(row)[at]);
        Arc::new(column.collect::<Float64Array>()) as ArrayRef
    });
    let predictions = (0..out.prediction_width()).map(|at| {
        let column = (0..out.rows()).map(|row| out.prediction(row)[at]);
        Arc::new(column.collect::<Float64Array>()) as ArrayRef
    });
    Ok((margins.chain(predictions).collect(), unknown))
}

fn tree_fields(model: &dyn Model) -> Vec<Field> {
    let (margins, transform) = (model.outputs(), model.describe().transform);
    let predictions = transform.prediction_width(margins);
    let named = |name: &str, width| fields(name, width, &ArrowType::Float64);
    named("margin", margins).into_iter().chain(named("pred", predictions)).collect()
}

fn output_fields(signature: &Signature) -> Vec<Field> {
    let fields = signature.outputs.iter().flat_map(|tensor| {
        let arrow = match tensor.element.data_type() {
            DataType::Boolean => ArrowType::Boolean,
            DataType::Integer => ArrowType::Int64,
            DataType::Float => ArrowType::Float64,
            DataType::String | DataType::Timestamp => ArrowType::Utf8,
        };
        fields(&tensor.name, tensor.width(), &arrow)
    });
    fields.collect()
}

/// `name`, or `name_0`, `name_1` and so on.
fn fields(name: &str, width: usize, arrow: &ArrowType) -> Vec<Field> {
    match width {
        1 => vec![Field::new(name, arrow.clone(), true)],
        _ => (0..width).map(|k| Field::new(format!("{name}_{k}"), arrow.clone(), true)).collect(),
    }
}

/// A tensor as a column per element.
fn split(column: &Column, width: usize) -> Vec<ArrayRef> {
    let every = |k: usize| (k..column.len()).step_by(width);
    let element = |k: usize| -> ArrayRef {
        match column {
            Column::Boolean(values) => {
                Arc::new(every(k).map(|at| values[at]).collect::<BooleanArray>())
            }
            Column::Integer(values) => {
                Arc::new(every(k).map(|at| values[at]).collect::<Int64Array>())
            }
            Column::Float(values) => {
                Arc::new(every(k).map(|at| values[at]).collect::<Float64Array>())
            }
            Column::String(values) => {
                Arc::new(every(k).map(|at| values.get(at)).collect::<StringArray>())
            }
            Column::Timestamp(values) => {
                let text = every(k).map(|at| values[at].map(|time| time.to_string()));
                Arc::new(text.collect::<StringArray>())
            }
        }
    };
    (0..width).map(element).collect()
}
