//! Expectations of every value of a column, each for itself.

use std::collections::HashMap;

use shipworthy_rows::{Cell, Column};

use super::bounds::Bounds;
use super::finding::Finding;
use super::groups::{Key, Mixed};
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::scalar::json;
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

    fn holds(&mut self, check: &ValueCheck, cell: Cell<'_>, buffer: &mut String) -> bool {
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

    /// Judges the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        let column = &chunk.batch.columns()[self.column];
        match (&self.check, column, chunk.selected) {
            (ValueCheck::Between(Bounds::Numbers(range)), Column::Float(values), None) => {
                let range = *range;
                self.see_floats(values, chunk, |value| range.hold(value));
            }
            _ => self.see_cells(column, chunk),
        }
    }

    fn see_floats(&mut self, values: &[f64], chunk: &Chunk<'_>, holds: impl Fn(f64) -> bool) {
        self.tally.elements += values.len() as u64;
        for (row, value) in values.iter().enumerate() {
            if holds(*value) {
                continue;
            }
            match value.is_nan() {
                true => self.tally.missing += 1,
                false => self.tally.unexpected(chunk.number(row), || json(Cell::Float(*value))),
            }
        }
    }

    fn see_cells(&mut self, column: &Column, chunk: &Chunk<'_>) {
        let mut buffer = String::new();
        let (judges_missing, is_costly) = (self.check.judges_missing(), self.check.is_costly());
        for row in chunk.rows() {
            let cell = column.cell(row);
            self.tally.elements += 1;
            if matches!(cell, Cell::Missing) && !judges_missing {
                self.tally.missing += 1;
                continue;
            }
            let holds = match is_costly {
                true => self.known.holds(&self.check, cell, &mut buffer),
                false => self.check.holds(cell, &mut buffer),
            };
            if !holds {
                self.tally.unexpected(chunk.number(row), || json(cell));
            }
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
