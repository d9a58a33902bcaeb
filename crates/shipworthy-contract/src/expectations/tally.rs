//! Counts of values, and the first rows that are not as expected.

use std::collections::BTreeMap;

use serde_json::Value;
use shipworthy_rows::{Cell, Column, RowBatch};

use super::dictionary::Coded;
use super::finding::Finding;

/// Row numbers in a report: enough to find the cause, and bounded whatever the data.
pub const MAX_ROWS: usize = 10_000;

/// Values in a report, as Great Expectations has them.
const MAX_VALUES: usize = 20;

/// Consecutive rows of a table.
pub(super) struct Chunk<'a> {
    pub(super) batch: &'a RowBatch,
    /// The number of the first row in the table, from 0.
    pub(super) first_row: u64,
    /// The rows that the row condition selects; all without one.
    pub(super) selected: Option<&'a [bool]>,
    /// Text columns that are numbered.
    pub(super) coded: &'a Coded,
}

impl Chunk<'_> {
    /// The positions of the selected rows in the batch.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        let rows = 0..self.batch.rows();
        rows.filter(|row| self.selected.is_none_or(|selected| selected[*row]))
    }

    /// Shows the values of a column at the selected rows. What kind they are is asked once, and not
    /// of every value.
    #[inline]
    pub(super) fn each<'c>(&self, column: &'c Column, mut see: impl FnMut(usize, Cell<'c>)) {
        match column {
            Column::Boolean(values) => {
                self.each_of(values.iter(), &mut see, |value| value.map(Cell::Boolean));
            }
            Column::Integer(values) => {
                self.each_of(values.iter(), &mut see, |value| value.map(Cell::Integer));
            }
            Column::Float(values) => self.each_of(values.iter(), &mut see, |value| {
                (!value.is_nan()).then_some(Cell::Float(*value))
            }),
            Column::String(values) => {
                self.each_of(values.iter(), &mut see, |value| value.map(Cell::String));
            }
            Column::Timestamp(values) => {
                self.each_of(values.iter(), &mut see, |value| value.map(Cell::Timestamp));
            }
        }
    }

    #[inline]
    fn each_of<'c, T>(
        &self,
        values: impl Iterator<Item = T>,
        see: &mut impl FnMut(usize, Cell<'c>),
        cell: impl Fn(T) -> Option<Cell<'c>>,
    ) {
        let Some(selected) = self.selected else {
            return values.enumerate().for_each(|(row, value)| {
                see(row, cell(value).unwrap_or(Cell::Missing));
            });
        };
        for (row, value) in values.enumerate().filter(|(row, _)| selected[*row]) {
            see(row, cell(value).unwrap_or(Cell::Missing));
        }
    }

    /// Shows the values of a column at the selected rows with how often each comes: the different
    /// ones, by their first row, where the column is numbered, else each row's.
    pub(super) fn each_group(&self, column: usize, mut see: impl FnMut(Cell<'_>, u64)) {
        let values = &self.batch.columns()[column];
        let Some(codes) = self.coded.get(&column) else {
            return self.each(values, |_, cell| see(cell, 1));
        };
        let (mut counts, mut firsts) = (vec![0_u64; codes.size], Vec::new());
        for row in self.rows() {
            let code = codes.of_rows[row];
            let count = &mut counts[usize::from(code)];
            if *count == 0 {
                firsts.push((row, code));
            }
            *count += 1;
        }
        firsts.into_iter().for_each(|(row, code)| see(values.cell(row), counts[usize::from(code)]));
    }

    /// The row's number in the table.
    pub(super) const fn number(&self, row: usize) -> u64 {
        self.first_row + row as u64
    }
}

/// What was counted of an expectation on rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Rows that the condition selects.
    pub(super) elements: u64,
    /// Those without a value, which are not judged.
    pub(super) missing: u64,
    unexpected: u64,
    rows: First<()>,
    values: First<Value>,
}

impl Tally {
    /// Counts a row that is not as expected. Most rows are, and loops are made for these.
    #[cold]
    #[inline(never)]
    pub(super) fn unexpected(&mut self, row: u64, value: impl FnOnce() -> Value) {
        self.unexpected_row(row);
        self.values.keep(row, MAX_VALUES, value);
    }

    /// Counts a row that is not as expected, and whose value is not at hand.
    pub(super) fn unexpected_row(&mut self, row: u64) {
        self.unexpected += 1;
        self.rows.keep(row, MAX_ROWS, || ());
    }

    /// Whether the first rows that are not as expected have a value each.
    pub(super) fn has_values(&self) -> bool {
        self.first_rows().all(|row| self.values.kept.contains_key(&row))
    }

    /// Adds the values of the first rows that are not as expected, where a chunk has them.
    pub(super) fn fill_values(&mut self, chunk: &Chunk<'_>, value: impl Fn(usize) -> Value) {
        let place = |row: u64| usize::try_from(row.checked_sub(chunk.first_row)?).ok();
        let is_in = |place: &usize| *place < chunk.batch.rows();
        let rows: Vec<u64> = self.first_rows().collect();
        for row in rows {
            if let Some(place) = place(row).filter(is_in) {
                self.values.keep(row, MAX_VALUES, || value(place));
            }
        }
    }

    /// The rows whose values are told.
    fn first_rows(&self) -> impl Iterator<Item = u64> {
        self.rows.kept.keys().copied().take(MAX_VALUES)
    }

    /// Keeps the rows that were counted, but not what was found of them.
    pub(super) fn forget_unexpected(&mut self) {
        *self = Self { elements: self.elements, missing: self.missing, ..Self::default() };
    }

    /// Adds what was counted of other rows.
    pub(super) fn merge(&mut self, other: Self) {
        self.elements += other.elements;
        self.missing += other.missing;
        self.unexpected += other.unexpected;
        self.rows.merge(other.rows, MAX_ROWS);
        self.values.merge(other.values, MAX_VALUES);
    }

    /// The result, where `mostly` is a share of the rows that have a value.
    pub(super) fn finish(self, mostly: f64) -> Finding {
        let missing = self.missing;
        Finding { missing_count: Some(missing), ..self.judged(missing, mostly) }
    }

    /// The result, where `mostly` is a share of all rows.
    pub(super) fn finish_of_all(self, mostly: f64) -> Finding {
        self.judged(0, mostly)
    }

    fn judged(self, missing: u64, mostly: f64) -> Finding {
        let judged = self.elements - missing;
        let expected = judged - self.unexpected;
        Finding {
            success: judged == 0 || ratio(expected, judged) >= mostly,
            element_count: Some(self.elements),
            unexpected_count: Some(self.unexpected),
            unexpected_rows: Some(self.rows.kept.into_keys().collect()),
            unexpected_values: Some(self.values.kept.into_values().collect()),
            ..Finding::default()
        }
    }
}

/// A share of a count. Counts of rows are exact as floats.
#[allow(clippy::cast_precision_loss, reason = "no table has 2^53 rows")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// The values of the first rows, whatever the order in which they come.
#[derive(Clone, Debug)]
pub(super) struct First<T> {
    kept: BTreeMap<u64, T>,
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self { kept: BTreeMap::new() }
    }
}

impl<T> First<T> {
    fn keep(&mut self, row: u64, limit: usize, value: impl FnOnce() -> T) {
        if self.kept.len() >= limit {
            match self.kept.last_key_value() {
                Some((last, _)) if row < *last => self.kept.pop_last(),
                _ => return,
            };
        }
        self.kept.insert(row, value());
    }

    fn merge(&mut self, other: Self, limit: usize) {
        for (row, value) in other.kept {
            self.keep(row, limit, || value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rows_are_kept_whatever_their_order() {
        let mut first = First::default();
        for row in [5, 1, 4, 2, 3] {
            first.keep(row, 3, || row * 10);
        }
        assert_eq!(first.kept.into_iter().collect::<Vec<_>>(), [(1, 10), (2, 20), (3, 30)]);
    }

    #[test]
    fn no_rows_are_as_expected() {
        assert!(Tally::default().finish(1.0).success);
        let missing = Tally { elements: 2, missing: 2, ..Tally::default() };
        assert!(missing.finish(1.0).success);
    }
}
