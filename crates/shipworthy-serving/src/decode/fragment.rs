//! A part of a JSON body that is read on its own, and whose errors are told by their place in the
//! whole.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::malformed;
use super::row::Name;
use crate::Failure;

/// One JSON value of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    body: &'a [u8],
    text: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// All of a body.
    pub(super) const fn whole(body: &'a [u8]) -> Self {
        Self { body, text: body }
    }

    /// Reads the value, and makes sure that nothing follows it.
    pub(super) fn read<T: DeserializeSeed<'a>>(&self, seed: T) -> Result<T::Value, Failure> {
        let mut deserializer = serde_json::Deserializer::from_slice(self.text);
        let read = seed.deserialize(&mut deserializer);
        let read = read.and_then(|value| deserializer.end().map(|()| value));
        read.map_err(|error| self.malformed(&error))
    }

    /// Reads the value as a type.
    pub(super) fn parse<T: Deserialize<'a>>(&self) -> Result<T, Failure> {
        self.read(std::marker::PhantomData)
    }

    /// The members of an object, in their order; names may stand twice.
    pub(super) fn members(&self) -> Result<Vec<(Cow<'a, str>, Self)>, Failure> {
        let Members(members) = self.parse()?;
        let fragment = |raw: &'a RawValue| Self { body: self.body, text: raw.get().as_bytes() };
        Ok(members.into_iter().map(|(Name(name), raw)| (name, fragment(raw))).collect())
    }

    pub(super) fn is_object(&self) -> bool {
        self.text.starts_with(b"{")
    }

    pub(super) fn is_null(&self) -> bool {
        self.text == b"null"
    }

    /// An error with its place in the body.
    fn malformed(&self, error: &serde_json::Error) -> Failure {
        let start = self.text.as_ptr().addr().saturating_sub(self.body.as_ptr().addr());
        let before = self.body.get(..start).unwrap_or_default();
        let lines = before.split(|byte| *byte == b'\n');
        let (above, left) = lines.fold((0, 0), |(above, _), line| (above + 1, line.len()));
        match malformed(error) {
            Failure::Malformed { line, column, message } => Failure::Malformed {
                line: line + above - 1,
                column: if line == 1 { column + left } else { column },
                message,
            },
            other => other,
        }
    }
}

/// The members of an object.
struct Members<'a>(Vec<(Name<'a>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = entries.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_by_its_place_in_the_body() {
        let check = |body: &str, expect: (usize, usize)| {
            let members = Fragment::whole(body.as_bytes()).members().unwrap();
            let Failure::Malformed { line, column, .. } = members[0].1.parse::<bool>().unwrap_err()
            else {
                panic!("{body}")
            };
            let whole = serde_json::from_str::<std::collections::HashMap<&str, bool>>(body);
            let whole = whole.unwrap_err();
            assert_eq!((line, column), expect, "{body}");
            assert_eq!((whole.line(), whole.column()), expect, "{body}");
        };
        check("{\"a\": 57}", (1, 8));
        check("{\n \"a\":\n  57}", (3, 4));
        check("\n\n{\"a\": {\n}}", (3, 6));
    }
}
