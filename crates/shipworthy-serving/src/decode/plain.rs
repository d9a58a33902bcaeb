//! The plainest of requests, read at a multiple of the speed: rows of numbers, one like the other.
//!
//! Most requests of many rows are `{"instances":[…]}` whose rows are all records of the same
//! columns in the same order, or all lists, and have nothing but numbers and `null` for columns of
//! floats. Whatever is not so, errors included, is left to the general decoder. What both can read
//! they read alike, bit for bit, which a property test compares.

use std::sync::Arc;

use shipworthy_rows::{Column, DataType, RowBatch};

use super::{Decoded, Rows};

/// Reads a body; `None` leaves it to the general decoder.
pub(super) fn decode(body: &[u8], wanted: Rows<'_>) -> Option<Decoded> {
    let fields = wanted.schema.fields();
    if fields.iter().any(|field| field.data_type != DataType::Float || field.width != 1) {
        return None;
    }
    let mut text = Text { body, at: 0 };
    [&b"{"[..], b"\"instances\"", b":", b"["].iter().try_for_each(|token| text.expect(token))?;
    let shape = Shape::of(text, wanted)?;
    let mut columns = vec![Vec::new(); fields.len()];
    let rows = shape.read_rows(&mut text, &mut columns, wanted.max_rows)?;
    text.expect(b"]")?;
    text.expect(b"}")?;
    text.skip_space();
    if text.at < body.len() {
        return None;
    }
    for column in &mut columns {
        column.resize(rows, f64::NAN);
    }
    let columns = columns.into_iter().map(Column::Float).collect();
    let batch = RowBatch::new(Arc::clone(wanted.schema), columns).ok()?;
    Some(Decoded { batch, misfits: Vec::new(), undeclared: 0 })
}

/// What every row looks like: the first one, without its values.
struct Shape<'a> {
    ends: [u8; 2],
    /// The column of each value, and what stands before it: its name, quoted.
    members: Vec<(usize, &'a [u8])>,
}

impl<'a> Shape<'a> {
    /// The shape of the row that comes next.
    fn of(mut text: Text<'a>, wanted: Rows<'_>) -> Option<Self> {
        if text.expect(b"[").is_some() {
            let members = wanted.features.iter().map(|column| (*column, &b""[..])).collect();
            return Some(Self { ends: *b"[]", members });
        }
        text.expect(b"{")?;
        let mut members: Vec<(usize, &[u8])> = Vec::new();
        loop {
            let name = text.name()?;
            let bare = std::str::from_utf8(&name[1..name.len() - 1]).ok()?;
            let column = wanted.schema.index_of(bare)?;
            if members.iter().any(|(other, _)| *other == column) {
                return None;
            }
            members.push((column, name));
            text.expect(b":")?;
            text.value()?;
            if text.expect(b",").is_none() {
                return Some(Self { ends: *b"{}", members });
            }
        }
    }

    /// Reads the rows up to the first that is not followed by another; gives their number.
    fn read_rows(
        &self,
        text: &mut Text<'_>,
        columns: &mut [Vec<f64>],
        max_rows: usize,
    ) -> Option<usize> {
        let start = text.at;
        self.read_row(text, columns)?;
        let rows_expected = (text.body.len() / (text.at - start)).min(max_rows);
        for (column, _) in &self.members {
            columns[*column].reserve(rows_expected);
        }
        let mut rows = 1;
        while text.expect(b",").is_some() {
            self.read_row(text, columns)?;
            rows += 1;
            if rows > max_rows {
                return None;
            }
        }
        Some(rows)
    }

    fn read_row(&self, text: &mut Text<'_>, columns: &mut [Vec<f64>]) -> Option<()> {
        let mut before = self.ends[0];
        for (column, name) in &self.members {
            text.expect(&[before])?;
            before = b',';
            if !name.is_empty() {
                text.expect(name)?;
                text.expect(b":")?;
            }
            columns[*column].push(text.value()?);
        }
        text.expect(&self.ends[1..])
    }
}

/// What is left of a body.
#[derive(Clone, Copy)]
struct Text<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Text<'a> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Steps over these bytes and the space before them.
    fn expect(&mut self, token: &[u8]) -> Option<()> {
        self.skip_space();
        self.body[self.at..].starts_with(token).then(|| self.at += token.len())
    }

    /// A string without escapes, quotes included.
    fn name(&mut self) -> Option<&'a [u8]> {
        self.skip_space();
        let rest = &self.body[self.at..];
        let inner = rest.strip_prefix(b"\"")?;
        let end = inner.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
        let name = inner.get(end).filter(|byte| **byte == b'"').map(|_| &rest[..end + 2])?;
        self.at += name.len();
        Some(name)
    }

    /// A number, or `null`, which is NaN.
    fn value(&mut self) -> Option<f64> {
        self.skip_space();
        if self.peek() == Some(b'n') {
            return self.expect(b"null").map(|()| f64::NAN);
        }
        let (start, is_negative) = (self.at, self.expect(b"-").is_some());
        let (mut digits, mut decimals) = (0, 0);
        let whole = self.digits(&mut digits);
        if whole == 0 || (whole > 1 && self.body[self.at - whole] == b'0') {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            decimals = self.digits(&mut digits);
            if decimals == 0 {
                return None;
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            return None;
        }
        let value = match exact(digits, whole + decimals, decimals) {
            Some(value) if is_negative => -value,
            Some(value) => value,
            // Correctly rounded, like that of the general decoder.
            None => std::str::from_utf8(&self.body[start..self.at]).ok()?.parse().ok()?,
        };
        value.is_finite().then_some(value)
    }

    /// Appends the digits that come next to a whole number; gives how many there are.
    fn digits(&mut self, number: &mut u64) -> usize {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            *number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        self.at - start
    }
}

/// The nearest float of a decimal number, given without its point, where one division of two exact
/// numbers gives it. Source: Clinger, "How to read floating point numbers accurately", 1990.
fn exact(number: u64, digits: usize, decimals: usize) -> Option<f64> {
    /// A float holds every whole number of so many digits: 10^15 < 2^53.
    const MOST: usize = 15;
    const POWERS: [f64; MOST + 1] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
    let whole = number as f64;
    (digits <= MOST).then(|| whole / POWERS[decimals])
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
