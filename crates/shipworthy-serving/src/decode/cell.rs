//! One JSON value into a column.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use shipworthy_rows::{Cell, Column, DataType};

/// Appends one JSON value to a column; gives the value's text when it does not fit.
pub(super) struct CellSeed<'a> {
    pub(super) column: &'a mut Column,
}

/// The text of a value that does not fit its column, shortened.
pub(super) type Unfit = Option<String>;

impl<'de> DeserializeSeed<'de> for CellSeed<'_> {
    type Value = Unfit;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Unfit, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl CellSeed<'_> {
    /// A number that JSON cannot say, written as text; in a column of texts it is one.
    pub(super) fn visit_infinity<E: Error>(self, value: f64, text: &str) -> Result<Unfit, E> {
        if self.column.data_type() == DataType::String {
            return self.visit_str(text);
        }
        Ok(self.push(Cell::Float(value), || text.to_owned()))
    }

    fn push(self, cell: Cell<'_>, text: impl FnOnce() -> String) -> Unfit {
        (!self.column.push(cell)).then(text)
    }
}

impl<'de> Visitor<'de> for CellSeed<'_> {
    type Value = Unfit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Unfit, E> {
        Ok(self.push(Cell::Boolean(value), || value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Unfit, E> {
        Ok(self.push(Cell::Integer(value), || value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Unfit, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            // Beyond 64 signed bits only a float column can hold it.
            Err(_) => self.visit_f64(nearest(value)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Unfit, E> {
        let whole = if self.column.data_type() == DataType::Integer { whole(value) } else { None };
        let cell = whole.map_or(Cell::Float(value), Cell::Integer);
        Ok(self.push(cell, || value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Unfit, E> {
        let instant = match self.column.data_type() {
            DataType::Timestamp => value.parse().ok().map(Cell::Timestamp),
            _ => None,
        };
        Ok(self.push(instant.unwrap_or(Cell::String(value)), || quoted(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Unfit, E> {
        Ok(self.push(Cell::Missing, || "null".to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Unfit, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        self.column.push_missing();
        Ok(Some("[…]".to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unfit, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.column.push_missing();
        Ok(Some("{…}".to_owned()))
    }
}

/// A value as it stands in violations and records, shortened.
pub(super) fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing => "null".to_owned(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::String(value) => quoted(value),
        Cell::Timestamp(value) => quoted(&value.to_string()),
    }
}

/// A whole number written as a float, `5.0`; pandas does so to columns with missing values.
#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
fn whole(value: f64) -> Option<i64> {
    /// 2^53: above it, floats skip whole numbers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

#[allow(clippy::cast_precision_loss, reason = "the nearest float is what JSON readers take")]
const fn nearest(value: u64) -> f64 {
    value as f64
}

/// Text in quotes, shortened.
pub(super) fn quoted(value: &str) -> String {
    /// Enough to recognise a value, too little to carry a document into a record.
    const SHOWN_CHARS: usize = 64;
    serde_json::Value::from(value.chars().take(SHOWN_CHARS).collect::<String>()).to_string()
}
