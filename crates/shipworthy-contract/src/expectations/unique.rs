//! Expectations that no value, or row of values, comes twice.

use std::collections::hash_map::Entry;

use serde_json::Value;

use super::aside::Shared;
use super::finding::Finding;
use super::groups::{Groups, Key, MAX_GROUPS, Numbered};
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
    /// Only the values of rows that are known are still looked for.
    is_filling: bool,
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

impl Seen {
    const fn of(number: u64) -> Self {
        Self { first: number >> 1, again: number & 1 == 1 }
    }
}

impl Numbered for Seen {
    fn number(&self) -> u64 {
        (self.first << 1) | u64::from(self.again)
    }
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
        let groups = Groups::new(MAX_GROUPS);
        Ok(Self { of, mostly, tally, groups, is_first_pass: true, is_filling: false })
    }

    /// Puts aside what has no room.
    pub(super) fn put_aside_in(&mut self, scratch: Shared) {
        self.groups.put_aside_in(scratch);
    }

    /// Judges the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        if self.is_filling {
            return self.tally.fill_values(chunk, |row| self.of.json(chunk, row));
        }
        for row in chunk.rows() {
            self.tally.elements += u64::from(self.is_first_pass);
            match self.of.key(chunk, row) {
                None => self.tally.missing += u64::from(self.is_first_pass),
                Some(key) => {
                    let seen = Seen { first: chunk.number(row), again: false };
                    if let Some(entry) = self.groups.entry(key, seen.number()) {
                        count(entry, &mut self.tally, seen, Some(&|| self.of.json(chunk, row)));
                    }
                }
            }
        }
    }

    /// Adds what was seen of other rows in a first pass. Rows that only the two sides together show
    /// to be equal are reported without their value, which neither side has kept.
    pub(super) fn merge(&mut self, other: Self) {
        let Self { mut tally, mut groups, .. } = other;
        if self.groups.is_aside() || groups.is_aside() || groups.is_void() {
            self.groups.give_up();
        }
        for (key, seen) in groups.drain() {
            match self.groups.entry(key, seen.number()) {
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
        let was_aside = self.groups.is_aside();
        let tally = &mut self.tally;
        self.groups.replay(|entry, number| count(entry, tally, Seen::of(number), None));
        let was_void = self.groups.is_void();
        let again = self.groups.another_pass(rows);
        if was_void {
            self.tally.forget_unexpected();
        }
        self.is_first_pass = false;
        self.is_filling = was_aside && !was_void && !self.tally.has_values();
        again || self.is_filling
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        self.tally.finish(self.mostly)
    }
}

/// Counts a row with a value, whose text is at hand or not.
fn count(
    entry: Entry<'_, Key, Seen>,
    tally: &mut Tally,
    seen: Seen,
    value: Option<&dyn Fn() -> Value>,
) {
    let Entry::Occupied(mut place) = entry else {
        entry.insert_entry(seen);
        return;
    };
    let mut unexpected = |row| match value {
        Some(value) => tally.unexpected(row, value),
        None => tally.unexpected_row(row),
    };
    if !std::mem::replace(&mut place.get_mut().again, true) {
        unexpected(place.get().first);
    }
    // Who saw it twice has counted it.
    if !seen.again {
        unexpected(seen.first);
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
