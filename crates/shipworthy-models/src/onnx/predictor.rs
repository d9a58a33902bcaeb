//! A model bound to columns.

use std::sync::Arc;

use ort::session::SessionInputValue;
use shipworthy_rows::{Column, DataType, RowBatch, Schema};

use super::{OnnxModel, RunError, tensors};
use crate::{Answers, Predictor, Signature, Tensor, encode, predictor};

/// An ONNX model that reads columns of one schema.
#[derive(Debug)]
pub struct OnnxPredictor {
    model: Arc<OnnxModel>,
    schema: Arc<Schema>,
    /// For each input the columns that it is made of: one of its width, or as many as its elements.
    sources: Vec<Vec<usize>>,
}

impl OnnxPredictor {
    /// Finds the columns of the inputs: by name, or else, when there are as many of `features`
    /// (positions in the schema) as elements, those in their order.
    ///
    /// # Errors
    /// When an input has no column, or one that cannot become it.
    pub fn bind(
        model: Arc<OnnxModel>,
        schema: &Arc<Schema>,
        features: &[usize],
    ) -> Result<Self, encode::Error> {
        let inputs = &model.signature().inputs;
        let named = inputs.iter().map(|input| by_name(input, schema)).collect::<Result<_, _>>();
        let sources: Vec<Vec<usize>> = match named {
            Err(encode::Error::MissingColumn { .. }) if is_by_place(inputs, schema, features) => {
                by_place(inputs, schema, features)?
            }
            named => named?,
        };
        Ok(Self { sources, schema: Arc::clone(schema), model })
    }
}

fn by_name(input: &Tensor, schema: &Schema) -> Result<Vec<usize>, encode::Error> {
    let column = || Arc::clone(&input.name);
    let at = schema.index_of(&input.name);
    let at = at.ok_or_else(|| encode::Error::MissingColumn { column: column() })?;
    let (found, expected) = (schema.fields()[at].width, input.width());
    if found != expected {
        return Err(encode::Error::Width { column: column(), found, expected });
    }
    check_type(input, schema, at)?;
    Ok(vec![at])
}

fn is_by_place(inputs: &[Tensor], schema: &Schema, features: &[usize]) -> bool {
    inputs.iter().map(Tensor::width).sum::<usize>() == features.len()
        && inputs.iter().any(|input| input.width() > 1)
        && features.iter().all(|at| schema.fields()[*at].width == 1)
}

fn by_place(
    inputs: &[Tensor],
    schema: &Schema,
    features: &[usize],
) -> Result<Vec<Vec<usize>>, encode::Error> {
    let mut rest = features;
    let columns = inputs.iter().map(|input| {
        let (columns, others) = rest.split_at(input.width());
        rest = others;
        columns.iter().try_for_each(|at| check_type(input, schema, *at))?;
        Ok(columns.to_vec())
    });
    columns.collect()
}

/// Whole numbers and truth values are floats where the model takes such.
fn check_type(input: &Tensor, schema: &Schema, at: usize) -> Result<(), encode::Error> {
    let (field, wanted) = (&schema.fields()[at], input.element.data_type());
    if field.data_type == wanted || wanted == DataType::Float && field.data_type.is_numeric() {
        return Ok(());
    }
    Err(encode::Error::Type { column: Arc::clone(&field.name), data_type: field.data_type })
}

impl Predictor for OnnxPredictor {
    fn signature(&self) -> &Signature {
        self.model.signature()
    }

    fn predict(&self, batch: &RowBatch) -> Result<Answers, predictor::Error> {
        if batch.schema() != &self.schema {
            return Err(encode::Error::OtherSchema.into());
        }
        Ok(Answers { columns: self.run(batch)?, unknown_categories: 0 })
    }
}

impl OnnxPredictor {
    fn run(&self, batch: &RowBatch) -> Result<Vec<Column>, RunError> {
        let signature = self.model.signature();
        let rows = batch.rows();
        if rows == 0 {
            let columns = signature.outputs.iter();
            let empty = |output: &Tensor| Column::with_capacity(output.element.data_type(), 0);
            return Ok(columns.map(empty).collect());
        }
        let inputs = signature.inputs.iter().zip(&self.sources);
        let inputs = inputs.map(|(input, columns)| tensors::fill(input, columns, batch));
        let inputs = inputs.collect::<Result<Vec<SessionInputValue<'_>>, _>>()?;
        let mut session = self.model.session();
        let found = session.run(inputs.as_slice())?;
        let outputs = signature.outputs.iter().zip(found.values());
        outputs.map(|(output, value)| tensors::read(output, &value, rows)).collect()
    }
}
