//! Expectations of one number that sums up a column: least, greatest, mean, spread, total.

use serde_json::Value;
use shipworthy_rows::{Cell, Column, DataType};

use super::bounds::Bounds;
use super::finding::Finding;
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::scalar::{Scalar, compare, json, number};
use super::tally::{Chunk, ratio};

/// What sums the column up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    Min,
    Max,
    Mean,
    /// The standard deviation of the sample: divided by n − 1, as pandas does.
    Stdev,
    Sum,
    /// The share of rows with a value.
    NonNull,
}

impl Statistic {
    /// The least or greatest of some values, the first where several are.
    fn most<T: PartialOrd>(self, values: impl Iterator<Item = T>) -> Option<T> {
        match self {
            Self::Min => values.reduce(|best, value| if value < best { value } else { best }),
            _ => values.reduce(|best, value| if value > best { value } else { best }),
        }
    }
}

/// An expectation of a statistic, and what was gathered for it.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    column: usize,
    data_type: DataType,
    statistic: Statistic,
    bounds: Bounds,
    rows: u64,
    extreme: Option<Scalar>,
    moments: Moments,
}

impl Summary {
    /// Binds the expectation to its column.
    ///
    /// # Errors
    /// When an argument is wrong, or the column has no such statistic.
    pub(super) fn read(kwargs: &mut Kwargs<'_>, statistic: Statistic) -> Result<Self, Problem> {
        let column = kwargs.column("column")?;
        let bounds = match statistic {
            Statistic::Min | Statistic::Max => Bounds::read(kwargs, &column)?,
            Statistic::NonNull => Bounds::of_numbers(kwargs)?,
            _ if !column.is_numeric() => return Err(column.refuse("its values are no numbers")),
            _ => Bounds::of_numbers(kwargs)?,
        };
        let (data_type, column, moments) = (column.data_type, column.index, Moments::default());
        Ok(Self { column, data_type, statistic, bounds, rows: 0, extreme: None, moments })
    }

    /// Takes in the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        let column = &chunk.batch.columns()[self.column];
        match (self.statistic, column) {
            (Statistic::Min | Statistic::Max, _) => self.see_extremes(chunk, column),
            (Statistic::Mean | Statistic::Sum, Column::Float(values))
                if chunk.selected.is_none() && self.moments.add_all(values) => {}
            (Statistic::Mean | Statistic::Sum, _) => chunk.each(column, |_, cell| {
                number(cell).into_iter().for_each(|n| self.moments.add_without_spread(n));
            }),
            (Statistic::Stdev, _) => self.moments.see(column, chunk),
            (Statistic::NonNull, _) => chunk.each(column, |_, cell| {
                self.rows += 1;
                self.moments.count += u64::from(!matches!(cell, Cell::Missing));
            }),
        }
    }

    /// Numbers of all rows are compared as such, and but one of them with the extreme.
    fn see_extremes(&mut self, chunk: &Chunk<'_>, column: &Column) {
        let most = match (chunk.selected, column) {
            (None, Column::Float(values)) => {
                let there = values.iter().copied().filter(|value| !value.is_nan());
                self.statistic.most(there).map(Cell::Float)
            }
            (None, Column::Integer(values)) => {
                self.statistic.most(values.iter().copied().flatten()).map(Cell::Integer)
            }
            _ => return chunk.each(column, |_, cell| self.see_extreme(cell)),
        };
        most.into_iter().for_each(|cell| self.see_extreme(cell));
    }

    fn see_extreme(&mut self, cell: Cell<'_>) {
        if matches!(cell, Cell::Missing) {
            return;
        }
        let order = self.extreme.as_ref().and_then(|extreme| compare(cell, extreme.cell()));
        let is_more = match self.statistic {
            Statistic::Min => order.is_none_or(std::cmp::Ordering::is_lt),
            _ => order.is_none_or(std::cmp::Ordering::is_gt),
        };
        if is_more {
            self.extreme = Scalar::of_cell(cell);
        }
    }

    /// Adds what was gathered of other rows.
    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.moments.merge(&other.moments);
        if let Some(extreme) = &other.extreme {
            self.see_extreme(extreme.cell());
        }
    }

    /// The result. Without values there is none, and what is expected does not hold.
    pub(super) fn finish(self) -> Finding {
        let float = |value: Option<f64>| value.map(Scalar::Float);
        let observed = match self.statistic {
            Statistic::Min | Statistic::Max => self.extreme,
            Statistic::Mean => float(self.moments.mean()),
            Statistic::Stdev => float(self.moments.deviation()),
            Statistic::Sum => Some(self.moments.sum_of(self.data_type)),
            Statistic::NonNull if self.rows == 0 => None,
            Statistic::NonNull => Some(Scalar::Float(ratio(self.moments.count, self.rows))),
        };
        let Some(observed) = observed else { return Finding::observed(false, Value::Null) };
        Finding::observed(self.bounds.hold(observed.cell()), json(observed.cell()))
    }
}

/// Count, sum and squared deviations of numbers, one after another.
///
/// The sum carries what rounding loses (Neumaier 1974); deviations are Welford's (1962), joined as
/// Chan, Golub and LeVeque do (1979).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    count: u64,
    sum: f64,
    lost: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Takes in all numbers that the rows of a chunk have.
    pub(super) fn see(&mut self, column: &Column, chunk: &Chunk<'_>) {
        chunk.each(column, |_, cell| number(cell).into_iter().for_each(|value| self.add(value)));
    }

    /// Adds all numbers of a slice to count and sum, NaN being none. They are added in as many sums as
    /// a processor works on at a time, each with what its rounding loses (Knuth's two-sum). Says
    /// whether it could: beyond finite sums, nothing is added.
    fn add_all(&mut self, values: &[f64]) -> bool {
        const SUMS: usize = 8;
        let (mut sums, mut lost, mut counts) = ([0.0; SUMS], [0.0; SUMS], [0_u64; SUMS]);
        let (whole, rest) = values.as_chunks::<SUMS>();
        let mut last = [f64::NAN; SUMS];
        last[..rest.len()].copy_from_slice(rest);
        for chunk in whole.iter().chain([&last]) {
            for place in 0..SUMS {
                let value = if chunk[place].is_nan() { 0.0 } else { chunk[place] };
                counts[place] += u64::from(!chunk[place].is_nan());
                let sum = sums[place] + value;
                let there = sum - sums[place];
                lost[place] += (sums[place] - (sum - there)) + (value - there);
                sums[place] = sum;
            }
        }
        let parts = sums.iter().chain(&lost);
        if !parts.clone().all(|part| part.is_finite()) {
            return false;
        }
        parts.for_each(|part| self.add_to_sum(*part));
        self.count += counts.iter().sum::<u64>();
        true
    }

    /// A sum needs no deviations, and those cost a division.
    fn add_without_spread(&mut self, value: f64) {
        self.count += 1;
        self.add_to_sum(value);
    }

    fn add(&mut self, value: f64) {
        self.add_without_spread(value);
        let before = value - self.mean;
        self.mean += before / ratio(self.count, 1);
        self.squares += before * (value - self.mean);
    }

    fn add_to_sum(&mut self, value: f64) {
        let sum = self.sum + value;
        // Infinity loses nothing, and its difference with itself is no number.
        self.lost += match self.sum.abs() >= value.abs() {
            _ if !sum.is_finite() => 0.0,
            true => (self.sum - sum) + value,
            false => (value - sum) + self.sum,
        };
        self.sum = sum;
    }

    /// Adds the numbers of another.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let count = ratio(self.count + other.count, 1);
        let apart = other.mean - self.mean;
        let share = ratio(other.count, 1) / count;
        self.squares += other.squares + apart * apart * ratio(self.count, 1) * share;
        self.mean += apart * share;
        self.count += other.count;
        self.add_to_sum(other.sum);
        self.add_to_sum(other.lost);
    }

    fn sum(&self) -> f64 {
        self.sum + self.lost
    }

    #[allow(clippy::cast_possible_truncation, reason = "checked to be exact")]
    fn sum_of(&self, data_type: DataType) -> Scalar {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let sum = self.sum();
        let is_whole = data_type != DataType::Float && sum.abs() <= EXACT;
        if is_whole { Scalar::Integer(sum as i64) } else { Scalar::Float(sum) }
    }

    /// The mean, if there is a value.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum() / ratio(self.count, 1))
    }

    /// The standard deviation of the sample, if there are two values.
    pub(super) fn deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / ratio(self.count - 1, 1)).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|value| moments.add(*value));
        moments
    }

    #[test]
    fn small_numbers_beside_large_ones_are_not_lost() {
        assert_eq!(of(&[1e16, 1.0, -1e16]).sum().to_bits(), 1_f64.to_bits());
        assert!(of(&[f64::INFINITY, 1.0]).sum().is_infinite());
        // numpy.std([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], ddof=1) = 5.477225575051661
        let deviation = of(&[4.0, 7.0, 13.0, 16.0].map(|x| x + 1e9)).deviation().unwrap();
        assert!((deviation - 30f64.sqrt()).abs() < 1e-12, "{deviation}");
    }

    #[test]
    fn many_numbers_sum_up_as_one_after_another() {
        let mut values: Vec<f64> = (0..1003).map(|i| f64::from(i % 97) * 1e-3).collect();
        values.extend([1e17, f64::NAN, 1.0, -1e17, f64::NAN]);
        let mut together = Moments::default();
        assert!(together.add_all(&values));
        let mut single = Moments::default();
        values.retain(|value| !value.is_nan());
        values.iter().for_each(|value| single.add_without_spread(*value));
        assert_eq!(together.count, 1006);
        assert_eq!(together.sum().to_bits(), single.sum().to_bits());
        assert!(!together.add_all(&[1.0, f64::INFINITY]));
        assert_eq!(together.count, 1006);
    }

    #[test]
    fn parts_make_the_whole() {
        let mut joined = of(&[1.0, 2.0]);
        joined.merge(&of(&[]));
        joined.merge(&of(&[10.0, -4.0, 3.5]));
        let whole = of(&[1.0, 2.0, 10.0, -4.0, 3.5]);
        assert!((joined.deviation().unwrap() - whole.deviation().unwrap()).abs() < 1e-14);
        assert_eq!(joined.mean(), whole.mean());
    }
}
