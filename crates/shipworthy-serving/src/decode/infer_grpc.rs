//! Open Inference Protocol V2, infer, over gRPC.
//!
//! Source: <https://github.com/kserve/open-inference-protocol>, `open_inference_grpc.proto`, message
//! `ModelInferRequest`. Values come in `raw_input_contents`, one entry an input, as they stand in
//! memory; or typed, in the field of `InferTensorContents` that is their datatype's. They go from
//! the message into their columns at once.

use shipworthy_models::Element;
use shipworthy_rows::Cell;

use super::tensors::{Sink, Tensors, bad, number};
use super::{Decoded, Rows};
use crate::Failure;
use crate::protobuf::{Fields, Malformed, Value};

/// More inputs or outputs than any model has: each takes memory before anything of it is known.
const MAX_TENSORS: usize = 65_536;

/// More axes than any tensor has.
const MAX_AXES: usize = 64;

/// What a request carries besides its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// The endpoint.
    pub(crate) model: String,
    /// The version that is meant; any when empty.
    pub(crate) version: String,
    /// Echoed in the answer.
    pub(crate) id: String,
    /// The outputs wanted; all when there are none.
    outputs: Vec<String>,
    /// Whether values come raw, and so are answered.
    pub(crate) is_raw: bool,
}

impl Envelope {
    /// Whether an output is wanted.
    pub(crate) fn wants(&self, output: &str) -> bool {
        self.outputs.is_empty() || self.outputs.iter().any(|wanted| wanted == output)
    }
}

/// Reads what the answer needs of a message; its values are stepped over.
pub(crate) fn envelope(message: &[u8]) -> Result<Envelope, Failure> {
    let mut envelope = Envelope::default();
    for field in Fields(message) {
        match field.map_err(malformed)? {
            (1, value) => envelope.model = text(value, "model_name")?.to_owned(),
            (2, value) => envelope.version = text(value, "model_version")?.to_owned(),
            (3, value) => envelope.id = text(value, "id")?.to_owned(),
            (6, value) => {
                let name = named(value.bytes().map_err(malformed)?)?;
                add(&mut envelope.outputs, name.to_owned(), "outputs")?;
            }
            (7, _) => envelope.is_raw = true,
            _ => {}
        }
    }
    Ok(envelope)
}

/// Reads a message as rows.
pub(crate) fn decode(message: &[u8], wanted: Rows<'_>) -> Result<Decoded, Failure> {
    let (mut inputs, mut raw) = (Vec::new(), Vec::new());
    for field in Fields(message) {
        match field.map_err(malformed)? {
            (5, value) => {
                let input = Input::read(value.bytes().map_err(malformed)?)?;
                add(&mut inputs, input, "inputs")?;
            }
            (7, value) => add(&mut raw, value.bytes().map_err(malformed)?, "raw_input_contents")?,
            _ => {}
        }
    }
    if !raw.is_empty() && raw.len() != inputs.len() {
        let (raw, inputs) = (raw.len(), inputs.len());
        return Err(bad(format!("raw_input_contents has {raw} entries for {inputs} inputs")));
    }
    let shapes = inputs.iter().map(|input| (input.name, &*input.shape));
    let mut tensors = Tensors::new(wanted, shapes)?;
    let is_only = inputs.len() == 1;
    for (at, input) in inputs.iter().enumerate() {
        let element = Element::parse(input.datatype).ok_or_else(|| {
            bad(format!("input `{}` has the unknown datatype `{}`", input.name, input.datatype))
        })?;
        let Some(mut sink) = tensors.sink(input.name, &input.shape, is_only)? else { continue };
        match raw.get(at) {
            Some(raw) => sink.read_raw(element, raw)?,
            None => input.read_typed(element, &mut sink)?,
        }
        sink.check()?;
    }
    Ok(tensors.finish())
}

/// An input as it lies in its message.
struct Input<'a> {
    name: &'a str,
    datatype: &'a str,
    shape: Vec<u64>,
    message: &'a [u8],
}

impl<'a> Input<'a> {
    fn read(message: &'a [u8]) -> Result<Self, Failure> {
        let mut input = Self { name: "", datatype: "", shape: Vec::new(), message };
        for field in Fields(message) {
            match field.map_err(malformed)? {
                (1, value) => input.name = text(value, "inputs.name")?,
                (2, value) => input.datatype = text(value, "inputs.datatype")?,
                (3, value) => {
                    for axis in value.numbers() {
                        input.shape.push(axis.map_err(malformed)?);
                        if input.shape.len() > MAX_AXES {
                            return Err(bad(format!("an input has more than {MAX_AXES} axes")));
                        }
                    }
                }
                _ => {}
            }
        }
        if input.shape.iter().any(|axis| i64::try_from(*axis).is_err()) {
            return Err(bad(format!("input `{}` has an axis below zero", input.name)));
        }
        Ok(input)
    }

    /// Reads `contents`: the field of the datatype, and no other.
    fn read_typed(&self, element: Element, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let name = self.name;
        let Some((own, own_name)) = contents_field(element) else {
            return Err(bad(format!(
                "input `{name}` is {}, which comes in raw_input_contents only",
                element.name()
            )));
        };
        for field in Fields(self.message) {
            // A message that stands twice is one in two parts.
            let (5, value) = field.map_err(malformed)? else { continue };
            for field in Fields(value.bytes().map_err(malformed)?) {
                let (field, value) = field.map_err(malformed)?;
                if field == own {
                    read_values(element, value, sink)?;
                } else if field <= LAST_CONTENTS_FIELD {
                    return Err(bad(format!(
                        "input `{name}` is {}, so its values belong in {own_name}",
                        element.name()
                    )));
                }
            }
        }
        Ok(())
    }
}

const LAST_CONTENTS_FIELD: u32 = 8;

/// The field of `InferTensorContents` that holds values of a datatype, by number and name; `None`
/// when they come raw only.
pub(crate) const fn contents_field(element: Element) -> Option<(u32, &'static str)> {
    Some(match element {
        Element::Bool => (1, "bool_contents"),
        Element::Int8 | Element::Int16 | Element::Int32 => (2, "int_contents"),
        Element::Int64 => (3, "int64_contents"),
        Element::Uint8 | Element::Uint16 | Element::Uint32 => (4, "uint_contents"),
        Element::Uint64 => (5, "uint64_contents"),
        Element::Fp32 => (6, "fp32_contents"),
        Element::Fp64 => (7, "fp64_contents"),
        Element::Bytes => (8, "bytes_contents"),
        Element::Fp16 => return None,
    })
}

/// One value, or several one after another.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "so numbers of fewer bits and with signs are written; beyond 64 signed bits only a \
              float holds a number"
)]
fn read_values(element: Element, value: Value<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
    match (element, value) {
        (Element::Bytes, value) => return sink.take_text(value.bytes().map_err(malformed)?),
        (Element::Fp32, Value::Fixed32(bytes)) => {
            return sink.take(number(f32::from_le_bytes(bytes).into()));
        }
        (Element::Fp64, Value::Fixed64(bytes)) => {
            return sink.take(number(f64::from_le_bytes(bytes)));
        }
        // Several: as they stand in memory.
        (Element::Fp32 | Element::Fp64, Value::Bytes(bytes)) => {
            return sink.read_more_raw(element, bytes);
        }
        (Element::Fp32 | Element::Fp64, _) => return Err(malformed(Malformed)),
        _ => {}
    }
    for number in value.numbers() {
        let number = number.map_err(malformed)?;
        sink.take(match element {
            Element::Bool => Cell::Boolean(number != 0),
            Element::Int64 => Cell::Integer(number as i64),
            Element::Uint64 => {
                i64::try_from(number).map_or(Cell::Float(number as f64), Cell::Integer)
            }
            Element::Uint8 | Element::Uint16 | Element::Uint32 => {
                Cell::Integer((number as u32).into())
            }
            _ => Cell::Integer((number as i32).into()),
        })?;
    }
    Ok(())
}

/// The name of a tensor, the first field of its message.
fn named(message: &[u8]) -> Result<&str, Failure> {
    let mut name = "";
    for field in Fields(message) {
        if let (1, value) = field.map_err(malformed)? {
            name = text(value, "outputs.name")?;
        }
    }
    Ok(name)
}

fn text<'a>(value: Value<'a>, field: &str) -> Result<&'a str, Failure> {
    value.text().map_err(|_| bad(format!("{field} is no text in UTF-8")))
}

fn add<T>(list: &mut Vec<T>, element: T, name: &str) -> Result<(), Failure> {
    if list.len() == MAX_TENSORS {
        return Err(bad(format!("{name} has more than {MAX_TENSORS} entries")));
    }
    list.push(element);
    Ok(())
}

fn malformed(error: Malformed) -> Failure {
    bad(format!("the message is no ModelInferRequest: {error}"))
}

#[cfg(test)]
#[path = "infer_grpc_tests.rs"]
mod tests;
