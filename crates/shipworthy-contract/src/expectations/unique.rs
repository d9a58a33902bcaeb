//! Expectations that no value, or row of values, comes twice.

use std::collections::hash_map::Entry;

use serde_json::Value;

use super::finding::Finding;
use super::groups::{Groups, Key, MAX_GROUPS};
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::record::Columns;
use super::scalar::json;
use super::tally::{Chunk, Tally};

/// That values are unique. Every member of a group of equal ones is unexpected.
#[derive(Clone, Debug)]
pub(super) struct Unique {
    of: Of,
    mostly: f64,
    tally: Tally,
    groups: Groups<Seen>,
    is_first_pass: bool,
}

/// What is unique.
#[derive(Clone, Debug)]
enum Of {
    Column(usize),
    Columns(Columns),
}

/// Where a value came first, and whether it came again.
#[derive(Clone, Copy, Debug)]
struct Seen {
    first: u64,
    again: bool,
}

impl Unique {
    /// Of a column's values.
    ///
    /// # Errors
    /// When an argument is wrong.
    pub(super) fn column(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let of = Of::Column(kwargs.column("column")?.index);
        Self::new(kwargs, of)
    }

    /// Of several columns together.
    ///
    /// # Errors
    /// When an argument is wrong.
    pub(super) fn columns(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let of = Of::Columns(Columns::list(kwargs)?);
        Self::new(kwargs, of)
    }

    fn new(kwargs: &mut Kwargs<'_>, of: Of) -> Result<Self, Problem> {
        let (mostly, tally) = (kwargs.mostly()?, Tally::default());
        Ok(Self { of, mostly, tally, groups: Groups::new(MAX_GROUPS), is_first_pass: true })
    }

    /// Judges the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        for row in chunk.rows() {
            self.tally.elements += u64::from(self.is_first_pass);
            match self.of.key(chunk, row) {
                None => self.tally.missing += u64::from(self.is_first_pass),
                Some(key) => {
                    let value = || self.of.json(chunk, row);
                    count(&mut self.groups, &mut self.tally, key, chunk.number(row), value);
                }
            }
        }
    }

    /// Adds what was seen of other rows in a first pass. Rows that only the two sides together show
    /// to be equal are reported without their value, which neither side has kept.
    pub(super) fn merge(&mut self, other: Self) {
        let Self { mut tally, mut groups, .. } = other;
        for (key, seen) in groups.drain() {
            match self.groups.entry(key) {
                None => {}
                Some(Entry::Vacant(place)) => {
                    place.insert(seen);
                }
                Some(Entry::Occupied(mut place)) => {
                    let here = place.get_mut();
                    for one in [&*here, &seen] {
                        if !one.again {
                            tally.unexpected_row(one.first);
                        }
                    }
                    *here = Seen { first: here.first.min(seen.first), again: true };
                }
            }
        }
        self.tally.merge(tally);
    }

    /// Whether the rows must be read again.
    pub(super) fn another_pass(&mut self, rows: u64) -> bool {
        let was_void = self.groups.is_void();
        let again = self.groups.another_pass(rows);
        if was_void {
            self.tally.forget_unexpected();
        }
        self.is_first_pass = false;
        again
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        self.tally.finish(self.mostly)
    }
}

fn count(
    groups: &mut Groups<Seen>,
    tally: &mut Tally,
    key: Key,
    row: u64,
    value: impl Fn() -> Value,
) {
    match groups.entry(key) {
        None => {}
        Some(Entry::Vacant(place)) => {
            place.insert(Seen { first: row, again: false });
        }
        Some(Entry::Occupied(mut place)) => {
            let seen = place.get_mut();
            if !seen.again {
                seen.again = true;
                tally.unexpected(seen.first, &value);
            }
            tally.unexpected(row, value);
        }
    }
}

impl Of {
    fn key(&self, chunk: &Chunk<'_>, row: usize) -> Option<Key> {
        match self {
            Self::Column(column) => Key::of(chunk.batch.columns()[*column].cell(row)),
            Self::Columns(columns) => (!columns.ignore(chunk.batch, row))
                .then(|| Key::of_row(columns.cells(chunk.batch, row))),
        }
    }

    fn json(&self, chunk: &Chunk<'_>, row: usize) -> Value {
        match self {
            Self::Column(column) => json(chunk.batch.columns()[*column].cell(row)),
            Self::Columns(columns) => columns.json(chunk.batch, row),
        }
    }
}
