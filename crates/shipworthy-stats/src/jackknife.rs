//! Bias and spread of any metric, by leaving rows out.

use crate::Error;
use crate::bootstrap::left_out;
use crate::sum::sum;

/// Which rows are left out together, where that is not one after the other.
const SEED: u64 = 0;

/// A metric with what leaving rows out says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jackknife {
    /// On all rows.
    pub value: f64,
    /// How much too large it is on average.
    pub bias: f64,
    /// At least 0.
    pub standard_error: f64,
}

impl Jackknife {
    /// Of `rows` rows, at least 2. `metric` gets row numbers in ascending order.
    ///
    /// Source: Quenouille 1956 for the bias, Tukey 1958 for the error; beyond
    /// [`JACKKNIFE_GROUPS`](crate::bootstrap::JACKKNIFE_GROUPS) rows, of that many groups, dealt by
    /// a seeded shuffle.
    ///
    /// # Errors
    /// [`Error::TooFewRows`]; those of `metric` on all rows; [`Error::UndefinedOnResample`] when it
    /// has no value without some.
    pub fn of_indices(
        rows: usize,
        metric: impl Fn(&[usize]) -> Result<f64, Error>,
    ) -> Result<Self, Error> {
        if rows < 2 {
            return Err(Error::TooFewRows { of: "in all", needed: 2, found: rows });
        }
        let all: Vec<usize> = (0..rows).collect();
        let value = metric(&all)?;
        let without = left_out(rows, SEED).map(|rows| {
            metric(&rows).map_err(|source| Error::UndefinedOnResample { source: source.into() })
        });
        let without = without.collect::<Result<Vec<f64>, Error>>()?;
        let groups = without.len() as f64;
        let mean = sum(without.iter().copied()) / groups;
        let squares = sum(without.iter().map(|value| (value - mean).powi(2)));
        let bias = (groups - 1.0) * (mean - value);
        Ok(Self { value, bias, standard_error: ((groups - 1.0) / groups * squares).sqrt() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_mean_and_a_variance_it_is_what_is_known() {
        let values: [f64; 5] = [1.0, 4.0, 2.0, 8.0, 5.0];
        let mean =
            |rows: &[usize]| rows.iter().map(|row| values[*row]).sum::<f64>() / rows.len() as f64;
        let found = Jackknife::of_indices(5, |rows| Ok(mean(rows))).expect("five rows");
        assert!(found.value == 4.0 && found.bias.abs() < 1e-12);
        // s / √n, of a variance of 30 / 4.
        assert!((found.standard_error - (7.5_f64 / 5.0).sqrt()).abs() < 1e-12);
        let variance = |rows: &[usize]| {
            let mean = mean(rows);
            rows.iter().map(|row| (values[*row] - mean).powi(2)).sum::<f64>() / rows.len() as f64
        };
        // The variance of the population is too small by a fifth of that of the sample.
        let found = Jackknife::of_indices(5, |rows| Ok(variance(rows))).expect("five rows");
        assert!((found.value - 6.0).abs() < 1e-12 && (found.bias + 1.5).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn a_row_alone_says_nothing() {
        let one = Jackknife::of_indices(1, |_| Ok(1.0));
        assert!(matches!(one, Err(Error::TooFewRows { .. })));
        let undefined =
            Jackknife::of_indices(
                2,
                |rows| {
                    if rows.len() == 2 { Ok(1.0) } else { Err(Error::Empty) }
                },
            );
        assert!(matches!(undefined, Err(Error::UndefinedOnResample { .. })));
    }
}
