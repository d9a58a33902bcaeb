//! Columns to tensors and back.

use std::fmt::Debug;
use std::sync::Arc;

use half::f16;
use ort::session::SessionInputValue;
use ort::value::{PrimitiveTensorElementType, Tensor as OrtTensor, Value};
use shipworthy_rows::{Column, RowBatch};

use super::RunError;
use crate::{Element, Tensor};

/// The tensor of one input: of one column that has its width, or of a column an element.
pub(super) fn fill(
    input: &Tensor,
    columns: &[usize],
    batch: &RowBatch,
) -> Result<SessionInputValue<'static>, RunError> {
    let values = Values { input, columns, batch };
    match input.element {
        Element::Bool => values.tensor(|cell| cell.boolean()),
        Element::Uint8 => values.tensor(|cell| cell.whole::<u8>()),
        Element::Uint16 => values.tensor(|cell| cell.whole::<u16>()),
        Element::Uint32 => values.tensor(|cell| cell.whole::<u32>()),
        Element::Uint64 => values.tensor(|cell| cell.whole::<u64>()),
        Element::Int8 => values.tensor(|cell| cell.whole::<i8>()),
        Element::Int16 => values.tensor(|cell| cell.whole::<i16>()),
        Element::Int32 => values.tensor(|cell| cell.whole::<i32>()),
        Element::Int64 => values.tensor(|cell| cell.whole::<i64>()),
        Element::Fp16 => values.tensor(|cell| Ok(f16::from_f64(cell.float()))),
        Element::Fp32 => values.tensor(|cell| Ok(cell.float() as f32)),
        Element::Fp64 => values.tensor(|cell| Ok(cell.float())),
        Element::Bytes => {
            let texts = values.collect(|cell| cell.text().map(str::to_owned))?;
            Ok(OrtTensor::from_string_array((values.shape(), texts.as_slice()))?.into())
        }
    }
}

/// The values of one input, row after row.
struct Values<'a> {
    input: &'a Tensor,
    columns: &'a [usize],
    batch: &'a RowBatch,
}

/// One of them.
struct Place<'a> {
    input: &'a Tensor,
    column: &'a Column,
    name: &'a Arc<str>,
    /// Where it is in the column.
    at: usize,
    row: usize,
}

impl<'a> Values<'a> {
    fn tensor<T: PrimitiveTensorElementType + Debug + Clone + 'static>(
        &self,
        value: impl Fn(Place<'a>) -> Result<T, RunError>,
    ) -> Result<SessionInputValue<'static>, RunError> {
        let values = self.collect(value)?;
        Ok(OrtTensor::from_array((self.shape(), values))?.into())
    }

    fn shape(&self) -> Vec<usize> {
        std::iter::once(self.batch.rows()).chain(self.input.shape.iter().copied()).collect()
    }

    fn collect<T>(
        &self,
        value: impl Fn(Place<'a>) -> Result<T, RunError>,
    ) -> Result<Vec<T>, RunError> {
        let (rows, width) = (self.batch.rows(), self.input.width());
        let mut values = Vec::with_capacity(rows * width);
        let each = width / self.columns.len();
        for row in 0..rows {
            for &column in self.columns {
                let name = &self.batch.schema().fields()[column].name;
                let (input, column) = (self.input, &self.batch.columns()[column]);
                for at in row * each..(row + 1) * each {
                    values.push(value(Place { input, column, name, at, row })?);
                }
            }
        }
        Ok(values)
    }
}

impl<'a> Place<'a> {
    fn missing(&self) -> RunError {
        RunError::Missing { column: Arc::clone(self.name), row: self.row }
    }

    /// NaN is how a float is missing.
    #[allow(clippy::cast_precision_loss, reason = "features are numbers, as in training")]
    fn float(&self) -> f64 {
        match self.column {
            Column::Float(values) => values[self.at],
            Column::Integer(values) => values[self.at].map_or(f64::NAN, |value| value as f64),
            Column::Boolean(values) => values[self.at].map_or(f64::NAN, f64::from),
            _ => f64::NAN,
        }
    }

    fn boolean(&self) -> Result<bool, RunError> {
        match self.column {
            Column::Boolean(values) => values[self.at].ok_or_else(|| self.missing()),
            _ => Err(self.missing()),
        }
    }

    fn whole<T: TryFrom<i64>>(&self) -> Result<T, RunError> {
        let Column::Integer(values) = self.column else { return Err(self.missing()) };
        let value = values[self.at].ok_or_else(|| self.missing())?;
        T::try_from(value).map_err(|_| RunError::Range {
            column: Arc::clone(self.name),
            row: self.row,
            value,
            element: self.input.element.name(),
        })
    }

    fn text(&self) -> Result<&'a str, RunError> {
        let Column::String(values) = self.column else { return Err(self.missing()) };
        let text = values.get(self.at).ok_or_else(|| self.missing())?;
        if text.contains('\0') {
            let column = Arc::clone(self.name);
            return Err(RunError::ZeroCharacter { column, row: self.row });
        }
        Ok(text)
    }
}

/// An output as a column of `rows` times its width.
pub(super) fn read(output: &Tensor, value: &Value, rows: usize) -> Result<Column, RunError> {
    let shape = value.dtype().tensor_shape().map_or_else(Vec::new, |shape| shape.to_vec());
    let elements = shape.iter().try_fold(1_i64, |elements, axis| elements.checked_mul(*axis));
    let is_whole = elements.and_then(|elements| usize::try_from(elements).ok())
        == rows.checked_mul(output.width());
    if !is_whole || shape.first().and_then(|axis| usize::try_from(*axis).ok()) != Some(rows) {
        let (output, width) = (Arc::clone(&output.name), output.width());
        return Err(RunError::Shape { output, found: shape, rows, width });
    }
    Ok(match output.element {
        Element::Bool => Column::Boolean(values(value, |value: bool| Some(value))?),
        Element::Uint8 => whole::<u8>(value)?,
        Element::Uint16 => whole::<u16>(value)?,
        Element::Uint32 => whole::<u32>(value)?,
        // Above 2^63 rows cannot hold it.
        Element::Uint64 => Column::Integer(values(value, |value: u64| value.try_into().ok())?),
        Element::Int8 => whole::<i8>(value)?,
        Element::Int16 => whole::<i16>(value)?,
        Element::Int32 => whole::<i32>(value)?,
        Element::Int64 => whole::<i64>(value)?,
        Element::Fp16 => Column::Float(values(value, f16::to_f64)?),
        Element::Fp32 => Column::Float(values(value, |value: f32| f64::from(value))?),
        Element::Fp64 => Column::Float(values(value, |value: f64| value)?),
        Element::Bytes => {
            let (_, texts) = value.try_extract_strings()?;
            Column::String(texts.iter().map(|text| Some(text.as_str())).collect())
        }
    })
}

fn values<T: PrimitiveTensorElementType + Copy, V>(
    value: &Value,
    convert: impl Fn(T) -> V,
) -> Result<Vec<V>, RunError> {
    let (_, values) = value.try_extract_tensor::<T>()?;
    Ok(values.iter().map(|value| convert(*value)).collect())
}

fn whole<T: PrimitiveTensorElementType + Copy + Into<i64>>(
    value: &Value,
) -> Result<Column, RunError> {
    Ok(Column::Integer(values(value, |value: T| Some(value.into()))?))
}
