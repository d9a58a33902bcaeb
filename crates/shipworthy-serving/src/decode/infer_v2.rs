//! Open Inference Protocol V2, infer: one input tensor per column.
//!
//! Source: <https://github.com/kserve/open-inference-protocol>, `inference_rest.md`. An input has
//! shape `[N]` or `[N, 1]`; nested arrays are read row by row. Inputs that the schema does not
//! have are ignored and counted, inputs left out are missing values.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use shipworthy_rows::{Column, Misfit, RowBatch, Schema};

use super::cell::CellSeed;
use super::{Decoded, empty_columns, malformed};
use crate::Failure;

/// The element types of the protocol that are read.
const DATATYPES: [&str; 13] = [
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16",
    "FP32", "FP64", "BYTES",
];

/// What a request carries besides its rows.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Envelope {
    /// Echoed in the answer.
    pub(crate) id: Option<String>,
    /// The outputs wanted; all when absent.
    pub(crate) outputs: Option<Vec<RequestedOutput>>,
}

/// One output that is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct RequestedOutput {
    pub(crate) name: String,
}

/// Reads what the answer needs of a body that was decoded before.
pub(crate) fn envelope(body: &[u8]) -> Result<Envelope, Failure> {
    serde_json::from_slice(body).map_err(|error| malformed(&error))
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    inputs: Vec<Input<'a>>,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    shape: Vec<u64>,
    #[serde(borrow)]
    datatype: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Reads a body as rows of `schema`.
pub(crate) fn decode(
    body: &[u8],
    schema: &Arc<Schema>,
    max_rows: usize,
) -> Result<Decoded, Failure> {
    let request: Request<'_> = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    let rows = common_rows(&request.inputs)?;
    if rows > max_rows {
        return Err(Failure::TooManyRows { limit_rows: max_rows });
    }
    let mut decoded =
        Inputs { columns: empty_columns(schema, rows), misfits: Vec::new(), undeclared: 0, rows };
    for input in &request.inputs {
        decoded.read(input, schema)?;
    }
    Ok(decoded.finish(schema))
}

struct Inputs {
    columns: Vec<Column>,
    misfits: Vec<Misfit>,
    undeclared: usize,
    rows: usize,
}

impl Inputs {
    fn read(&mut self, input: &Input<'_>, schema: &Schema) -> Result<(), Failure> {
        let Some(index) = schema.index_of(&input.name) else {
            self.undeclared += self.rows;
            return Ok(());
        };
        let name = &input.name;
        if !DATATYPES.contains(&&*input.datatype) {
            return Err(bad(format!(
                "input `{name}` has the unknown datatype `{}`",
                input.datatype
            )));
        }
        let column = &mut self.columns[index];
        if !column.is_empty() {
            return Err(bad(format!("input `{name}` stands twice")));
        }
        let mut tensor = Tensor { column, misfits: &mut self.misfits, index, rows: self.rows };
        let mut deserializer = serde_json::Deserializer::from_str(input.data.get());
        let read = tensor.deserialize_into(&mut deserializer);
        read.map_err(|error| bad(format!("the data of input `{name}`: {error}")))?;
        let found = self.columns[index].len();
        if found != self.rows {
            let rows = self.rows;
            return Err(bad(format!("input `{name}` has {found} values for a shape of {rows}")));
        }
        Ok(())
    }

    fn finish(mut self, schema: &Arc<Schema>) -> Decoded {
        for column in &mut self.columns {
            while column.len() < self.rows {
                column.push_missing();
            }
        }
        self.misfits.sort_by_key(|misfit| (misfit.row, misfit.column));
        let batch = RowBatch::new(Arc::clone(schema), self.columns)
            .expect("columns are made from the schema and filled up");
        Decoded { batch, misfits: self.misfits, undeclared: self.undeclared }
    }
}

/// The number of rows, on which all inputs must agree.
fn common_rows(inputs: &[Input<'_>]) -> Result<usize, Failure> {
    let mut rows = None;
    for input in inputs {
        let count = match input.shape[..] {
            [rows] | [rows, 1] => usize::try_from(rows).unwrap_or(usize::MAX),
            _ => {
                let (name, shape) = (&input.name, &input.shape);
                return Err(bad(format!("input `{name}` has shape {shape:?}, not [N] or [N, 1]")));
            }
        };
        if rows.is_some_and(|rows| rows != count) {
            return Err(bad("the inputs have different numbers of rows".to_owned()));
        }
        rows = Some(count);
    }
    match rows {
        None => Err(bad("the body has no `inputs`".to_owned())),
        Some(0) => Err(bad("the inputs have no rows".to_owned())),
        Some(rows) => Ok(rows),
    }
}

fn bad(message: String) -> Failure {
    Failure::BadRequest {
        message,
        hint: "GET /v2/models/NAME lists the inputs; send one per column, each of shape [N] or \
               [N, 1]",
    }
}

/// A tensor's values, nested or flat, into one column.
struct Tensor<'a> {
    column: &'a mut Column,
    misfits: &'a mut Vec<Misfit>,
    index: usize,
    rows: usize,
}

impl Tensor<'_> {
    fn deserialize_into<'de, D: Deserializer<'de>>(&mut self, d: D) -> Result<(), D::Error> {
        d.deserialize_seq(Level(self))
    }
}

/// One level of nesting.
struct Level<'a, 't>(&'a mut Tensor<'t>);

impl<'de> Visitor<'de> for Level<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(Element(self.0))?.is_some() {}
        Ok(())
    }
}

/// A value, or an array of one value (the second axis of `[N, 1]`).
struct Element<'a, 't>(&'a mut Tensor<'t>);

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let tensor = self.0;
        let row = tensor.column.len();
        let value = <&RawValue>::deserialize(deserializer)?.get();
        let value = inner(value);
        if row == tensor.rows {
            return Err(serde::de::Error::custom("more values than its shape says"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(value);
        let unfit = CellSeed { column: tensor.column }
            .deserialize(&mut deserializer)
            .map_err(serde::de::Error::custom)?;
        if let Some(found) = unfit {
            tensor.misfits.push(Misfit { row, column: tensor.index, found });
        }
        Ok(())
    }
}

/// The text inside `[ … ]`, if that is one scalar.
fn inner(text: &str) -> &str {
    let nested = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).map(str::trim);
    match nested {
        Some(one) if serde_json::from_str::<Scalar>(one).is_ok() => one,
        _ => text,
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its shape matters")]
enum Scalar {
    Boolean(bool),
    Number(f64),
    Text(String),
    Null(()),
}

#[cfg(test)]
#[path = "infer_v2_tests.rs"]
mod tests;
