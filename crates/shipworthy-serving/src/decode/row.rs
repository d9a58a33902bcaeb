//! Rows of JSON into columns, one at a time: what every protocol of rows is made of.
//!
//! A row is a record by column name, or a list of values in a given order. Of a tensor column the
//! value is a list, nested or not, of exactly its elements, row-major.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use shipworthy_rows::{Column, Field, Misfit, RowBatch, Schema};

use super::nested::{TensorSeed, ValueSeed};
use super::{Decoded, Rows, empty_columns};
use crate::Failure;

/// The rows read so far.
pub(super) struct RowReader<'a> {
    wanted: Rows<'a>,
    count: usize,
    columns: Vec<Column>,
    misfits: Vec<Misfit>,
    undeclared: usize,
    too_many: bool,
    order: Order<'a>,
    /// The columns of the last record in its order, which the next one most likely repeats.
    last: Vec<usize>,
    /// Whether a row may be a list, or a bare value where there is one column for it.
    lists: bool,
}

/// What stands in a list, in this order.
enum Order<'a> {
    /// The release's features.
    Features(&'a [usize]),
    /// Columns by name; `None` is one that the schema does not have.
    Named(Vec<Option<usize>>),
}

impl Order<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Features(columns) => columns.len(),
            Self::Named(columns) => columns.len(),
        }
    }

    fn column(&self, at: usize) -> Option<usize> {
        match self {
            Self::Features(columns) => columns.get(at).copied(),
            Self::Named(columns) => columns.get(at).copied().flatten(),
        }
    }
}

/// A member's name; borrowed from the body unless it has escapes.
#[derive(Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<'a> RowReader<'a> {
    /// No rows yet; a list has the features in their order.
    pub(super) fn new(wanted: Rows<'a>) -> Self {
        Self {
            wanted,
            count: 0,
            columns: empty_columns(wanted.schema, 1),
            misfits: Vec::new(),
            undeclared: 0,
            too_many: false,
            order: Order::Features(wanted.features),
            last: Vec::new(),
            lists: true,
        }
    }

    /// Rows that are records and nothing else.
    pub(super) fn records(wanted: Rows<'a>) -> Self {
        Self { lists: false, ..Self::new(wanted) }
    }

    /// Rows whose lists have these columns.
    pub(super) fn ordered(wanted: Rows<'a>, order: Vec<Option<usize>>) -> Self {
        Self { order: Order::Named(order), ..Self::new(wanted) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What was read; of a reading that met the limit of rows, that.
    pub(super) fn finish(self, read: Result<(), Failure>) -> Result<Decoded, Failure> {
        if self.too_many {
            return Err(Failure::TooManyRows { limit_rows: self.wanted.max_rows });
        }
        read?;
        let batch = RowBatch::new(Arc::clone(self.wanted.schema), self.columns)
            .expect("columns are made from the schema, each filled up row by row");
        Ok(Decoded { batch, misfits: self.misfits, undeclared: self.undeclared })
    }

    fn begin<E: Error>(&mut self) -> Result<(), E> {
        if self.count == self.wanted.max_rows {
            self.too_many = true;
            return Err(E::custom("too many rows"));
        }
        Ok(())
    }

    /// Columns that were not told have no value in this row.
    fn end(&mut self) {
        let row = self.count;
        for (column, field) in self.columns.iter_mut().zip(self.wanted.schema.fields()) {
            if column.len() == row * field.width {
                (0..field.width).for_each(|_| column.push_missing());
            }
        }
        self.count = row + 1;
    }

    fn told(&mut self, column: usize, unfit: Option<String>) {
        if let Some(found) = unfit {
            self.misfits.push(Misfit { row: self.count, column, found });
        }
    }

    /// The only column that a list has, and where it goes.
    fn only(&self) -> Option<(usize, &'a Field)> {
        let index = self.order.column(0).filter(|_| self.order.len() == 1)?;
        Some((index, &self.wanted.schema.fields()[index]))
    }

    fn record<'de, A: MapAccess<'de>>(&mut self, mut entries: A) -> Result<(), A::Error> {
        let schema: &Schema = self.wanted.schema;
        let (row, mut at) = (self.count, 0);
        let key = |likely| ColumnKey { schema, likely };
        while let Some(index) = entries.next_key_seed(key(self.last.get(at).copied()))? {
            let Some(index) = index else {
                entries.next_value::<IgnoredAny>()?;
                self.undeclared += 1;
                continue;
            };
            let (column, Field { name, width, .. }) =
                (&mut self.columns[index], &schema.fields()[index]);
            if column.len() > row * width {
                return Err(A::Error::custom(format_args!("`{name}` stands twice in row {row}")));
            }
            let unfit = entries.next_value_seed(ValueSeed { column, width: *width })?;
            self.told(index, unfit);
            match self.last.get_mut(at) {
                Some(last) => *last = index,
                None => self.last.push(index),
            }
            at += 1;
        }
        Ok(())
    }

    fn list<'de, A: SeqAccess<'de>>(&mut self, mut values: A) -> Result<(), A::Error> {
        if let Some((index, Field { width: width @ 2.., .. })) = self.only() {
            // The one tensor itself, or a list of it: both have the same elements.
            let column = &mut self.columns[index];
            let unfit = TensorSeed { column, width: *width }.visit_seq(values)?;
            self.told(index, unfit);
            return Ok(());
        }
        let expected = self.order.len();
        for at in 0..expected {
            let told = match self.order.column(at) {
                Some(index) => {
                    let width = self.wanted.schema.fields()[index].width;
                    let column = &mut self.columns[index];
                    let unfit = values.next_element_seed(ValueSeed { column, width })?;
                    unfit.map(|unfit| self.told(index, unfit))
                }
                None => {
                    self.undeclared += 1;
                    values.next_element::<IgnoredAny>()?.map(|_| ())
                }
            };
            if told.is_none() {
                return Err(self.wrong_length(at));
            }
        }
        let mut found = expected;
        while values.next_element::<IgnoredAny>()?.is_some() {
            found += 1;
        }
        if found == expected { Ok(()) } else { Err(self.wrong_length(found)) }
    }

    fn wrong_length<E: Error>(&self, found: usize) -> E {
        let (row, expected) = (self.count, self.order.len());
        let of = if matches!(self.order, Order::Features(_)) { "features" } else { "columns" };
        E::custom(format_args!("row {row} has {found} values for {expected} {of}"))
    }
}

/// A member's name, as the position of its column.
struct ColumnKey<'a> {
    schema: &'a Schema,
    /// Where it is looked for first.
    likely: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for ColumnKey<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for ColumnKey<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let is_it = |index: &usize| *self.schema.fields()[*index].name == *name;
        Ok(self.likely.filter(is_it).or_else(|| self.schema.index_of(name)))
    }
}

/// An array of rows.
pub(super) struct RowList<'a, 'r>(pub(super) &'a mut RowReader<'r>);

impl<'de> DeserializeSeed<'de> for RowList<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowList<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(Row(self.0))?.is_some() {}
        Ok(())
    }
}

struct Row<'a, 'r>(&'a mut RowReader<'r>);

impl<'de> DeserializeSeed<'de> for Row<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Row<'_, '_> {
    /// A bare value, where a list would have just one.
    fn bare<'de, D: Deserializer<'de>>(
        self,
        found: Unexpected<'_>,
        value: D,
    ) -> Result<(), D::Error> {
        let Some((index, field)) = self.0.only().filter(|_| self.0.lists) else {
            return Err(D::Error::invalid_type(found, &self));
        };
        let rows = self.0;
        rows.begin()?;
        let (column, width) = (&mut rows.columns[index], field.width);
        let unfit = ValueSeed { column, width }.deserialize(value)?;
        rows.told(index, unfit);
        rows.end();
        Ok(())
    }
}

impl<'de> Visitor<'de> for Row<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the columns of one row")?;
        if self.0.lists { f.write_str(", or a list of its values") } else { Ok(()) }
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        self.0.begin()?;
        self.0.record(entries)?;
        self.0.end();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<(), A::Error> {
        if !self.0.lists {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        self.0.begin()?;
        self.0.list(values)?;
        self.0.end();
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.bare(Unexpected::Unit, ().into_deserializer())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.bare(Unexpected::Bool(value), value.into_deserializer())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.bare(Unexpected::Signed(value), value.into_deserializer())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.bare(Unexpected::Unsigned(value), value.into_deserializer())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.bare(Unexpected::Float(value), value.into_deserializer())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.bare(Unexpected::Str(value), value.into_deserializer())
    }
}
