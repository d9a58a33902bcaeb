//! Expectations of the order of a column's values.

use shipworthy_rows::{Cell, DataType};

use super::finding::Finding;
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::scalar::{Scalar, compare, json};
use super::tally::{Chunk, Tally};

/// That values grow, or shrink, from row to row. A missing value is passed over.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    column: usize,
    grows: bool,
    strictly: bool,
    mostly: f64,
    tally: Tally,
    /// The first value with its row, and the last one: what other parts of the table are joined by.
    first: Option<(u64, Scalar)>,
    last: Option<Scalar>,
}

impl Ordered {
    /// Binds the expectation to its column.
    ///
    /// # Errors
    /// When an argument is wrong, or the values have no differences.
    pub(super) fn read(kwargs: &mut Kwargs<'_>, grows: bool) -> Result<Self, Problem> {
        let column = kwargs.column("column")?;
        if column.data_type == DataType::String {
            return Err(column.refuse("texts neither increase nor decrease"));
        }
        let (strictly, mostly) = (kwargs.flag("strictly")?, kwargs.mostly()?);
        let (tally, column) = (Tally::default(), column.index);
        Ok(Self { column, grows, strictly, mostly, tally, first: None, last: None })
    }

    /// Judges the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        let column = &chunk.batch.columns()[self.column];
        for row in chunk.rows() {
            self.tally.elements += 1;
            let cell = column.cell(row);
            let Some(value) = Scalar::of_cell(cell) else {
                self.tally.missing += 1;
                continue;
            };
            self.step(chunk.number(row), cell);
            if self.first.is_none() {
                self.first = Some((chunk.number(row), value.clone()));
            }
            self.last = Some(value);
        }
    }

    /// Judges a value by the last one.
    fn step(&mut self, row: u64, cell: Cell<'_>) {
        let Some(last) = &self.last else { return };
        let order = compare(cell, last.cell());
        let order = if self.grows { order } else { order.map(std::cmp::Ordering::reverse) };
        let holds = order.is_some_and(|order| order.is_gt() || (!self.strictly && order.is_eq()));
        if !holds {
            self.tally.unexpected(row, || json(cell));
        }
    }

    /// Joins what was seen of the rows that follow.
    pub(super) fn merge(&mut self, later: Self) {
        if let Some((row, value)) = &later.first {
            self.step(*row, value.cell());
        }
        self.tally.merge(later.tally);
        self.first = self.first.take().or(later.first);
        self.last = later.last.or_else(|| self.last.take());
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        self.tally.finish(self.mostly)
    }
}
