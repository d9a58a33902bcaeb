//! KServe V1 predict: `{"instances": [{"column": value, …}, …]}`.
//!
//! Source: KServe V1 protocol, <https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol>.
//! An instance is a record by column name (names that the schema does not have are ignored and
//! counted, names left out are missing values), or a list of the feature columns' values in their
//! order. The value of a tensor column is an array of its elements. Where there is one feature
//! alone, its value alone is an instance.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::row::{Name, RowList, RowReader};
use super::{Decoded, Rows, malformed, plain};
use crate::Failure;

const HINT: &str = "send {\"instances\": [{\"column\": value, …}, …]}, one object a row, or a list \
                    of the features' values";

/// Reads a body as rows.
pub(crate) fn decode(body: &[u8], wanted: Rows<'_>) -> Result<Decoded, Failure> {
    plain::decode(body, wanted).map_or_else(|| decode_any(body, wanted), Ok)
}

/// Reads any body as rows.
pub(super) fn decode_any(body: &[u8], wanted: Rows<'_>) -> Result<Decoded, Failure> {
    let mut request = Request { rows: RowReader::new(wanted), has_instances: false };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = request.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    let (count, has_instances) = (request.rows.count(), request.has_instances);
    let decoded = request.rows.finish(read.map_err(|error| malformed(&error)))?;
    let bad_request =
        |message: &str| Failure::BadRequest { message: message.to_owned(), hint: HINT };
    match (has_instances, count) {
        (false, _) => Err(bad_request("the body has no `instances`")),
        (true, 0) => Err(bad_request("`instances` is empty")),
        (true, _) => Ok(decoded),
    }
}

struct Request<'a> {
    rows: RowReader<'a>,
    has_instances: bool,
}

impl<'de> DeserializeSeed<'de> for &mut Request<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Request<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `instances`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = entries.next_key()? {
            if name != "instances" {
                entries.next_value::<IgnoredAny>()?;
            } else if self.has_instances {
                return Err(A::Error::custom("`instances` stands twice"));
            } else {
                self.has_instances = true;
                entries.next_value_seed(RowList(&mut self.rows))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "predict_v1_tests.rs"]
mod tests;
