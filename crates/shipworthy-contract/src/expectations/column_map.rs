//! Expectations of every value of a column, each for itself.

use shipworthy_rows::{Cell, Column};

use super::bounds::{Bounds, Numbers};
use super::dictionary::Codes;
use super::finding::Finding;
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::scalar::{Short, json, number};
use super::tally::{Chunk, Tally, ratio};
use super::value_check::{Read, ValueCheck};

/// An expectation of the values of a column, and what was counted of them.
#[derive(Clone, Debug)]
pub(super) struct ColumnMap {
    column: usize,
    check: ValueCheck,
    mostly: f64,
    tally: Tally,
    /// Of each number of a column's texts, whether they are as expected; missing ones are not judged.
    verdicts: Vec<bool>,
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
        Ok(Self {
            column: column.index,
            check,
            mostly,
            tally: Tally::default(),
            verdicts: vec![true],
        })
    }

    /// Its column, if judging a text costs more than to look up what was found of it.
    pub(super) const fn categories(&self) -> Option<usize> {
        let is_looked_up = matches!(self.check, ValueCheck::InSet(_) | ValueCheck::NotInSet(_));
        if is_looked_up || self.check.is_costly() { Some(self.column) } else { None }
    }

    /// Judges the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        match chunk.coded.get(&self.column) {
            Some(codes) if self.categories().is_some() => self.see_codes(chunk, codes),
            _ => self.see_values(chunk),
        }
    }

    fn see_codes(&mut self, chunk: &Chunk<'_>, codes: &Codes) {
        let column = &chunk.batch.columns()[self.column];
        let Self { check, tally, verdicts, .. } = self;
        let mut buffer = Short::default();
        let fresh = codes.fresh.iter();
        verdicts.extend(fresh.map(|row| check.holds(column.cell(*row), &mut buffer)));
        let (mut elements, mut missing) = (0, 0);
        for row in chunk.rows() {
            let code = codes.of_rows[row];
            elements += 1;
            missing += u64::from(code == 0);
            if !verdicts[usize::from(code)] {
                tally.unexpected(chunk.number(row), || json(column.cell(row)));
            }
        }
        tally.elements += elements;
        tally.missing += missing;
    }

    /// What is cheap has a loop of its own, so that what is expected is asked once, and not of every
    /// value.
    fn see_values(&mut self, chunk: &Chunk<'_>) {
        let column = &chunk.batch.columns()[self.column];
        let mut buffer = Short::default();
        let Self { check, tally, .. } = self;
        if chunk.selected.is_none()
            && let Some(missing) = all_hold(check, column)
        {
            tally.elements += column.len() as u64;
            tally.missing += missing;
            return;
        }
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

/// How many values are missing, if all others are as expected and a loop without branches can tell.
fn all_hold(check: &ValueCheck, column: &Column) -> Option<u64> {
    let rows = column.len() as u64;
    match (check, column) {
        (ValueCheck::Present, _) => (column.count_missing() == 0).then_some(0),
        (ValueCheck::Absent, _) => (column.count_missing() as u64 == rows).then_some(0),
        (ValueCheck::Between(Bounds::Numbers(range)), Column::Float(values)) => {
            let values = values.iter().map(|value| (!value.is_nan()).then_some(*value));
            none_outside(rows, *range, values)
        }
        (ValueCheck::Between(Bounds::Numbers(range)), Column::Integer(values)) => {
            none_outside(rows, *range, values.iter().map(|value| value.map(crate::check::to_f64)))
        }
        (ValueCheck::Length(Bounds::Numbers(range)), Column::String(values))
            if values.is_ascii() =>
        {
            let lengths =
                values.iter_bytes().map(|text| text.map(|text| ratio(text.len() as u64, 1)));
            none_outside(rows, *range, lengths)
        }
        _ => None,
    }
}

#[inline]
fn none_outside(
    rows: u64,
    range: Numbers,
    values: impl Iterator<Item = Option<f64>>,
) -> Option<u64> {
    let (mut present, mut held) = (0, 0);
    for value in values {
        present += u64::from(value.is_some());
        held += u64::from(value.is_some_and(|value| range.hold(value)));
    }
    (present == held).then_some(rows - present)
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
