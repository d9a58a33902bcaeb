//! KServe V1 predict: `{"instances": [{"column": value, …}, …]}`.
//!
//! Source: KServe V1 protocol, <https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol>.
//! An instance is a record by column name (names that the schema does not have are ignored and
//! counted, names left out are missing values), or a list of the feature columns' values in their
//! order. The value of a tensor column is an array of its elements; where that column is the only
//! feature, the array alone is an instance.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use shipworthy_rows::{Column, Misfit, RowBatch};

use super::cell::CellSeed;
use super::nested::NestedSeed;
use super::{Decoded, Rows as Wanted, empty_columns, malformed};
use crate::Failure;

const HINT: &str = "send {\"instances\": [{\"column\": value, …}, …]}, one object a row, or a list \
                    of the features' values";

/// Reads a body as rows.
pub(crate) fn decode(body: &[u8], wanted: Wanted<'_>) -> Result<Decoded, Failure> {
    let max_rows = wanted.max_rows;
    let mut rows = Rows {
        wanted,
        rows: None,
        columns: empty_columns(wanted.schema, 1),
        misfits: Vec::new(),
        undeclared: 0,
        too_many: false,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = Request(&mut rows).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if rows.too_many {
        return Err(Failure::TooManyRows { limit_rows: max_rows });
    }
    read.map_err(|error| malformed(&error))?;
    let bad_request =
        |message: &str| Failure::BadRequest { message: message.to_owned(), hint: HINT };
    match rows.rows {
        None => return Err(bad_request("the body has no `instances`")),
        Some(0) => return Err(bad_request("`instances` is empty")),
        Some(_) => {}
    }
    let batch = RowBatch::new(wanted.schema.clone(), rows.columns)
        .expect("columns are made from the schema, each filled up row by row");
    Ok(Decoded { batch, misfits: rows.misfits, undeclared: rows.undeclared })
}

/// The rows read so far.
struct Rows<'a> {
    wanted: Wanted<'a>,
    /// `None` until `instances` was met.
    rows: Option<usize>,
    columns: Vec<Column>,
    misfits: Vec<Misfit>,
    undeclared: usize,
    too_many: bool,
}

/// A member's name; borrowed from the body unless it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Request<'a, 'r>(&'a mut Rows<'r>);

impl<'de> DeserializeSeed<'de> for Request<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Request<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `instances`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = entries.next_key()? {
            if name != "instances" {
                entries.next_value::<IgnoredAny>()?;
            } else if self.0.rows.is_some() {
                return Err(A::Error::custom("`instances` stands twice"));
            } else {
                self.0.rows = Some(0);
                entries.next_value_seed(Instances(self.0))?;
            }
        }
        Ok(())
    }
}

struct Instances<'a, 'r>(&'a mut Rows<'r>);

impl<'de> DeserializeSeed<'de> for Instances<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Instances<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(Instance(self.0))?.is_some() {}
        Ok(())
    }
}

struct Instance<'a, 'r>(&'a mut Rows<'r>);

impl<'de> DeserializeSeed<'de> for Instance<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Instance<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the columns of one row, or a list of its features")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let rows = self.0;
        let row = rows.begin()?;
        while let Some(Name(name)) = entries.next_key()? {
            let Some(index) = rows.wanted.schema.index_of(&name) else {
                entries.next_value::<IgnoredAny>()?;
                rows.undeclared += 1;
                continue;
            };
            let width = rows.wanted.schema.fields()[index].width;
            let column = &mut rows.columns[index];
            if column.len() > row * width {
                return Err(A::Error::custom(format_args!("`{name}` stands twice in row {row}")));
            }
            let unfit = match width {
                1 => entries.next_value_seed(CellSeed { column })?,
                _ => entries.next_value_seed(NestedSeed { column, width })?,
            };
            if let Some(found) = unfit {
                rows.misfits.push(Misfit { row, column: index, found });
            }
        }
        rows.end(row);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let rows = self.0;
        let row = rows.begin()?;
        let (features, fields) = (rows.wanted.features, rows.wanted.schema.fields());
        if let [index] = *features
            && fields[index].width > 1
        {
            let (column, width) = (&mut rows.columns[index], fields[index].width);
            if let Some(found) = (NestedSeed { column, width }).visit_seq(values)? {
                rows.misfits.push(Misfit { row, column: index, found });
            }
            rows.end(row);
            return Ok(());
        }
        for (at, &index) in features.iter().enumerate() {
            let (column, width) = (&mut rows.columns[index], fields[index].width);
            let read = match width {
                1 => values.next_element_seed(CellSeed { column })?,
                _ => values.next_element_seed(NestedSeed { column, width })?,
            };
            match read {
                Some(None) => {}
                Some(Some(found)) => rows.misfits.push(Misfit { row, column: index, found }),
                None => return Err(list_length(row, at, features.len())),
            }
        }
        let mut found = features.len();
        while values.next_element::<IgnoredAny>()?.is_some() {
            found += 1;
        }
        if found > features.len() {
            return Err(list_length(row, found, features.len()));
        }
        rows.end(row);
        Ok(())
    }
}

fn list_length<E: Error>(row: usize, found: usize, features: usize) -> E {
    E::custom(format_args!("row {row} has {found} values for {features} features"))
}

impl Rows<'_> {
    /// The number of the next row, if there may be one.
    fn begin<E: Error>(&mut self) -> Result<usize, E> {
        let row = self.rows.unwrap_or(0);
        if row == self.wanted.max_rows {
            self.too_many = true;
            return Err(E::custom("too many rows"));
        }
        Ok(row)
    }

    /// Fills up what the row left out.
    fn end(&mut self, row: usize) {
        for (field, column) in self.wanted.schema.fields().iter().zip(&mut self.columns) {
            while column.len() < (row + 1) * field.width {
                column.push_missing();
            }
        }
        self.rows = Some(row + 1);
    }
}

#[cfg(test)]
#[path = "predict_v1_tests.rs"]
mod tests;
