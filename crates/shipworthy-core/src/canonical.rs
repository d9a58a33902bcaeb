//! JSON with one spelling, so that equal content has equal digests.
//!
//! Keys sorted by code point, no white space, numbers as `serde_json` prints them (shortest text
//! that reads back the same). Close to RFC 8785; the difference is in the exponents of numbers.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The canonical text of a value.
///
/// # Errors
/// When the value has no JSON form (a map with keys that are no strings).
pub fn to_string<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    write(&serde_json::to_value(value)?, &mut text);
    Ok(text)
}

/// SHA-256 of bytes, as 64 hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// `serde_json`'s own map may keep insertion order (a feature that any dependency can switch on),
/// so the order is made here.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(value, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_space_do_not_matter() {
        let canonical =
            |text: &str| to_string(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
        let text = canonical(r#"{ "b": [1, 2.50, "é\n"], "a": {"y": null, "x": true} }"#);
        assert_eq!(text, r#"{"a":{"x":true,"y":null},"b":[1,2.5,"é\n"]}"#);
        assert_eq!(canonical(&text), text);
    }
}
