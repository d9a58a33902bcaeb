//! Columns of JSON, each a list of the values of all rows: `{"column": [value, …], …}`.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use shipworthy_rows::{Column, Misfit, RowBatch};

use super::nested::ValueSeed;
use super::{Decoded, Rows, empty_columns};
use crate::Failure;

/// The columns read so far.
pub(super) struct ColumnReader<'a> {
    wanted: Rows<'a>,
    columns: Vec<Column>,
    told: Vec<bool>,
    misfits: Vec<Misfit>,
    undeclared: usize,
    /// The rows of the first column that was told.
    rows: Option<usize>,
}

impl<'a> ColumnReader<'a> {
    pub(super) fn new(wanted: Rows<'a>) -> Self {
        Self {
            wanted,
            columns: empty_columns(wanted.schema, 1),
            told: vec![false; wanted.schema.len()],
            misfits: Vec::new(),
            undeclared: 0,
            rows: None,
        }
    }

    /// Where the list of a column goes; `None` when the schema has no such column, whose values
    /// are counted by [`Self::count_undeclared`].
    pub(super) fn list(&mut self, name: &str) -> Option<List<'_, 'a>> {
        let index = self.wanted.schema.index_of(name)?;
        Some(List { index, name: name.to_owned(), reader: self })
    }

    pub(super) fn count_undeclared(&mut self, values: usize) {
        self.undeclared += values;
    }

    /// Whether a list met the limit of rows.
    pub(super) fn is_too_long(&self) -> bool {
        self.rows.is_some_and(|rows| rows > self.wanted.max_rows)
    }

    /// What was read; `None` when there are no rows.
    pub(super) fn finish(mut self) -> Result<Option<Decoded>, Failure> {
        let Some(rows) = self.rows.filter(|rows| *rows > 0) else { return Ok(None) };
        if self.is_too_long() {
            return Err(Failure::TooManyRows { limit_rows: self.wanted.max_rows });
        }
        for (column, field) in self.columns.iter_mut().zip(self.wanted.schema.fields()) {
            while column.len() < rows * field.width {
                column.push_missing();
            }
        }
        self.misfits.sort_by_key(|misfit| (misfit.row, misfit.column));
        let batch = RowBatch::new(Arc::clone(self.wanted.schema), self.columns)
            .expect("columns are made from the schema, and the lists are of one length");
        Ok(Some(Decoded { batch, misfits: self.misfits, undeclared: self.undeclared }))
    }
}

/// The list of one column.
pub(super) struct List<'r, 'a> {
    index: usize,
    name: String,
    reader: &'r mut ColumnReader<'a>,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of the values of `{}`", self.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let Self { index, name, reader } = self;
        if std::mem::replace(&mut reader.told[index], true) {
            return Err(A::Error::custom(format_args!("`{name}` stands twice")));
        }
        let (column, width) =
            (&mut reader.columns[index], reader.wanted.schema.fields()[index].width);
        let mut row = 0;
        while let Some(unfit) =
            values.next_element_seed(ValueSeed { column: &mut *column, width })?
        {
            if let Some(found) = unfit {
                reader.misfits.push(Misfit { row, column: index, found });
            }
            row += 1;
            if row > reader.wanted.max_rows {
                reader.rows = Some(row);
                return Err(A::Error::custom("too many rows"));
            }
        }
        match *reader.rows.get_or_insert(row) {
            rows if rows == row => Ok(()),
            rows => Err(A::Error::custom(format_args!(
                "`{name}` has {row} values, but another column {rows}"
            ))),
        }
    }
}
