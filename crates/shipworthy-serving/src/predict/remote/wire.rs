//! Rows to another server, and its answer back: the Open Inference Protocol V2 from the other side.
//!
//! Numbers go and come as they stand in memory where the server takes that, so that NaN, the
//! missing number, gets through. All else is JSON, where a missing value is null.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use shipworthy_models::{Answers, Signature, Tensor};
use shipworthy_rows::{Column, DataType, Schema};

use crate::decode::{Answered, Rows, infer_v2};
use crate::respond::{Flat, write_raw};
use crate::tensors::OutputTensor;

/// A body, and the length of its JSON head when values in binary follow it.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) bytes: bytes::Bytes,
    pub(super) json_bytes: Option<usize>,
}

/// What the other server answered, and which version of its model did.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) answers: Answers,
    pub(crate) model_version: Option<String>,
}

#[derive(Serialize)]
struct Head<'a> {
    inputs: Vec<Input<'a>>,
    /// All that were promised: some servers give fewer when nobody asks.
    outputs: Vec<Output<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<OutputParameters>,
}

#[derive(Serialize)]
struct Input<'a> {
    name: &'a str,
    shape: &'a [usize],
    datatype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<InputParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Flat<'a>>,
}

#[derive(Serialize)]
struct Output<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct InputParameters {
    binary_data_size: usize,
}

#[derive(Serialize)]
struct OutputParameters {
    binary_data_output: bool,
}

/// Rows, whose columns are those of the signature, as a body.
///
/// # Errors
/// When a number cannot be written: an infinite one in JSON.
pub(super) fn encode(
    signature: &Signature,
    columns: &[Cow<'_, Column>],
    rows: usize,
    takes_binary: bool,
) -> Result<Body, String> {
    let columns = signature.inputs.iter().zip(columns);
    let tensors: Vec<_> = columns.map(|(input, column)| tensor(input, column, rows)).collect();
    let mut binary = Vec::new();
    let inputs: Result<Vec<_>, String> = tensors
        .iter()
        .map(|tensor| {
            let is_binary = takes_binary && tensor.values.data_type() == DataType::Float;
            if !is_binary && has_infinity(&tensor.values) {
                return Err(format!(
                    "`{}` has an infinite number, which JSON cannot say",
                    tensor.name
                ));
            }
            let parameters = is_binary.then(|| {
                let start = binary.len();
                write_raw(tensor, &mut binary);
                InputParameters { binary_data_size: binary.len() - start }
            });
            let data = (!is_binary).then_some(Flat(tensor));
            let (name, shape, datatype) = (tensor.name, &*tensor.shape, tensor.element.name());
            Ok(Input { name, shape, datatype, parameters, data })
        })
        .collect();
    let parameters = takes_binary.then_some(OutputParameters { binary_data_output: true });
    let outputs = signature.outputs.iter().map(|output| Output { name: &output.name }).collect();
    let head = Head { inputs: inputs?, outputs, parameters };
    let mut bytes = serde_json::to_vec(&head).expect("rows have a JSON form");
    let json_bytes = (!binary.is_empty()).then_some(bytes.len());
    bytes.extend_from_slice(&binary);
    Ok(Body { bytes: bytes.into(), json_bytes })
}

fn tensor<'a>(input: &'a Tensor, column: &'a Column, rows: usize) -> OutputTensor<'a> {
    let shape = std::iter::once(rows).chain(input.shape.iter().copied()).collect();
    OutputTensor { name: &input.name, element: input.element, shape, values: Cow::Borrowed(column) }
}

fn has_infinity(column: &Column) -> bool {
    matches!(column, Column::Float(values) if values.iter().any(|value| value.is_infinite()))
}

/// Reads the outputs that the signature promises, `rows` of each.
///
/// # Errors
/// With what is missing, or not as promised.
pub(super) fn decode(signature: &Signature, body: &Body, rows: usize) -> Result<Received, String> {
    let schema: Arc<Schema> = Arc::new(signature.outputs.iter().map(Tensor::field).collect());
    let wanted = Rows { schema: &schema, features: &[], max_rows: rows };
    let answered = infer_v2::decode_answer(&body.bytes, body.json_bytes, wanted);
    let Answered { decoded, names, model_version } =
        answered.map_err(|failure| failure.to_string())?;
    if let Some(missing) =
        signature.outputs.iter().find(|output| names.iter().all(|name| **name != *output.name))
    {
        return Err(format!("the answer has no output `{}`", missing.name));
    }
    if let Some(misfit) = decoded.misfits.first() {
        let output = &signature.outputs[misfit.column];
        let (name, element) = (&output.name, output.element.name());
        return Err(format!("output `{name}` has {} where {element} was promised", misfit.found));
    }
    let found = decoded.batch.rows();
    if found != rows {
        return Err(format!("the answer has {found} rows for {rows}"));
    }
    let answers = Answers { columns: decoded.batch.into_columns(), unknown_categories: 0 };
    Ok(Received { answers, model_version })
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
