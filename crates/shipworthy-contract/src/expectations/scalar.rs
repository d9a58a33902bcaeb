//! Single values: those of arguments, and those of columns beside them.

use std::cmp::Ordering;

use serde_json::Value;
use shipworthy_rows::{Cell, DataType, Timestamp};

/// A value that an argument or a condition names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Time(Timestamp),
}

impl Scalar {
    /// The value that JSON says; none for null, lists and objects.
    pub(super) fn of_json(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Boolean(*value)),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Some(Self::Integer(whole)),
                None => number.as_f64().map(Self::Float),
            },
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A copy of a column's value; none when it is missing.
    pub(super) fn of_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Missing => None,
            Cell::Boolean(value) => Some(Self::Boolean(value)),
            Cell::Integer(value) => Some(Self::Integer(value)),
            Cell::Float(value) => Some(Self::Float(value)),
            Cell::String(value) => Some(Self::Text(value.to_owned())),
            Cell::Timestamp(value) => Some(Self::Time(value)),
        }
    }

    /// The value as one of a column, to compare with others.
    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Boolean(value) => Cell::Boolean(*value),
            Self::Integer(value) => Cell::Integer(*value),
            Self::Float(value) => Cell::Float(*value),
            Self::Text(value) => Cell::String(value),
            Self::Time(value) => Cell::Timestamp(*value),
        }
    }

    /// The value as it is compared with a column of this type: text is an instant beside instants.
    /// None when the two have no order.
    pub(super) fn beside(self, data_type: DataType) -> Option<Self> {
        match (data_type, self) {
            (DataType::Timestamp, Self::Text(text)) => instant(&text).map(Self::Time),
            (DataType::Timestamp, value @ Self::Time(_)) => Some(value),
            (DataType::String, value @ Self::Text(_)) => Some(value),
            (DataType::Boolean | DataType::Integer | DataType::Float, value) => {
                value.is_number().then_some(value)
            }
            _ => None,
        }
    }

    const fn is_number(&self) -> bool {
        matches!(self, Self::Boolean(_) | Self::Integer(_) | Self::Float(_))
    }
}

/// An instant; a date alone is its midnight in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

/// The order of two values; none when one is missing, or they are of kinds that have no order.
/// True is 1 beside numbers, as in Python.
pub(super) fn compare(a: Cell<'_>, b: Cell<'_>) -> Option<Ordering> {
    match (a, b) {
        (Cell::Integer(a), Cell::Integer(b)) => Some(a.cmp(&b)),
        (Cell::String(a), Cell::String(b)) => Some(a.cmp(b)),
        (Cell::Timestamp(a), Cell::Timestamp(b)) => Some(a.cmp(&b)),
        _ => number(a)?.partial_cmp(&number(b)?),
    }
}

/// The value as a number, if it is one.
#[inline]
pub(super) fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Boolean(value) => Some(f64::from(u8::from(value))),
        Cell::Integer(value) => Some(crate::check::to_f64(value)),
        Cell::Float(value) => Some(value),
        Cell::Missing | Cell::String(_) | Cell::Timestamp(_) => None,
    }
}

/// The value in a report; long text by its beginning.
pub(super) fn json(cell: Cell<'_>) -> Value {
    /// Enough to recognise a value, too little to carry documents into a report.
    const SHOWN_CHARS: usize = 256;
    match cell {
        Cell::Missing => Value::Null,
        Cell::Boolean(value) => value.into(),
        Cell::Integer(value) => value.into(),
        Cell::Float(value) if value.is_finite() => value.into(),
        Cell::Float(value) if value.is_nan() => "NaN".into(),
        Cell::Float(value) => (if value > 0.0 { "Infinity" } else { "-Infinity" }).into(),
        Cell::String(value) => match value.char_indices().nth(SHOWN_CHARS) {
            Some((end, _)) => format!("{}…", &value[..end]).into(),
            None => value.into(),
        },
        Cell::Timestamp(value) => value.to_string().into(),
    }
}

/// The text that Python's `str` makes of a value, which is what patterns and lengths are applied
/// to. `buffer` holds the text of what is not text already.
pub(super) fn python_text<'a>(cell: Cell<'a>, buffer: &'a mut String) -> &'a str {
    buffer.clear();
    match cell {
        Cell::String(value) => return value,
        Cell::Missing => buffer.push_str("None"),
        Cell::Boolean(value) => buffer.push_str(if value { "True" } else { "False" }),
        Cell::Integer(value) => buffer.push_str(&value.to_string()),
        Cell::Float(value) => buffer.push_str(&python_float(value)),
        Cell::Timestamp(value) => {
            buffer.push_str(&value.to_string().replace('T', " ").replace('Z', "+00:00"));
        }
    }
    buffer
}

/// A float as Python prints it: the shortest text that reads back, with an exponent of two digits
/// from 1e16 on and below 1e-4.
fn python_float(value: f64) -> String {
    if value.is_infinite() {
        return (if value > 0.0 { "inf" } else { "-inf" }).to_owned();
    }
    let size = value.abs();
    if size >= 1e16 || (size > 0.0 && size < 1e-4) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let text = value.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_as_python_prints_it() {
        let check = |cell, expect| assert_eq!(python_text(cell, &mut String::new()), expect);
        check(Cell::Float(1400.0), "1400.0");
        check(Cell::Float(-0.5), "-0.5");
        check(Cell::Float(1e16), "1e+16");
        check(Cell::Float(1.5e-7), "1.5e-07");
        check(Cell::Float(f64::INFINITY), "inf");
        check(Cell::Integer(-3), "-3");
        check(Cell::Boolean(true), "True");
    }

    #[test]
    fn values_of_different_kinds_have_no_order() {
        assert_eq!(compare(Cell::Integer(1), Cell::Float(1.5)), Some(Ordering::Less));
        assert_eq!(compare(Cell::Boolean(true), Cell::Integer(1)), Some(Ordering::Equal));
        assert_eq!(compare(Cell::String("1"), Cell::Integer(1)), None);
        assert_eq!(compare(Cell::Missing, Cell::Integer(1)), None);
    }

    #[test]
    fn whole_numbers_that_share_a_float_are_told_apart() {
        let large = 9_007_199_254_740_993;
        assert_eq!(
            compare(Cell::Integer(large), Cell::Integer(large - 1)),
            Some(Ordering::Greater)
        );
    }
}
