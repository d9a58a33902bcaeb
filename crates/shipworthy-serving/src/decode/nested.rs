//! The elements of one row's tensor, as nested JSON arrays, into a column.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use shipworthy_rows::{Cell, Column};

use super::cell::{CellSeed, Unfit};

/// Appends `width` values, row-major; anything else becomes as many missing values and is told.
pub(super) struct NestedSeed<'a> {
    pub(super) column: &'a mut Column,
    pub(super) width: usize,
}

impl<'de> DeserializeSeed<'de> for NestedSeed<'_> {
    type Value = Unfit;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Unfit, D::Error> {
        let mut elements = Elements { seed: self, taken: 0, unfit: None };
        (&mut elements).deserialize(deserializer)?;
        Ok(elements.finish())
    }
}

impl NestedSeed<'_> {
    /// The same from an array whose bracket was read already.
    pub(super) fn visit_seq<'de, A: SeqAccess<'de>>(self, values: A) -> Result<Unfit, A::Error> {
        let mut elements = Elements { seed: self, taken: 0, unfit: None };
        (&mut elements).visit_seq(values)?;
        Ok(elements.finish())
    }
}

struct Elements<'a> {
    seed: NestedSeed<'a>,
    taken: usize,
    unfit: Unfit,
}

impl Elements<'_> {
    fn finish(mut self) -> Unfit {
        let (found, width) = (self.taken, self.seed.width);
        for _ in found..width {
            self.seed.column.push_missing();
        }
        if found != width {
            self.unfit = Some(format!("an array of {found} values instead of {width}"));
        }
        self.unfit
    }

    fn take<E>(&mut self, read: impl FnOnce(CellSeed<'_>) -> Result<Unfit, E>) -> Result<(), E> {
        let mut beyond = Column::with_capacity(self.seed.column.data_type(), 0);
        let is_inside = self.taken < self.seed.width;
        let column = if is_inside { &mut *self.seed.column } else { &mut beyond };
        let unfit = read(CellSeed { column })?;
        self.unfit = self.unfit.take().or(unfit);
        self.taken += 1;
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
        f.write_str("nested arrays of values")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.take(|cell| cell.visit_bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.take(|cell| cell.visit_i64(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.take(|cell| cell.visit_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.take(|cell| cell.visit_f64(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.take(|cell| cell.visit_str(value))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.take(|cell| cell.visit_unit())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.take(|cell| {
            cell.column.push(Cell::Missing);
            Ok(Some("{…}".to_owned()))
        })
    }
}
