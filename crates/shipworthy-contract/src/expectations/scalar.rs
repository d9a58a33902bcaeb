//! Single values: those of arguments, and those of columns beside them.

use std::cmp::Ordering;
use std::fmt::{self, Write};

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

/// Room for the text of a number or an instant, which a row is judged by without an allocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    bytes: [u8; Self::BYTES],
    length: usize,
}

impl Short {
    /// The longest is a float of 17 digits with sign, point and exponent, or an instant with
    /// microseconds and offset.
    const BYTES: usize = 40;

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Default for Short {
    fn default() -> Self {
        Self { bytes: [0; Self::BYTES], length: 0 }
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// The text that Python's `str` makes of a value, which is what patterns and lengths are applied
/// to. `buffer` holds the text of what is not text already.
pub(super) fn python_text<'a>(cell: Cell<'a>, buffer: &'a mut Short) -> &'a str {
    buffer.length = 0;
    let written = match cell {
        Cell::String(value) => return value,
        Cell::Missing => buffer.write_str("None"),
        Cell::Boolean(value) => buffer.write_str(if value { "True" } else { "False" }),
        Cell::Integer(value) => write!(buffer, "{value}"),
        Cell::Float(value) => python_float(value, buffer),
        Cell::Timestamp(value) => python_instant(value, buffer),
    };
    debug_assert!(written.is_ok(), "a number or an instant longer than its room");
    buffer.text()
}

/// `2013-01-01 05:00:00+00:00`.
fn python_instant(value: Timestamp, buffer: &mut Short) -> fmt::Result {
    let mut text = Short::default();
    write!(text, "{value}")?;
    let (date, time) = text.text().split_once('T').unwrap_or((text.text(), ""));
    write!(buffer, "{date} {}+00:00", time.trim_end_matches('Z'))
}

/// A float as Python prints it: the shortest text that reads back, with an exponent of two digits
/// from 1e16 on and below 1e-4.
fn python_float(value: f64, buffer: &mut Short) -> fmt::Result {
    if value.is_infinite() {
        return buffer.write_str(if value > 0.0 { "inf" } else { "-inf" });
    }
    let size = value.abs();
    if size >= 1e16 || (size > 0.0 && size < 1e-4) {
        let mut text = Short::default();
        write!(text, "{value:e}")?;
        let (digits, exponent) = text.text().split_once('e').unwrap_or((text.text(), "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return write!(buffer, "{digits}e{sign}{:02}", exponent.abs());
    }
    write!(buffer, "{value}")?;
    if buffer.text().contains('.') { Ok(()) } else { buffer.write_str(".0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_as_python_prints_it() {
        let check = |cell, expect| assert_eq!(python_text(cell, &mut Short::default()), expect);
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
