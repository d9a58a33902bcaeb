//! Elements of output tensors as JSON.
//!
//! Single-precision numbers are written as such: 0.1, not 0.10000000149011612. What JSON cannot
//! say (NaN, infinities) is null.

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use shipworthy_models::Element;
use shipworthy_rows::Cell;

use crate::tensors::OutputTensor;

/// Elements of a tensor, `axes` of them nested, from position `first` on.
pub(super) struct Nested<'a> {
    tensor: &'a OutputTensor<'a>,
    axes: &'a [usize],
    first: usize,
}

impl<'a> Nested<'a> {
    /// One row: a value, or nested arrays. An axis of one element a row is left out.
    pub(super) fn row(tensor: &'a OutputTensor<'a>, row: usize) -> Self {
        let axes = &tensor.shape[1..];
        let width: usize = axes.iter().product();
        Self { tensor, axes: if width == 1 { &[] } else { axes }, first: row * width }
    }
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some((length, axes)) = self.axes.split_first() else {
            return element(self.tensor, self.first, serializer);
        };
        let step: usize = axes.iter().product();
        let mut list = serializer.serialize_seq(Some(*length))?;
        for at in 0..*length {
            let first = self.first + at * step;
            list.serialize_element(&Nested { tensor: self.tensor, axes, first })?;
        }
        list.end()
    }
}

/// All elements of a tensor, one after another.
pub(crate) struct Flat<'a>(pub(crate) &'a OutputTensor<'a>);

impl Serialize for Flat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tensor = self.0;
        let elements = (0..tensor.values.len()).map(|first| Nested { tensor, axes: &[], first });
        serializer.collect_seq(elements)
    }
}

/// All elements of a tensor as they stand in memory, little-endian; texts with their length
/// before them.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the values came out of these types"
)]
pub(crate) fn write_raw(tensor: &OutputTensor<'_>, out: &mut Vec<u8>) {
    for at in 0..tensor.values.len() {
        let cell = tensor.values.cell(at);
        let whole = if let Cell::Integer(value) = cell { value } else { 0 };
        let number = if let Cell::Float(value) = cell { value } else { f64::NAN };
        match tensor.element {
            Element::Bool => out.push(u8::from(matches!(cell, Cell::Boolean(true)))),
            Element::Uint8 | Element::Int8 => out.push(whole as u8),
            Element::Uint16 | Element::Int16 => out.extend((whole as u16).to_le_bytes()),
            Element::Uint32 | Element::Int32 => out.extend((whole as u32).to_le_bytes()),
            Element::Uint64 | Element::Int64 => out.extend(whole.to_le_bytes()),
            Element::Fp16 => out.extend(half::f16::from_f64(number).to_le_bytes()),
            Element::Fp32 => out.extend((number as f32).to_le_bytes()),
            Element::Fp64 => out.extend(number.to_le_bytes()),
            Element::Bytes => {
                let text = if let Cell::String(text) = cell { text } else { "" };
                out.extend((text.len() as u32).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the value was single before it was widened")]
fn element<S: Serializer>(
    tensor: &OutputTensor<'_>,
    at: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let is_single = matches!(tensor.element, Element::Fp32 | Element::Fp16);
    match tensor.values.cell(at) {
        Cell::Missing => serializer.serialize_unit(),
        Cell::Boolean(value) => serializer.serialize_bool(value),
        Cell::Integer(value) => serializer.serialize_i64(value),
        Cell::Float(value) if is_single => serializer.serialize_f32(value as f32),
        Cell::Float(value) => serializer.serialize_f64(value),
        Cell::String(value) => serializer.serialize_str(value),
        Cell::Timestamp(value) => value.serialize(serializer),
    }
}
