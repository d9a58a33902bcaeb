//! JSON that says the same to everybody who reads it.
//!
//! RFC 8259 leaves open which of two members of one name counts, and how many digits of a number
//! do. What is signed must not depend on that.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// Why a text is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// No JSON, too deep, or a number past every bound.
    #[error("it is no JSON that can be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A name twice.
    #[error("it has `{name}` twice in one object, and one of them would be lost: leave one out")]
    Twice {
        /// The name.
        name: String,
    },
    /// A number of more digits than are read.
    #[error("its number {number} would be read as {read}: write it as text, or in fewer digits")]
    Digits {
        /// As it is written.
        number: String,
        /// As it is read.
        read: Number,
    },
}

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Value, Error> {
    // First, for it bounds the depth.
    let value = serde_json::from_str(text)?;
    check(serde_json::from_str(text)?)?;
    Ok(value)
}

fn check(json: &RawValue) -> Result<(), Error> {
    let text = json.get();
    match text.as_bytes().first() {
        Some(b'{') => check_object(text),
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text)?;
            elements.into_iter().try_for_each(check)
        }
        Some(b'-' | b'0'..=b'9') => check_number(text),
        _ => Ok(()),
    }
}

fn check_object(text: &str) -> Result<(), Error> {
    let Members(members) = serde_json::from_str(text)?;
    let mut names = BTreeSet::new();
    for (name, value) in members {
        check(value)?;
        if let Some(name) = names.replace(name) {
            return Err(Error::Twice { name });
        }
    }
    Ok(())
}

fn check_number(text: &str) -> Result<(), Error> {
    let read: Number = serde_json::from_str(text)?;
    let written = Decimal::of(text);
    match written.is_some() && written == Decimal::of(&read.to_string()) {
        true => Ok(()),
        false => Err(Error::Digits { number: text.to_owned(), read }),
    }
}

/// A number as it is written, in one spelling.
#[derive(PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    /// Without zeros at either end.
    digits: String,
    /// The power of ten of the last digit.
    exponent: i64,
}

impl Decimal {
    /// `None` for an exponent past every bound.
    fn of(number: &str) -> Option<Self> {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let unsigned = mantissa.trim_start_matches('-');
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = format!("{whole}{fraction}");
        let shortened = all.trim_end_matches('0');
        let digits = shortened.trim_start_matches('0').to_owned();
        let dropped = i64::try_from(all.len() - shortened.len()).ok()?;
        let shift = dropped - i64::try_from(fraction.len()).ok()?;
        let exponent = match digits.is_empty() {
            true => 0,
            false => exponent.parse::<i64>().ok()?.checked_add(shift)?,
        };
        Some(Self { is_negative: number.starts_with('-'), digits, exponent })
    }
}

/// The members of an object, in their order, none of them lost.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(text).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_name_stands_once_in_an_object_at_any_depth() {
        assert_eq!(refused(r#"{"a": {"b": 1}, "b": [{"a": 1}, {"a": 2}]}"#), "");
        let cases = [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#" {"x": [0, {"a": null, "b": 2, "a": {}}]}"#,
        ];
        for text in cases {
            assert!(refused(text).contains("`a` twice in one object"), "{text}");
        }
    }

    #[test]
    fn a_number_that_loses_digits_is_refused() {
        let whole = ["0", "-0", "0.0", "1", "-1.50", "1e3", "1E+3", "100e-2", "0.1", "1e23"];
        let longest = ["18446744073709551615", "-9223372036854775808", "0e99999999999999999999"];
        for number in whole.into_iter().chain(longest) {
            assert_eq!(refused(&format!("[{number}]")), "", "{number}");
        }
        let lost = [
            "12345678901234567890123",
            "18446744073709551617",
            "0.12345678901234567890123",
            "1e-400",
            "1e-99999999999999999999",
            "9007199254740993.0",
        ];
        for number in lost {
            assert!(refused(&format!(r#"{{"a": [{number}]}}"#)).contains(number), "{number}");
        }
        assert!(refused("[1e400]").contains("number out of range"));
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        for text in ["", "{", "{\"a\" 1}", "nothing", "[01]"] {
            assert!(refused(text).contains("no JSON"), "{text}");
        }
        assert!(refused(&"[".repeat(1_000_000)).contains("recursion limit"));
    }
}
