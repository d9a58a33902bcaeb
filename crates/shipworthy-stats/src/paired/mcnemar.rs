//! Whether two models are right equally often.

use super::TestResult;
use crate::Error;
use crate::input::check_paired;
use crate::special::{chi_squared_sf, incomplete_beta};

/// On how many rows which of two models was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McNemar {
    /// Rows on which both are right.
    pub both: u64,
    /// Rows on which a is right and b is wrong.
    pub only_a: u64,
    /// Rows on which a is wrong and b is right.
    pub only_b: u64,
    /// Rows on which both are wrong.
    pub neither: u64,
}

impl McNemar {
    /// Counts the rows; `right_a[i]` is whether model a was right on row i.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthsDiffer`].
    pub fn of(right_a: &[bool], right_b: &[bool]) -> Result<Self, Error> {
        check_paired(right_a.len(), right_b.len())?;
        let mut counts = [[0_u64; 2]; 2];
        for (&a, &b) in right_a.iter().zip(right_b) {
            counts[usize::from(a)][usize::from(b)] += 1;
        }
        let [[neither, only_b], [only_a, both]] = counts;
        Ok(Self { both, only_a, only_b, neither })
    }

    /// The exact test: of the rows that tell the models apart, either is as likely the right one. The
    /// statistic is the smaller of the two counts; without such a row p is 1.
    ///
    /// Source: McNemar 1947 with the binomial distribution, twice the smaller tail; statsmodels'
    /// `mcnemar(exact=True)`.
    ///
    /// # Errors
    /// Those of the incomplete beta function, which takes any count of rows that occurs.
    pub fn exact(&self) -> Result<TestResult, Error> {
        let (fewer, more) = (self.only_a.min(self.only_b), self.only_a.max(self.only_b));
        // The chance of at most `fewer` heads among all tosses of a fair coin.
        let tail =
            if more == 0 { 1.0 } else { incomplete_beta(more as f64, fewer as f64 + 1.0, 0.5)? };
        Ok(TestResult { statistic: fewer as f64, p_value: (2.0 * tail).min(1.0) })
    }

    /// The chi-squared test of one degree of freedom.
    ///
    /// Source: McNemar 1947; statsmodels' `mcnemar(exact=False, correction=False)`. The
    /// approximation wants some 25 rows that tell the models apart.
    ///
    /// # Errors
    /// [`Error::NoVariation`] when no row tells the models apart.
    pub fn chi_squared(&self) -> Result<TestResult, Error> {
        self.chi_squared_less(0.0)
    }

    /// As [`Self::chi_squared`] with the continuity correction of Edwards 1948: statsmodels'
    /// `mcnemar(exact=False, correction=True)`.
    ///
    /// # Errors
    /// As [`Self::chi_squared`].
    pub fn chi_squared_corrected(&self) -> Result<TestResult, Error> {
        self.chi_squared_less(1.0)
    }

    fn chi_squared_less(&self, correction: f64) -> Result<TestResult, Error> {
        let apart = self.only_a as f64 + self.only_b as f64;
        if apart == 0.0 {
            return Err(Error::NoVariation { what: "correctness of the two models on any row" });
        }
        let gap = self.only_a.abs_diff(self.only_b) as f64;
        let statistic = (gap - correction).powi(2) / apart;
        Ok(TestResult { statistic, p_value: chi_squared_sf(statistic, 1.0)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(only_a: u64, only_b: u64) -> McNemar {
        McNemar { both: 5, only_a, only_b, neither: 3 }
    }

    #[test]
    fn the_exact_test_is_that_of_a_fair_coin() {
        let p = of(0, 5).exact().expect("a valid table").p_value;
        assert!((p - 2.0 / 32.0).abs() < 1e-15);
        let p = of(4, 1).exact().expect("a valid table").p_value;
        assert!((p - 2.0 * 6.0 / 32.0).abs() < 1e-15);
        assert_eq!(of(3, 3).exact().map(|test| test.p_value), Ok(1.0));
    }

    #[test]
    fn models_that_are_right_on_the_same_rows_do_not_differ() {
        assert_eq!(of(0, 0).exact(), Ok(TestResult { statistic: 0.0, p_value: 1.0 }));
        assert!(matches!(of(0, 0).chi_squared(), Err(Error::NoVariation { .. })));
        assert!(matches!(of(0, 0).chi_squared_corrected(), Err(Error::NoVariation { .. })));
    }

    #[test]
    fn rows_are_counted_by_who_was_right() {
        let table = McNemar::of(&[true, true, false, false], &[true, false, true, true]);
        assert_eq!(table, Ok(McNemar { both: 1, only_a: 1, only_b: 2, neither: 0 }));
        assert_eq!(McNemar::of(&[], &[]), Err(Error::Empty));
    }
}
