//! What the runtime says of a model's inputs and outputs, as tensors with a row axis.

use ort::value::{Outlet, TensorElementType, ValueType};

use super::Error;
use crate::{Element, Tensor};

/// Values a row, at most: far above any table, and far below what an index cannot count.
const MAX_WIDTH: i64 = 1 << 24;

/// `side` is `input` or `output`, for errors.
pub(super) fn tensors(side: &'static str, outlets: &[Outlet]) -> Result<Vec<Tensor>, Error> {
    if outlets.is_empty() {
        return Err(Error::Nothing { side });
    }
    outlets.iter().map(|outlet| tensor(side, outlet)).collect()
}

fn tensor(side: &'static str, outlet: &Outlet) -> Result<Tensor, Error> {
    let name = || outlet.name().to_owned();
    let ValueType::Tensor { ty, shape, .. } = outlet.dtype() else {
        return Err(Error::NotTensor { side, name: name(), kind: "no tensor", advice: "" });
    };
    let element = element(*ty).ok_or_else(|| Error::Element { side, name: name(), element: 0 })?;
    let text = || as_text(shape);
    let Some((-1, axes)) = shape.split_first().map(|(rows, axes)| (*rows, axes)) else {
        return Err(Error::NoRowAxis { side, name: name(), shape: text() });
    };
    if axes.contains(&-1) {
        return Err(Error::OpenAxis { side, name: name(), shape: text() });
    }
    let width = axes.iter().try_fold(1_i64, |width, axis| width.checked_mul(*axis));
    if !width.is_some_and(|width| (1..=MAX_WIDTH).contains(&width)) {
        return Err(Error::Width { side, name: name(), shape: text() });
    }
    let shape = axes.iter().filter_map(|axis| usize::try_from(*axis).ok()).collect();
    Ok(Tensor { name: outlet.name().into(), element, shape, levels: Vec::new() })
}

fn as_text(shape: &[i64]) -> String {
    let axis = |axis: &i64| if *axis < 0 { "?".to_owned() } else { axis.to_string() };
    format!("[{}]", shape.iter().map(axis).collect::<Vec<_>>().join(", "))
}

const fn element(element: TensorElementType) -> Option<Element> {
    Some(match element {
        TensorElementType::Bool => Element::Bool,
        TensorElementType::Uint8 => Element::Uint8,
        TensorElementType::Uint16 => Element::Uint16,
        TensorElementType::Uint32 => Element::Uint32,
        TensorElementType::Uint64 => Element::Uint64,
        TensorElementType::Int8 => Element::Int8,
        TensorElementType::Int16 => Element::Int16,
        TensorElementType::Int32 => Element::Int32,
        TensorElementType::Int64 => Element::Int64,
        TensorElementType::Float16 => Element::Fp16,
        TensorElementType::Float32 => Element::Fp32,
        TensorElementType::Float64 => Element::Fp64,
        TensorElementType::String => Element::Bytes,
        _ => return None,
    })
}
