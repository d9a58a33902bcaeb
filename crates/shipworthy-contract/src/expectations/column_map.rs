//! Expectations of every value of a column, each for itself.

use std::collections::HashMap;

use shipworthy_rows::{Cell, Column};

use super::bounds::Bounds;
use super::finding::Finding;
use super::groups::{Key, Mixed};
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::scalar::{Short, json, number};
use super::tally::{Chunk, Tally};
use super::value_check::{Read, ValueCheck};

/// An expectation of the values of a column, and what was counted of them.
#[derive(Clone, Debug)]
pub(super) struct ColumnMap {
    column: usize,
    check: ValueCheck,
    mostly: f64,
    tally: Tally,
    known: Known,
}

/// What was found of texts that came before: categories come again and again.
#[derive(Clone, Debug, Default)]
struct Known(HashMap<Key, bool, Mixed>);

impl Known {
    /// More different texts than this are no categories.
    const MAX: usize = 4096;

    fn holds(&mut self, check: &ValueCheck, cell: Cell<'_>, buffer: &mut Short) -> bool {
        let Some(key) = Key::of(cell).filter(|_| self.0.len() < Self::MAX) else {
            return check.holds(cell, buffer);
        };
        *self.0.entry(key).or_insert_with(|| check.holds(cell, buffer))
    }
}

impl ColumnMap {
    /// Binds an expectation to its column.
    ///
    /// # Errors
    /// When an argument is wrong.
    pub(super) fn read(kwargs: &mut Kwargs<'_>, read: Read) -> Result<Self, Problem> {
        let column = kwargs.column("column")?;
        let check = read(kwargs, &column)?;
        let mostly = kwargs.mostly()?;
        let (column, tally, known) = (column.index, Tally::default(), Known::default());
        Ok(Self { column, check, mostly, tally, known })
    }

    /// Judges the rows of a chunk. What is cheap has a loop of its own, so that what is expected is
    /// asked once, and not of every value.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        let column = &chunk.batch.columns()[self.column];
        let mut buffer = Short::default();
        let Self { check, tally, known, .. } = self;
        match check {
            ValueCheck::Between(Bounds::Numbers(range)) => {
                judge(tally, chunk, column, |cell| number(cell).is_some_and(|n| range.hold(n)));
            }
            ValueCheck::InSet(set) => judge(tally, chunk, column, |cell| set.holds(cell)),
            ValueCheck::NotInSet(set) => judge(tally, chunk, column, |cell| !set.holds(cell)),
            ValueCheck::Present | ValueCheck::Absent => {
                let is_expected = matches!(check, ValueCheck::Absent);
                chunk.each(column, |row, cell| {
                    tally.elements += 1;
                    if matches!(cell, Cell::Missing) != is_expected {
                        tally.unexpected(chunk.number(row), || json(cell));
                    }
                });
            }
            costly if costly.is_costly() => {
                judge(tally, chunk, column, |cell| known.holds(costly, cell, &mut buffer));
            }
            other => judge(tally, chunk, column, |cell| other.holds(cell, &mut buffer)),
        }
    }

    /// Adds what was counted of later rows.
    pub(super) fn merge(&mut self, later: Self) {
        self.tally.merge(later.tally);
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        match self.check.judges_missing() {
            true => self.tally.finish_of_all(self.mostly),
            false => self.tally.finish(self.mostly),
        }
    }
}

/// Judges the values that are there.
#[inline]
fn judge<'c>(
    tally: &mut Tally,
    chunk: &Chunk<'_>,
    column: &'c Column,
    mut holds: impl FnMut(Cell<'c>) -> bool,
) {
    let (mut elements, mut missing) = (0, 0);
    chunk.each(column, |row, cell| {
        elements += 1;
        if matches!(cell, Cell::Missing) {
            missing += 1;
        } else if !holds(cell) {
            tally.unexpected(chunk.number(row), || json(cell));
        }
    });
    tally.elements += elements;
    tally.missing += missing;
}
