//! The bridge from Arrow: its many widths become the five types of a row batch.

use arrow::array::{
    Array, AsArray, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType as ArrowType, TimeUnit};
use arrow::util::display::array_value_to_string;

use crate::text::whole;
use crate::{Cell, Column, DataType, Misfit, Timestamp};

/// The counterpart of an Arrow type, if it has one.
pub(super) fn data_type(arrow: &ArrowType) -> Option<DataType> {
    match arrow {
        ArrowType::Boolean => Some(DataType::Boolean),
        whole if whole.is_integer() => Some(DataType::Integer),
        ArrowType::Float16 | ArrowType::Float32 | ArrowType::Float64 => Some(DataType::Float),
        ArrowType::Decimal128(..) | ArrowType::Decimal256(..) => Some(DataType::Float),
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => Some(DataType::String),
        ArrowType::Timestamp(..) | ArrowType::Date32 | ArrowType::Date64 => {
            Some(DataType::Timestamp)
        }
        ArrowType::Dictionary(_, values) => data_type(values),
        _ => None,
    }
}

/// Appends an array's values to a column. What is not of the column's type is a misfit of column
/// `index`.
pub(super) fn append(
    array: &dyn Array,
    index: usize,
    column: &mut Column,
    misfits: &mut Vec<Misfit>,
) {
    let start = column.len();
    let Some(values) = Values::of(array) else {
        return all_misfits(array, index, column, misfits);
    };
    for row in 0..array.len() {
        let cell = values.cell(row);
        if !push(column, cell) {
            let found = array_value_to_string(array, row).unwrap_or_default();
            let quoted = matches!(cell, Cell::String(_) | Cell::Timestamp(_));
            let found = if quoted { format!("{found:?}") } else { found };
            misfits.push(Misfit { row: start + row, column: index, found });
        }
    }
}

/// As JSON has it: a whole float is an integer where integers are asked for, and text is read as
/// a time.
fn push(column: &mut Column, cell: Cell<'_>) -> bool {
    match (column.data_type(), cell) {
        (DataType::Integer, Cell::Float(value)) => match whole(value) {
            Some(value) => column.push(Cell::Integer(value)),
            None => column.push(cell),
        },
        (DataType::Timestamp, Cell::String(text)) => match text.parse() {
            Ok(value) => column.push(Cell::Timestamp(value)),
            Err(_) => column.push(cell),
        },
        _ => column.push(cell),
    }
}

fn all_misfits(array: &dyn Array, index: usize, column: &mut Column, misfits: &mut Vec<Misfit>) {
    for row in 0..array.len() {
        if array.is_valid(row) {
            let found = array.data_type().to_string();
            misfits.push(Misfit { row: column.len(), column: index, found });
        }
        column.push_missing();
    }
}

/// An array cast to one of the five types.
enum Values {
    Boolean(BooleanArray),
    Integer(Int64Array),
    Float(Float64Array),
    String(StringArray),
    Timestamp(TimestampMicrosecondArray),
}

impl Values {
    fn of(array: &dyn Array) -> Option<Self> {
        let wanted = match data_type(array.data_type())? {
            DataType::Boolean => ArrowType::Boolean,
            DataType::Integer => ArrowType::Int64,
            DataType::Float => ArrowType::Float64,
            DataType::String => ArrowType::Utf8,
            DataType::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, None),
        };
        let array = cast(array, &wanted).ok()?;
        Some(match wanted {
            ArrowType::Boolean => Self::Boolean(array.as_boolean().clone()),
            ArrowType::Int64 => Self::Integer(array.as_primitive().clone()),
            ArrowType::Float64 => Self::Float(array.as_primitive().clone()),
            ArrowType::Utf8 => Self::String(array.as_string().clone()),
            _ => Self::Timestamp(array.as_primitive().clone()),
        })
    }

    fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Boolean(values) if values.is_valid(row) => Cell::Boolean(values.value(row)),
            Self::Integer(values) if values.is_valid(row) => Cell::Integer(values.value(row)),
            Self::Float(values) if values.is_valid(row) && !values.value(row).is_nan() => {
                Cell::Float(values.value(row))
            }
            Self::String(values) if values.is_valid(row) => Cell::String(values.value(row)),
            Self::Timestamp(values) if values.is_valid(row) => {
                Cell::Timestamp(Timestamp::from_micros(values.value(row)))
            }
            _ => Cell::Missing,
        }
    }
}
