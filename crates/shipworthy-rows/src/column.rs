//! Columns of values, and one value of any type.

use std::ops::Range;

use crate::{DataType, Timestamp};

/// One value, borrowed from its column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Missing,
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number; never NaN.
    Float(f64),
    /// Text.
    String(&'a str),
    /// An instant.
    Timestamp(Timestamp),
}

/// Values of one type; a missing one is `None`, or NaN among floats.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// See [`DataType::Boolean`].
    Boolean(Vec<Option<bool>>),
    /// See [`DataType::Integer`].
    Integer(Vec<Option<i64>>),
    /// See [`DataType::Float`].
    Float(Vec<f64>),
    /// See [`DataType::String`].
    String(StringColumn),
    /// See [`DataType::Timestamp`].
    Timestamp(Vec<Option<Timestamp>>),
}

impl Column {
    /// An empty column with room for `rows` values.
    #[must_use]
    pub fn with_capacity(data_type: DataType, rows: usize) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean(Vec::with_capacity(rows)),
            DataType::Integer => Self::Integer(Vec::with_capacity(rows)),
            DataType::Float => Self::Float(Vec::with_capacity(rows)),
            DataType::String => Self::String(StringColumn::with_capacity(rows)),
            DataType::Timestamp => Self::Timestamp(Vec::with_capacity(rows)),
        }
    }

    /// The type of the values.
    #[must_use]
    pub const fn data_type(&self) -> DataType {
        match self {
            Self::Boolean(_) => DataType::Boolean,
            Self::Integer(_) => DataType::Integer,
            Self::Float(_) => DataType::Float,
            Self::String(_) => DataType::String,
            Self::Timestamp(_) => DataType::Timestamp,
        }
    }

    /// The number of values, missing ones included.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::Boolean(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::String(values) => values.len(),
            Self::Timestamp(values) => values.len(),
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `row`; missing beyond the end.
    #[must_use]
    #[inline]
    pub fn cell(&self, row: usize) -> Cell<'_> {
        let cell = match self {
            Self::Boolean(values) => values.get(row).copied().flatten().map(Cell::Boolean),
            Self::Integer(values) => values.get(row).copied().flatten().map(Cell::Integer),
            Self::Float(values) => {
                values.get(row).copied().filter(|value| !value.is_nan()).map(Cell::Float)
            }
            Self::String(values) => values.get(row).map(Cell::String),
            Self::Timestamp(values) => values.get(row).copied().flatten().map(Cell::Timestamp),
        };
        cell.unwrap_or(Cell::Missing)
    }

    /// How many values are missing.
    #[must_use]
    pub fn count_missing(&self) -> usize {
        match self {
            Self::Boolean(values) => values.iter().filter(|value| value.is_none()).count(),
            Self::Integer(values) => values.iter().filter(|value| value.is_none()).count(),
            Self::Float(values) => values.iter().filter(|value| value.is_nan()).count(),
            Self::String(values) => values.ends.iter().filter(|end| !end.is_present()).count(),
            Self::Timestamp(values) => values.iter().filter(|value| value.is_none()).count(),
        }
    }

    /// Whether the value at `row` is missing.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        matches!(self.cell(row), Cell::Missing)
    }

    /// Appends a value, or a missing one when `cell` is not of this column's type (a whole
    /// number is a float where floats are asked for). Says whether it fitted.
    #[inline]
    pub fn push(&mut self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Boolean(values), Cell::Boolean(value)) => values.push(Some(value)),
            (Self::Integer(values), Cell::Integer(value)) => values.push(Some(value)),
            (Self::Float(values), Cell::Float(value)) => values.push(value),
            (Self::Float(values), Cell::Integer(value)) => values.push(float(value)),
            (Self::String(values), Cell::String(value)) => values.push(Some(value)),
            (Self::Timestamp(values), Cell::Timestamp(value)) => values.push(Some(value)),
            (column, cell) => {
                column.push_missing();
                return matches!(cell, Cell::Missing);
            }
        }
        true
    }

    /// Appends a missing value.
    #[inline]
    pub fn push_missing(&mut self) {
        match self {
            Self::Boolean(values) => values.push(None),
            Self::Integer(values) => values.push(None),
            Self::Float(values) => values.push(f64::NAN),
            Self::String(values) => values.push(None),
            Self::Timestamp(values) => values.push(None),
        }
    }

    /// Appends a run of another column's values. Says whether the types are the same and `other`
    /// has as many; else nothing is appended.
    pub fn append(&mut self, other: &Self, run: Range<usize>) -> bool {
        if run.start > run.end || run.end > other.len() {
            return false;
        }
        match (self, other) {
            (Self::Boolean(values), Self::Boolean(more)) => values.extend_from_slice(&more[run]),
            (Self::Integer(values), Self::Integer(more)) => values.extend_from_slice(&more[run]),
            (Self::Float(values), Self::Float(more)) => values.extend_from_slice(&more[run]),
            (Self::String(values), Self::String(more)) => {
                run.for_each(|row| values.push(more.get(row)));
            }
            (Self::Timestamp(values), Self::Timestamp(more)) => {
                values.extend_from_slice(&more[run]);
            }
            _ => return false,
        }
        true
    }

    /// Takes values off the end until `rows` are left.
    pub fn truncate(&mut self, rows: usize) {
        match self {
            Self::Boolean(values) => values.truncate(rows),
            Self::Integer(values) => values.truncate(rows),
            Self::Float(values) => values.truncate(rows),
            Self::String(values) => values.truncate(rows),
            Self::Timestamp(values) => values.truncate(rows),
        }
    }

    /// The column with the value at `row` replaced. Says whether `row` exists and `cell` fits.
    pub fn set(&mut self, row: usize, cell: Cell<'_>) -> bool {
        if row >= self.len() {
            return false;
        }
        match (self, cell) {
            (Self::Boolean(values), Cell::Boolean(value)) => values[row] = Some(value),
            (Self::Integer(values), Cell::Integer(value)) => values[row] = Some(value),
            (Self::Float(values), Cell::Float(value)) => values[row] = value,
            (Self::Float(values), Cell::Integer(value)) => values[row] = float(value),
            (Self::String(values), Cell::String(value)) => *values = values.replaced(row, value),
            (Self::Timestamp(values), Cell::Timestamp(value)) => values[row] = Some(value),
            _ => return false,
        }
        true
    }
}

/// Nearest float to a whole number: exact below 2^53, as every reader of JSON does.
#[allow(clippy::cast_precision_loss, reason = "the documented meaning of a number in JSON")]
pub(crate) const fn float(value: i64) -> f64 {
    value as f64
}

/// Texts one after another in one buffer: no allocation per value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringColumn {
    text: String,
    ends: Vec<End>,
}

/// Where a value ends in the text, times two, and one more when it is present: as one number it takes
/// half of the memory that is read for each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End(usize);

impl End {
    fn new(end: usize, present: bool) -> Self {
        Self((end << 1) | usize::from(present))
    }

    const fn place(self) -> usize {
        self.0 >> 1
    }

    const fn is_present(self) -> bool {
        self.0 & 1 == 1
    }
}

impl StringColumn {
    /// An empty column with room for `rows` short values.
    #[must_use]
    pub fn with_capacity(rows: usize) -> Self {
        // Codes and categories are short; longer text grows the buffer.
        const EXPECTED_BYTES: usize = 8;
        Self {
            text: String::with_capacity(rows.saturating_mul(EXPECTED_BYTES)),
            ends: Vec::with_capacity(rows),
        }
    }

    /// Appends a value.
    pub fn push(&mut self, value: Option<&str>) {
        self.text.push_str(value.unwrap_or_default());
        self.ends.push(End::new(self.text.len(), value.is_some()));
    }

    /// Takes values off the end until `rows` are left.
    pub fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows);
        self.text.truncate(self.ends.last().map_or(0, |end| end.place()));
    }

    /// The value at `row`, if there is one.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        let end = self.ends.get(row)?;
        let start = if row == 0 { 0 } else { self.ends[row - 1].place() };
        end.is_present().then(|| &self.text[start..end.place()])
    }

    /// The number of values, missing ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let start = std::mem::replace(&mut start, end.place());
            end.is_present().then(|| &self.text[start..end.place()])
        })
    }

    /// The bytes of the values in order.
    #[inline]
    pub fn iter_bytes(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let (bytes, mut start) = (self.text.as_bytes(), 0);
        self.ends.iter().map(move |end| {
            let start = std::mem::replace(&mut start, end.place());
            end.is_present().then(|| &bytes[start..end.place()])
        })
    }

    /// Whether every character is ASCII, so that each text has as many characters as bytes.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }

    /// A copy with another value at `row`: rare (a declared default), so it may cost.
    fn replaced(&self, row: usize, value: &str) -> Self {
        let values = self.iter().enumerate();
        values.map(|(at, old)| if at == row { Some(value) } else { old }).collect()
    }
}

impl<'a> FromIterator<Option<&'a str>> for StringColumn {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(values: I) -> Self {
        let mut column = Self::default();
        for value in values {
            column.push(value);
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_becomes_missing_and_is_told() {
        let mut column = Column::with_capacity(DataType::Float, 2);
        assert!(column.push(Cell::Integer(3)));
        assert!(!column.push(Cell::String("3")));
        assert_eq!(column.cell(0), Cell::Float(3.0));
        assert_eq!(column.cell(1), Cell::Missing);
    }

    #[test]
    fn empty_text_is_not_missing() {
        let column: StringColumn = [Some("JFK"), Some(""), None].into_iter().collect();
        assert_eq!(column.get(1), Some(""));
        assert_eq!(column.get(2), None);
        assert_eq!(column.get(3), None);
        assert!(column.iter_bytes().eq([Some(&b"JFK"[..]), Some(&b""[..]), None]));
        assert!(column.is_ascii());
        assert_eq!(Column::String(column).count_missing(), 1);
    }

    #[test]
    fn what_is_taken_off_the_end_is_gone() {
        let mut column = Column::String([Some("a"), Some("bc"), None].into_iter().collect());
        column.truncate(1);
        column.push(Cell::String("d"));
        let values: Vec<_> = (0..3).map(|row| column.cell(row)).collect();
        assert_eq!(values, [Cell::String("a"), Cell::String("d"), Cell::Missing]);
    }

    #[test]
    fn a_replaced_text_leaves_its_neighbours() {
        let mut column = Column::String([Some("a"), None, Some("c")].into_iter().collect());
        assert!(column.set(1, Cell::String("long")));
        let values: Vec<_> = (0..3).map(|row| column.cell(row)).collect();
        assert_eq!(values, [Cell::String("a"), Cell::String("long"), Cell::String("c")]);
    }
}
