//! Two models on the same rows.
//!
//! The areas under two ROC curves are compared by
//! [`DelongPair`](crate::classification::DelongPair), any other metric by
//! [`Bootstrap::of_difference`](crate::bootstrap::Bootstrap::of_difference).

mod mcnemar;
mod signed;

pub use mcnemar::McNemar;
pub use signed::{paired_t, wilcoxon_signed_rank};

use crate::Error;
use crate::interval::Interval;
use crate::special::normal_sf;

/// What a test found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestResult {
    /// The statistic, as the test defines it.
    pub statistic: f64,
    /// Chance of a statistic at least as extreme when there is no difference, in [0, 1].
    pub p_value: f64,
}

impl TestResult {
    /// Of a statistic that is standard normal when there is no difference.
    pub(crate) fn two_sided_z(z: f64) -> Self {
        Self { statistic: z, p_value: (2.0 * normal_sf(z.abs())).min(1.0) }
    }
}

/// Whether a candidate is at most a margin worse than the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonInferiority {
    /// Lower bound of candidate less reference, where more is better.
    pub bound: f64,
    /// How much worse is still good enough, at least 0.
    pub margin: f64,
    /// Whether the bound lies above −`margin`.
    pub holds: bool,
}

impl NonInferiority {
    /// Decides by the lower end of the interval of candidate less reference, of a metric where more
    /// is better: it says "not worse" wrongly no more often than a lower bound of its coverage is
    /// wrong. Of a loss, take the interval of reference less candidate.
    ///
    /// Source: the confidence interval form of Wellek 2010, section 1.3; the interval should have
    /// one-sided coverage.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a bound or a margin that is no number, [`Error::MarginOutOfRange`]
    /// for a negative margin.
    pub fn of(difference: Interval, margin: f64) -> Result<Self, Error> {
        let bound = difference.lower;
        crate::input::check_finite("interval", &[bound])?;
        crate::input::check_finite("margin", &[margin])?;
        if margin < 0.0 {
            return Err(Error::MarginOutOfRange { margin });
        }
        Ok(Self { bound, margin, holds: bound > -margin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_at_the_margin_is_not_enough() {
        let of = |lower, margin| {
            NonInferiority::of(Interval { lower, upper: 1.0 }, margin)
                .map(|decision| decision.holds)
        };
        assert_eq!(of(-0.01, 0.01), Ok(false));
        assert_eq!(of(-0.009, 0.01), Ok(true));
        assert_eq!(of(0.0, 0.0), Ok(false));
        assert_eq!(of(0.0, -0.1), Err(Error::MarginOutOfRange { margin: -0.1 }));
        assert_eq!(of(0.0, f64::NAN), Err(Error::NotFinite { input: "margin", index: 0 }));
        assert_eq!(of(f64::NAN, 0.1), Err(Error::NotFinite { input: "interval", index: 0 }));
    }
}
