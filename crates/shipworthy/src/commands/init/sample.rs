//! Some rows of the whole file as numbers, to measure what columns have to do with one another.

use shipworthy_rows::{Cell, RowBatch};

use super::distinct::{hash_bits, hash_text};

/// The most rows kept: enough to tell 0.95 from 0.94.
const MAX_ROWS: usize = 20_000;

/// The most numbers kept, 8 bytes each: wide files keep fewer rows.
const MAX_CELLS: usize = 4_000_000;

/// A random sample without repetition of all rows, drawn by the hash of the row's number: the
/// same file gives the same sample.
///
/// When it is full, half of it goes: of the rows whose hash ends in `level` zero bits, those that
/// have one more stay.
#[derive(Debug)]
pub(super) struct Sample {
    /// One vector of equal length for each column. Missing is NaN, a text its code, an instant
    /// its microseconds.
    columns: Vec<Vec<f64>>,
    rows: Vec<u64>,
    level: u32,
    max_rows: usize,
}

impl Sample {
    /// An empty sample of so many columns.
    pub(super) fn new(columns: usize) -> Self {
        let max_rows = (MAX_CELLS / columns.max(1)).clamp(1, MAX_ROWS);
        Self { columns: vec![Vec::new(); columns], rows: Vec::new(), level: 0, max_rows }
    }

    /// Shows the sample a batch; its first row has this number in the file.
    pub(super) fn observe(&mut self, batch: &RowBatch, first_row: u64) {
        for row in 0..batch.rows() {
            let number = first_row + row as u64;
            if !self.keeps(number) {
                continue;
            }
            self.rows.push(number);
            for (values, column) in self.columns.iter_mut().zip(batch.columns()) {
                values.push(code(column.cell(row)));
            }
            while self.rows.len() > self.max_rows {
                self.halve();
            }
        }
    }

    /// The values of a column, one for each sampled row.
    pub(super) fn column(&self, index: usize) -> &[f64] {
        &self.columns[index]
    }

    /// The number of sampled rows.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    fn keeps(&self, row: u64) -> bool {
        hash_bits(row).trailing_zeros() >= self.level
    }

    fn halve(&mut self) {
        self.level += 1;
        let stays: Vec<bool> = self.rows.iter().map(|row| self.keeps(*row)).collect();
        let mut next = stays.iter();
        self.rows.retain(|_| next.next().copied().unwrap_or(false));
        for values in &mut self.columns {
            let mut next = stays.iter();
            values.retain(|_| next.next().copied().unwrap_or(false));
        }
    }
}

/// The number that stands for a text: two different texts share one by an accident of 2⁻⁵².
pub(super) fn code_of(text: &str) -> f64 {
    (hash_text(text) >> 12) as f64
}

fn code(cell: Cell<'_>) -> f64 {
    match cell {
        Cell::Missing => f64::NAN,
        Cell::Boolean(value) => f64::from(u8::from(value)),
        Cell::Integer(value) => value as f64,
        Cell::Float(value) => value,
        Cell::String(value) => code_of(value),
        Cell::Timestamp(value) => value.as_micros() as f64,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shipworthy_rows::{Column, DataType, Schema};

    use super::*;

    #[test]
    fn a_long_file_is_sampled_from_end_to_end_within_bounds() {
        let schema = Arc::new(Schema::new([("n", DataType::Integer)]));
        let mut sample = Sample::new(1);
        for first in (0..100_000_u32).step_by(1_000) {
            let column = Column::Integer((first..first + 1_000).map(|n| Some(n.into())).collect());
            let batch = RowBatch::new(Arc::clone(&schema), vec![column]).unwrap();
            sample.observe(&batch, first.into());
        }
        assert!((MAX_ROWS / 4..=MAX_ROWS).contains(&sample.rows()), "{}", sample.rows());
        let mean = sample.column(0).iter().sum::<f64>() / sample.rows() as f64;
        assert!((mean - 50_000.0).abs() < 1_000.0, "{mean}");
    }
}
