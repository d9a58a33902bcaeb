//! KServe V1 predict: `{"instances": [{"column": value, …}, …]}`.
//!
//! Source: KServe V1 protocol, <https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol>.
//! An instance is a record by column name; names that the schema does not have are ignored and
//! counted, names left out are missing values.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use shipworthy_rows::{Column, Misfit, RowBatch, Schema};

use super::cell::CellSeed;
use super::{Decoded, empty_columns, malformed};
use crate::Failure;

const HINT: &str = "send {\"instances\": [{\"column\": value, …}, …]}, one object a row";

/// Reads a body as rows of `schema`.
pub(crate) fn decode(
    body: &[u8],
    schema: &Arc<Schema>,
    max_rows: usize,
) -> Result<Decoded, Failure> {
    let mut rows = Rows {
        schema,
        max_rows,
        rows: None,
        columns: empty_columns(schema, 1),
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
    let batch = RowBatch::new(Arc::clone(schema), rows.columns)
        .expect("columns are made from the schema, one value a row");
    Ok(Decoded { batch, misfits: rows.misfits, undeclared: rows.undeclared })
}

/// The rows read so far.
struct Rows<'a> {
    schema: &'a Schema,
    max_rows: usize,
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
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Instance<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the columns of one row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let rows = self.0;
        let row = rows.rows.unwrap_or(0);
        if row == rows.max_rows {
            rows.too_many = true;
            return Err(A::Error::custom("too many rows"));
        }
        while let Some(Name(name)) = entries.next_key()? {
            let Some(index) = rows.schema.index_of(&name) else {
                entries.next_value::<IgnoredAny>()?;
                rows.undeclared += 1;
                continue;
            };
            let column = &mut rows.columns[index];
            if column.len() > row {
                return Err(A::Error::custom(format_args!("`{name}` stands twice in row {row}")));
            }
            if let Some(found) = entries.next_value_seed(CellSeed { column })? {
                rows.misfits.push(Misfit { row, column: index, found });
            }
        }
        for column in rows.columns.iter_mut().filter(|column| column.len() == row) {
            column.push_missing();
        }
        rows.rows = Some(row + 1);
        Ok(())
    }
}

#[cfg(test)]
#[path = "predict_v1_tests.rs"]
mod tests;
