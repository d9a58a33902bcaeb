//! Reference rows: some of the rows that a model learned from, kept beside its release for what
//! needs real ones: the background of explanations, distributions to compare with.
//!
//! They are people's data, so a row can be erased, and the release stays what it is: the release
//! is signed together with a salted digest of each row, not with the rows. Without its salt a
//! digest tells nothing about a row that could be guessed.
//!
//! The file is JSON lines: `{"salt": …, "row": …}`, or `null` for a row that was erased.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shipworthy_core::Entropy;

/// Enough for a background and for quantiles; their digests fit into a statement.
pub const MAX_ROWS: usize = 512;

/// Separates these digests from every other use of SHA-256 in the product.
const DOMAIN: &[u8] = b"shipworthy reference row 1\0";

const SALT_BYTES: usize = 16;

/// Rows, each with its salt; `None` where one was erased.
#[derive(Clone, Debug)]
pub struct ReferenceRows(Vec<Option<Salted>>);

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Salted {
    /// 32 hexadecimal digits.
    salt: String,
    /// `{"row": …, "label": …}`: an object of the contract's columns, and the target as a number.
    row: Box<RawValue>,
}

/// Why reference rows are not what was signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line that is none.
    #[error("line {line} is no reference row")]
    Unreadable {
        /// The line, from 1.
        line: usize,
    },
    /// A row that was changed.
    #[error("line {line} is not the row that was signed")]
    Changed {
        /// The line, from 1.
        line: usize,
    },
    /// A row that is gone, though nobody was to be forgotten.
    #[error("line {line} is erased, and no event tells that its row was forgotten")]
    Missing {
        /// The line, from 1.
        line: u64,
    },
    /// No file.
    #[error("they are gone, and no event tells that they were removed")]
    Gone,
    /// More or fewer rows.
    #[error("there are {found} lines where {signed} were signed")]
    Count {
        /// Lines in the file.
        found: usize,
        /// Digests in the statement.
        signed: usize,
    },
    /// A statement that lists no digests.
    #[error("the statement about them lists no digests")]
    Statement,
}

impl Salted {
    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(self.salt.as_bytes());
        hash.update(self.row.get().as_bytes());
        hex::encode(hash.finalize())
    }
}

/// A line of the file.
fn written(row: &Option<Salted>) -> Vec<u8> {
    let mut text = serde_json::to_vec(row).expect("strings have a JSON form");
    text.push(b'\n');
    text
}

impl ReferenceRows {
    /// Rows, each with a fresh salt.
    #[must_use]
    pub fn new(rows: &[Value], entropy: &dyn Entropy) -> Self {
        let salted = rows.iter().map(|row| {
            let mut salt = [0; SALT_BYTES];
            entropy.fill(&mut salt);
            let row = serde_json::value::to_raw_value(row).expect("JSON has a JSON form");
            Some(Salted { salt: hex::encode(salt), row })
        });
        Self(salted.collect())
    }

    /// Reads the file, whose lines have one spelling: a byte that was changed is found even where
    /// JSON would read the same.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn read(contents: &[u8]) -> Result<Self, Error> {
        let lines = contents.split_inclusive(|byte| *byte == b'\n').enumerate();
        let rows = lines.map(|(line, text)| {
            let row = serde_json::from_slice(text).ok().filter(|row| written(row) == text);
            row.ok_or(Error::Unreadable { line: line + 1 })
        });
        rows.collect::<Result<_, _>>().map(Self)
    }

    /// The file.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        self.0.iter().flat_map(written).collect()
    }

    /// What is signed: the digest of each row.
    #[must_use]
    pub fn predicate(&self) -> Value {
        let digests = self.0.iter().flatten().map(Salted::digest);
        json!({ "salted_sha256": digests.collect::<Vec<_>>() })
    }

    /// Whether each row that is there is the one that was signed.
    ///
    /// # Errors
    /// With the first line that is not.
    pub fn check(&self, predicate: &Value) -> Result<(), Error> {
        let signed = predicate["salted_sha256"].as_array().ok_or(Error::Statement)?;
        let (found, count) = (self.0.len(), signed.len());
        if found != count {
            return Err(Error::Count { found, signed: count });
        }
        for (line, (row, signed)) in self.0.iter().zip(signed).enumerate() {
            let Some(row) = row else { continue };
            if signed.as_str() != Some(&row.digest()) {
                return Err(Error::Changed { line: line + 1 });
            }
        }
        Ok(())
    }

    /// Whether each row that is not there was forgotten: `forgotten` are the lines, from 1.
    ///
    /// # Errors
    /// With the first line that was not.
    pub fn check_missing(&self, forgotten: &BTreeSet<u64>) -> Result<(), Error> {
        let mut missing = (1..).zip(&self.0).filter(|(_, row)| row.is_none());
        match missing.find(|(line, _)| !forgotten.contains(line)) {
            Some((line, _)) => Err(Error::Missing { line }),
            None => Ok(()),
        }
    }

    /// Rows that are there, and all that there were.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        (self.0.iter().flatten().count(), self.0.len())
    }

    /// Erases the rows whose `column` is written as `value`; gives their lines, from 1.
    pub fn erase(&mut self, column: &str, value: &str) -> Vec<usize> {
        let is_meant = |row: &Salted| match serde_json::from_str::<Value>(row.row.get()) {
            Ok(row) => match &row["row"][column] {
                Value::Null => false,
                Value::String(text) => text == value,
                Value::Bool(flag) => value.parse() == Ok(*flag),
                // 6 and 6.0 are one number.
                Value::Number(number) => value.parse::<f64>().ok().is_some_and(|value| {
                    number.as_f64().is_some_and(|number| number.total_cmp(&value).is_eq())
                }),
                Value::Array(_) | Value::Object(_) => false,
            },
            Err(_) => false,
        };
        let mut erased = Vec::new();
        for (line, row) in self.0.iter_mut().enumerate() {
            if row.as_ref().is_some_and(is_meant) {
                *row = None;
                erased.push(line + 1);
            }
        }
        erased
    }

    /// The columns that rows have, those of the contract.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let first = self.0.iter().flatten().next();
        let row = first.and_then(|row| serde_json::from_str::<Value>(row.row.get()).ok());
        let object = row.and_then(|row| row["row"].as_object().cloned()).unwrap_or_default();
        object.into_iter().map(|(name, _)| name).collect()
    }

    /// Erases every row; gives their lines, from 1.
    pub fn erase_all(&mut self) -> Vec<usize> {
        let there = (1..).zip(&self.0).filter(|(_, row)| row.is_some());
        let lines = there.map(|(line, _)| line).collect();
        self.0.iter_mut().for_each(|row| *row = None);
        lines
    }
}

#[cfg(test)]
mod tests {
    use shipworthy_core::SeededEntropy;

    use super::*;

    fn row(card: &str, n: i64) -> Value {
        json!({"row": {"card": card, "n": n}, "label": 0.0})
    }

    fn rows() -> ReferenceRows {
        let rows = [row("a", 1), row("b", 2), json!({"row": {"n": 2}})];
        ReferenceRows::new(&rows, &SeededEntropy::new(1))
    }

    #[test]
    fn a_person_can_be_forgotten_and_the_rest_still_holds() {
        let mut kept = rows();
        let signed = kept.predicate();
        assert_eq!(kept.erase("card", "b"), [2]);
        assert_eq!(kept.erase("card", "b"), [0; 0]);
        let read = ReferenceRows::read(&kept.write()).unwrap();
        read.check(&signed).unwrap();
        assert_eq!(read.count(), (2, 3));
        assert!(!String::from_utf8(kept.write()).unwrap().contains("\"b\""));
        assert_eq!(kept.erase("n", "2"), [3]);
        assert_eq!(kept.erase_all(), [1]);
        kept.check(&signed).unwrap();
    }

    #[test]
    fn only_rows_that_were_forgotten_may_be_missing() {
        let mut kept = rows();
        kept.check_missing(&BTreeSet::new()).unwrap();
        kept.erase("card", "b");
        kept.check_missing(&BTreeSet::from([2])).unwrap();
        kept.erase_all();
        let missing = kept.check_missing(&BTreeSet::from([1, 2]));
        assert!(matches!(missing, Err(Error::Missing { line: 3 })));
    }

    #[test]
    fn a_row_that_was_not_signed_is_found() {
        let signed = rows().predicate();
        let text = String::from_utf8(rows().write()).unwrap();
        let check = |text: &str| ReferenceRows::read(text.as_bytes())?.check(&signed);
        check(&text).unwrap();
        let changed = check(&text.replace("\"b\"", "\"c\""));
        assert!(matches!(changed, Err(Error::Changed { line: 2 })));
        assert!(matches!(check(&text[1..]), Err(Error::Unreadable { line: 1 })));
        assert!(matches!(check(&text[..text.len() - 1]), Err(Error::Unreadable { line: 3 })));
        assert!(matches!(check("null\n"), Err(Error::Count { found: 1, signed: 3 })));
        assert!(matches!(check(""), Err(Error::Count { found: 0, signed: 3 })));
        let respelled = text.replacen("\n", "\r\n", 1);
        assert!(matches!(check(&respelled), Err(Error::Unreadable { line: 1 })));
        let respelled = text.replacen("\"salt\":", "\"salt\": ", 1);
        assert!(matches!(check(&respelled), Err(Error::Unreadable { line: 1 })));
        let other = ReferenceRows::new(&[json!({"card": "a"})], &SeededEntropy::new(2));
        assert!(matches!(other.check(&json!({})), Err(Error::Statement)));
    }
}
