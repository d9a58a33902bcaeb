//! One JSON value into a column of any width: a scalar, or a list of a tensor's elements.
//!
//! The list may be nested in any way and stands for its elements in row-major order. A list with
//! another number of elements, or with one of another type, is a misfit as a whole.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use shipworthy_rows::{Column, is_missing_text};

use super::cell::{CellSeed, Unfit, quoted};

/// Appends the value of one row: `width` elements.
pub(super) struct ValueSeed<'a> {
    pub(super) column: &'a mut Column,
    pub(super) width: usize,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Unfit;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Unfit, D::Error> {
        let Self { column, width } = self;
        match width {
            1 => CellSeed { column }.deserialize(deserializer),
            _ => deserializer.deserialize_any(TensorSeed { column, width }),
        }
    }
}

impl ValueSeed<'_> {
    /// The same from text that should be JSON; empty text is a missing value.
    pub(super) fn read_text(self, text: &str) -> Unfit {
        let Self { column, width } = self;
        let start = column.len();
        let text = if is_missing_text(text) { "null" } else { text };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let seed = ValueSeed { column: &mut *column, width };
        let read = seed.deserialize(&mut deserializer);
        match read.and_then(|unfit| deserializer.end().map(|()| unfit)) {
            Ok(unfit) => unfit,
            Err(_) => {
                column.truncate(start);
                (0..width).for_each(|_| column.push_missing());
                Some(quoted(text))
            }
        }
    }
}

/// Appends the elements of one tensor.
pub(super) struct TensorSeed<'a> {
    pub(super) column: &'a mut Column,
    pub(super) width: usize,
}

impl TensorSeed<'_> {
    /// In the place of what is no such tensor.
    fn missing(self, unfit: Unfit) -> Unfit {
        (0..self.width).for_each(|_| self.column.push_missing());
        unfit
    }
}

impl<'de> Visitor<'de> for TensorSeed<'_> {
    type Value = Unfit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {} values", self.width)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Unfit, A::Error> {
        let start = self.column.len();
        let mut elements = Elements { column: self.column, width: self.width, count: 0, bad: None };
        while values.next_element_seed(&mut elements)?.is_some() {}
        let (count, bad) = (elements.count, elements.bad.take());
        let unfit = match bad {
            Some(element) => element,
            None if count == self.width => return Ok(None),
            None => format!("an array of {count} values instead of {}", self.width),
        };
        self.column.truncate(start);
        Ok(self.missing(Some(unfit)))
    }

    fn visit_unit<E: Error>(self) -> Result<Unfit, E> {
        Ok(self.missing(None))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Unfit, E> {
        Ok(self.missing(Some(value.to_string())))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Unfit, E> {
        Ok(self.missing(Some(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Unfit, E> {
        Ok(self.missing(Some(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Unfit, E> {
        Ok(self.missing(Some(value.to_string())))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Unfit, E> {
        Ok(self.missing(Some(quoted(value))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unfit, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.missing(Some("{…}".to_owned())))
    }
}

/// The elements of one tensor so far.
struct Elements<'a> {
    column: &'a mut Column,
    width: usize,
    count: usize,
    /// The first one that does not fit.
    bad: Unfit,
}

impl Elements<'_> {
    fn push<E>(&mut self, cell: impl FnOnce(CellSeed<'_>) -> Result<Unfit, E>) -> Result<(), E> {
        self.count += 1;
        if self.count <= self.width && self.bad.is_none() {
            self.bad = cell(CellSeed { column: &mut *self.column })?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.push(|cell| cell.visit_unit())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(|cell| cell.visit_bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.push(|cell| cell.visit_i64(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.push(|cell| cell.visit_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.push(|cell| cell.visit_f64(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.push(|cell| cell.visit_str(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.bad.get_or_insert_with(|| "{…}".to_owned());
        Ok(())
    }
}
