//! YAML, as far as programs write it for programs, into JSON's values.
//!
//! Aliases and tags are refused, which closes the way to documents that unfold to more than their
//! text and to objects of other programs; so are keys that stand twice or are no text.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use serde_json::{Map, Number, Value};

/// Deeper than anything that is written by MLflow.
const MAX_DEPTH: usize = 32;

/// Why a text is not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not UTF-8.
    #[error("it is no text")]
    NoText,
    /// Not YAML.
    #[error("it is no YAML")]
    Syntax(#[from] ScanError),
    /// YAML that is not read.
    #[error("line {line}: {what} is not read")]
    NotRead {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        what: &'static str,
    },
}

/// Reads a document.
pub(super) fn read(text: &[u8]) -> Result<Value, Error> {
    let text = std::str::from_utf8(text).map_err(|_| Error::NoText)?;
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        let not_read = |what| Error::NotRead { line: span.start.line(), what };
        reader.take(event).map_err(not_read)?;
    }
    Ok(reader.document.unwrap_or_default())
}

/// A list or a mapping that is not closed yet.
enum Open {
    List(Vec<Value>),
    /// The members, and the key whose value is waited for.
    Mapping(Map<String, Value>, Option<String>),
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    document: Option<Value>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Alias(_) => Err("an alias"),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => Err("a tag"),
            Event::Scalar(text, style, ..) => self.close(scalar(&text, style)),
            Event::SequenceStart(..) => self.begin(Open::List(Vec::new())),
            Event::MappingStart(..) => self.begin(Open::Mapping(Map::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(values)) => self.close(values.into()),
                Some(Open::Mapping(members, _)) => self.close(members.into()),
                None => Err("an end without a beginning"),
            },
            Event::DocumentStart(_) if self.document.is_some() => Err("a second document"),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, open: Open) -> Result<(), &'static str> {
        if self.open.len() >= MAX_DEPTH {
            return Err("something that lies so deep");
        }
        self.open.push(open);
        Ok(())
    }

    /// Puts a whole value where it belongs.
    fn close(&mut self, value: Value) -> Result<(), &'static str> {
        match self.open.last_mut() {
            None => self.document = Some(value),
            Some(Open::List(values)) => values.push(value),
            Some(Open::Mapping(members, key)) => match (key.take(), value) {
                (Some(key), value) => {
                    members.insert(key, value);
                }
                (None, Value::String(text)) if members.contains_key(&text) => {
                    return Err("a key that stands twice");
                }
                (None, Value::String(text)) => *key = Some(text),
                (None, Value::Array(_) | Value::Object(_)) => return Err("a key that is no text"),
                (None, plain) => *key = Some(plain.to_string()),
            },
        }
        Ok(())
    }
}

/// By the core schema of YAML 1.2, without its octal and hexadecimal numbers.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => {
            let is_numeric = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
            let whole = text.parse::<i64>().ok().map(Number::from);
            let number = whole.or_else(|| Number::from_f64(text.parse().ok()?));
            number.filter(|_| is_numeric).map_or_else(|| text.into(), Value::Number)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_programs_write_is_read() {
        let text = "a:\n  - 1\n  - 2.5\n  - '3'\n  - null\nb: {c: true, 7: x}\nd: '[{\"type\":\n  \
                    \"long\"}]'\ne: 2026-11-24 19:58\nf: \"é\\n\"\ng:\n";
        let expected = json!({
            "a": [1, 2.5, "3", null], "b": {"c": true, "7": "x"}, "d": "[{\"type\": \"long\"}]",
            "e": "2026-11-24 19:58", "f": "é\n", "g": null,
        });
        assert_eq!(read(text.as_bytes()).unwrap(), expected);
        assert_eq!(read(b"").unwrap(), Value::Null);
    }

    #[test]
    fn what_could_unfold_or_mislead_is_refused_with_its_line() {
        for (text, expected) in [
            ("a: &x 1\nb: *x\n", "line 2: an alias is not read"),
            ("a: !!python/object:os.system x\n", "line 1: a tag is not read"),
            ("a: 1\nb: 2\na: 3\n", "line 3: a key that stands twice is not read"),
            ("? [a]\n: 1\n", "line 1: a key that is no text is not read"),
            ("a: 1\n---\nb: 2\n", "line 2: a second document is not read"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err().to_string(), expected, "{text}");
        }
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(matches!(read(deep.as_bytes()), Err(Error::NotRead { .. })));
        assert!(read(&"[".repeat(1 << 20).into_bytes()).is_err());
        assert!(matches!(read(b"a: [1\n"), Err(Error::Syntax(_))));
        assert!(matches!(read(b"\xff"), Err(Error::NoText)));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[-a-c:\\[\\]{},&*!#|>'\"%@`?~ \n\t0-9é]{0,60}") {
            let _ = read(text.as_bytes());
        }
    }
}
