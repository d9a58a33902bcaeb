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
        let statistic = self.statistic;
        chunk.each(column, |_, cell| {
            self.rows += 1;
            if matches!(cell, Cell::Missing) {
                return;
            }
            match statistic {
                Statistic::Min | Statistic::Max => self.see_extreme(cell),
                Statistic::NonNull => self.moments.count += 1,
                Statistic::Mean | Statistic::Sum => {
                    number(cell).into_iter().for_each(|n| self.moments.add_without_spread(n));
                }
                Statistic::Stdev => number(cell).into_iter().for_each(|n| self.moments.add(n)),
            }
        });
    }

    fn see_extreme(&mut self, cell: Cell<'_>) {
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
    fn parts_make_the_whole() {
        let mut joined = of(&[1.0, 2.0]);
        joined.merge(&of(&[]));
        joined.merge(&of(&[10.0, -4.0, 3.5]));
        let whole = of(&[1.0, 2.0, 10.0, -4.0, 3.5]);
        assert!((joined.deviation().unwrap() - whole.deviation().unwrap()).abs() < 1e-14);
        assert_eq!(joined.mean(), whole.mean());
    }
}
