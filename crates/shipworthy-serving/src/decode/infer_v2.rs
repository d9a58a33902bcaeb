//! Open Inference Protocol V2, infer, over REST.
//!
//! Source: <https://github.com/kserve/open-inference-protocol>, `inference_rest.md`, and Triton's
//! extension for binary tensors: a JSON head (as long as `Inference-Header-Content-Length` says),
//! then the values of all inputs that have a `binary_data_size`, one after another. Nested arrays
//! are read row by row. `NaN` and `Infinity` are no JSON, but clients write them: a body that is
//! refused for them is read again with their stand-ins.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use shipworthy_models::Element;

use super::cell::{CellSeed, Unfit};
use super::stand_ins::StandIns;
use super::tensors::{Sink, Tensors, bad};
use super::{Answered, Decoded, Rows, malformed};
use crate::Failure;

/// What a request carries besides its rows.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Envelope {
    /// Echoed in the answer.
    pub(crate) id: Option<String>,
    /// The outputs wanted; all when absent.
    pub(crate) outputs: Option<Vec<RequestedOutput>>,
    #[serde(default)]
    parameters: OutputParameters,
}

/// One output that is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct RequestedOutput {
    pub(crate) name: String,
    #[serde(default)]
    parameters: OutputParameters,
}

#[derive(Debug, Default, Deserialize)]
struct OutputParameters {
    binary_data: Option<bool>,
    binary_data_output: Option<bool>,
}

impl Envelope {
    /// Whether an output is wanted, and then whether in binary.
    pub(crate) fn wants(&self, output: &str) -> Option<bool> {
        let all = self.parameters.binary_data_output.unwrap_or(false);
        let Some(wanted) = &self.outputs else { return Some(all) };
        let wanted = wanted.iter().find(|wanted| wanted.name == output)?;
        Some(wanted.parameters.binary_data.unwrap_or(all))
    }
}

/// Reads what the answer needs of a body.
pub(crate) fn envelope(body: &[u8], json_bytes: Option<usize>) -> Result<Envelope, Failure> {
    let (head, _) = split(body, json_bytes)?;
    tolerant(head, |head| serde_json::from_slice(head)).map_err(|error| malformed(&error))
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    inputs: Vec<Input<'a>>,
}

/// The answer of another server.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    outputs: Vec<Input<'a>>,
    model_version: Option<String>,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    shape: Vec<u64>,
    #[serde(borrow)]
    datatype: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    parameters: InputParameters,
}

#[derive(Default, Deserialize)]
struct InputParameters {
    binary_data_size: Option<usize>,
}

/// Reads a body as rows; `json_bytes` is the length of its head, when values follow it.
pub(crate) fn decode(
    body: &[u8],
    json_bytes: Option<usize>,
    wanted: Rows<'_>,
) -> Result<Decoded, Failure> {
    let (head, tail) = split(body, json_bytes)?;
    let head = match serde_json::from_slice::<Request<'_>>(head) {
        Ok(request) => return rows(&request.inputs, tail, wanted),
        Err(error) => StandIns::of(head).ok_or_else(|| malformed(&error))?.text,
    };
    let request: Request<'_> = serde_json::from_slice(&head).map_err(|error| malformed(&error))?;
    rows(&request.inputs, tail, wanted)
}

/// Reads the answer of another server as the wanted rows: its outputs are written as inputs are.
pub(crate) fn decode_answer(
    body: &[u8],
    json_bytes: Option<usize>,
    wanted: Rows<'_>,
) -> Result<Answered, Failure> {
    let (head, tail) = split(body, json_bytes)?;
    let stand_ins = serde_json::from_slice::<IgnoredAny>(head).is_err();
    let stand_ins = if stand_ins { StandIns::of(head) } else { None };
    let head = stand_ins.as_ref().map_or(head, |stand_ins| &stand_ins.text);
    let answer: Answer<'_> = serde_json::from_slice(head).map_err(|error| malformed(&error))?;
    let decoded = rows(&answer.outputs, tail, wanted)?;
    let names = answer.outputs.iter().map(|output| output.name.clone().into_owned()).collect();
    Ok(Answered { decoded, names, model_version: answer.model_version })
}

fn rows(inputs: &[Input<'_>], mut tail: &[u8], wanted: Rows<'_>) -> Result<Decoded, Failure> {
    let shapes = inputs.iter().map(|input| (&*input.name, &*input.shape));
    let mut tensors = Tensors::new(wanted, shapes)?;
    for input in inputs {
        let raw = match input.parameters.binary_data_size {
            None => None,
            Some(size) => {
                let (raw, rest) = tail.split_at_checked(size).ok_or_else(|| {
                    let (name, left) = (&input.name, tail.len());
                    bad(format!("input `{name}` has {size} bytes, but {left} are left"))
                })?;
                tail = rest;
                Some(raw)
            }
        };
        let element = Element::parse(&input.datatype).ok_or_else(|| {
            bad(format!("input `{}` has the unknown datatype `{}`", input.name, input.datatype))
        })?;
        let is_only = inputs.len() == 1;
        let Some(mut sink) = tensors.sink(&input.name, &input.shape, is_only)? else { continue };
        match (raw, input.data) {
            (Some(raw), _) => sink.read_raw(element, raw)?,
            (None, Some(data)) => read_json(&mut sink, data)
                .map_err(|error| bad(format!("the data of input `{}`: {error}", input.name)))?,
            (None, None) => return Err(bad(format!("input `{}` has no `data`", input.name))),
        }
        sink.check()?;
    }
    if tail.is_empty() {
        Ok(tensors.finish())
    } else {
        Err(bad(format!("{} bytes after the last input", tail.len())))
    }
}

/// The JSON head and what follows it.
fn split(body: &[u8], json_bytes: Option<usize>) -> Result<(&[u8], &[u8]), Failure> {
    let Some(length) = json_bytes else { return Ok((body, &[])) };
    body.split_at_checked(length).ok_or_else(|| {
        let found = body.len();
        bad(format!("Inference-Header-Content-Length is {length}, but the body has {found} bytes"))
    })
}

fn tolerant<T>(
    head: &[u8],
    read: impl Fn(&[u8]) -> serde_json::Result<T>,
) -> serde_json::Result<T> {
    read(head).or_else(|error| match StandIns::of(head) {
        Some(head) => read(&head.text),
        None => Err(error),
    })
}

/// A tensor's values, nested or flat.
fn read_json(sink: &mut Sink<'_>, data: &RawValue) -> serde_json::Result<()> {
    struct Whole<'a, 's>(&'a mut Sink<'s>);
    impl<'de> Visitor<'de> for Whole<'_, '_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array of values")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
            while values.next_element_seed(Nested(self.0))?.is_some() {}
            Ok(())
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(data.get());
    deserializer.deserialize_seq(Whole(sink))
}

/// A value, or an array of such.
struct Nested<'a, 's>(&'a mut Sink<'s>);

impl<'de> DeserializeSeed<'de> for Nested<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Nested<'_, '_> {
    fn take<E: serde::de::Error>(
        self,
        read: impl FnOnce(CellSeed<'_>) -> Result<Unfit, E>,
    ) -> Result<(), E> {
        let column = self.0.next().ok_or_else(|| E::custom("more values than its shape says"))?;
        if let Some(found) = read(CellSeed { column })? {
            self.0.misfit(found);
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Nested<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or an array of values")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.take(|cell| cell.visit_bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.take(|cell| cell.visit_i64(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.take(|cell| cell.visit_u64(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.take(|cell| cell.visit_f64(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        let infinity = match value {
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            _ => return self.take(|cell| cell.visit_str(value)),
        };
        self.take(|cell| cell.visit_infinity(infinity, value))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.take(|cell| cell.visit_unit())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(Nested(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        self.take(|cell| cell.visit_map(entries))
    }
}

#[cfg(test)]
#[path = "infer_v2_tests.rs"]
mod tests;
