//! Confidence intervals, and those of proportions.

use crate::Error;
use crate::special::{incomplete_beta, normal_quantile};

/// How often an interval holds what it is about, over many samples.
///
/// Intervals of this crate leave the same chance, the [`tail`](Self::tail), beyond each end. Of
/// an interval with one-sided coverage only one end is meant: `lower` is a lower bound that holds
/// at the level, or `upper` is an upper one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    tail: f64,
    z: f64,
}

impl Coverage {
    /// Both ends hold together at the level, above 0 and below 1: each tail is half of the rest.
    ///
    /// # Errors
    /// [`Error::LevelOutOfRange`].
    pub fn two_sided(level: f64) -> Result<Self, Error> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::LevelOutOfRange { level, min: 0.0 });
        }
        Self::with_tail((1.0 - level) / 2.0)
    }

    /// One end alone holds at the level, above 0.5 and below 1.
    ///
    /// # Errors
    /// [`Error::LevelOutOfRange`].
    pub fn one_sided(level: f64) -> Result<Self, Error> {
        if !(level > 0.5 && level < 1.0) {
            return Err(Error::LevelOutOfRange { level, min: 0.5 });
        }
        Self::with_tail(1.0 - level)
    }

    /// So that `count` intervals hold together at the level (Bonferroni 1936): each has its part of
    /// the tail.
    ///
    /// # Errors
    /// [`Error::Empty`] when `count` is 0.
    pub fn shared_by(self, count: usize) -> Result<Self, Error> {
        if count == 0 {
            return Err(Error::Empty);
        }
        Self::with_tail(self.tail / count as f64)
    }

    /// Chance beyond each end, above 0 and below 0.5.
    #[must_use]
    pub const fn tail(self) -> f64 {
        self.tail
    }

    /// How many standard errors of a normal estimate leave the tail beyond them.
    pub(crate) const fn z(self) -> f64 {
        self.z
    }

    fn with_tail(tail: f64) -> Result<Self, Error> {
        Ok(Self { tail, z: -normal_quantile(tail)? })
    }
}

/// Where a value lies, by what the rows say: see [`Coverage`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end, at least `lower`.
    pub upper: f64,
}

impl Interval {
    /// The normal interval around a value, cut to where values can lie.
    pub(crate) fn normal(
        value: f64,
        standard_error: f64,
        coverage: Coverage,
        range: (f64, f64),
    ) -> Self {
        let half = coverage.z() * standard_error;
        let (least, most) = range;
        Self { lower: (value - half).max(least), upper: (value + half).min(most) }
    }

    /// The normal interval of the log odds of a share inside (0, 1), as shares.
    pub(crate) fn of_log_odds(share: f64, standard_error: f64, coverage: Coverage) -> Self {
        let odds = share / (1.0 - share);
        // Of infinite odds, 1.
        let end = |z: f64| 1.0 - 1.0 / odds.mul_add((z * standard_error).exp(), 1.0);
        Self { lower: end(-coverage.z()), upper: end(coverage.z()) }
    }
}

/// How many of the trials were successes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    successes: u64,
    trials: u64,
}

impl Proportion {
    /// At least one trial, and at most as many successes.
    ///
    /// # Errors
    /// [`Error::Empty`] without a trial, [`Error::CountOutOfRange`].
    pub const fn new(successes: u64, trials: u64) -> Result<Self, Error> {
        if trials == 0 {
            return Err(Error::Empty);
        }
        if successes > trials {
            return Err(Error::CountOutOfRange { successes, trials });
        }
        Ok(Self { successes, trials })
    }

    /// The observed share, in [0, 1].
    #[must_use]
    pub const fn value(self) -> f64 {
        self.successes as f64 / self.trials as f64
    }

    /// Number of trials, at least 1.
    #[must_use]
    pub const fn trials(self) -> u64 {
        self.trials
    }

    /// The score interval, within [0, 1]: near its level even for few trials and shares near 0 or 1.
    ///
    /// Source: Wilson 1927, without continuity correction; statsmodels'
    /// `proportion_confint(method="wilson")`.
    #[must_use]
    pub fn wilson(self, coverage: Coverage) -> Interval {
        let (share, trials) = (self.value(), self.trials as f64);
        let z = coverage.z();
        let shrink = 1.0 + z * z / trials;
        let centre = (share + z * z / (2.0 * trials)) / shrink;
        let spread = share * (1.0 - share) / trials + (z / (2.0 * trials)).powi(2);
        let half = z * spread.sqrt() / shrink;
        // The share lies inside but for rounding, which must not put it outside.
        Interval {
            lower: (centre - half).max(0.0).min(share),
            upper: (centre + half).min(1.0).max(share),
        }
    }

    /// The exact interval: it holds at least at its level, whatever the share, and is wider for it.
    ///
    /// Source: Clopper & Pearson 1934, by bisection of the incomplete beta function; statsmodels'
    /// `proportion_confint(method="beta")`.
    ///
    /// # Errors
    /// Those of the incomplete beta function, which takes any count of trials that occurs.
    pub fn clopper_pearson(self, coverage: Coverage) -> Result<Interval, Error> {
        let failures = self.trials - self.successes;
        let lower = exact_lower(self.successes, failures, coverage.tail())?;
        let upper = 1.0 - exact_lower(failures, self.successes, coverage.tail())?;
        Ok(Interval { lower: lower.min(self.value()), upper: upper.max(self.value()) })
    }

    /// The interval of this share less another one, of other trials, within [−1, 1].
    ///
    /// Source: Newcombe 1998, method 10: the Wilson limits of both, squared and added; statsmodels'
    /// `confint_proportions_2indep(method="newcomb")`.
    #[must_use]
    pub fn difference(self, other: Self, coverage: Coverage) -> Interval {
        let (own, others) = (self.wilson(coverage), other.wilson(coverage));
        let (share, other) = (self.value(), other.value());
        let below = (share - own.lower).hypot(others.upper - other);
        let above = (own.upper - share).hypot(other - others.lower);
        let difference = share - other;
        Interval { lower: (difference - below).max(-1.0), upper: (difference + above).min(1.0) }
    }
}

/// The share at which so many successes or more have the chance `tail`.
fn exact_lower(successes: u64, failures: u64, tail: f64) -> Result<f64, Error> {
    if successes == 0 {
        return Ok(0.0);
    }
    let (a, b) = (successes as f64, failures as f64 + 1.0);
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = f64::midpoint(low, high);
        // The floats between the ends are used up: at most some 1,100 steps.
        if middle <= low || middle >= high {
            return Ok(low);
        }
        if incomplete_beta(a, b, middle)? < tail { low = middle } else { high = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(successes: u64, trials: u64) -> Proportion {
        Proportion::new(successes, trials).expect("a valid proportion")
    }

    fn at(level: f64) -> Coverage {
        Coverage::two_sided(level).expect("a valid level")
    }

    #[test]
    fn two_tails_are_as_large_as_one_of_half_the_rest() {
        let one = Coverage::one_sided(0.975).expect("a valid level");
        assert!((one.tail() - at(0.95).tail()).abs() < 1e-15);
        assert!((one.z() - 1.959_963_984_540_054).abs() < 1e-12);
        let shared = at(0.9).shared_by(2).expect("two intervals");
        assert!((shared.tail() - at(0.95).tail()).abs() < 1e-15);
    }

    #[test]
    fn impossible_levels_are_refused() {
        for level in [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
            assert!(matches!(Coverage::two_sided(level), Err(Error::LevelOutOfRange { .. })));
            assert!(matches!(Coverage::one_sided(level), Err(Error::LevelOutOfRange { .. })));
        }
        // A bound that is as likely wrong as right says nothing.
        assert_eq!(Coverage::one_sided(0.5), Err(Error::LevelOutOfRange { level: 0.5, min: 0.5 }));
        assert_eq!(at(0.9).shared_by(0), Err(Error::Empty));
    }

    #[test]
    fn all_or_nothing_has_an_end_at_the_edge() {
        for interval in [of(0, 10).wilson(at(0.95)), of(0, 10).clopper_pearson(at(0.95)).unwrap()] {
            assert_eq!(interval.lower, 0.0);
            assert!(interval.upper > 0.25 && interval.upper < 0.32);
        }
        // The rule of three, exactly: 1 − 0.05^(1/n).
        let bound = Coverage::one_sided(0.95).expect("a valid level");
        let exact = of(0, 100).clopper_pearson(bound).expect("a valid input");
        assert!((exact.upper - (1.0 - 0.05_f64.powf(0.01))).abs() < 1e-12);
        assert_eq!(of(7, 7).wilson(at(0.95)).upper, 1.0);
    }

    #[test]
    fn impossible_counts_are_refused() {
        assert_eq!(Proportion::new(0, 0), Err(Error::Empty));
        let error = Error::CountOutOfRange { successes: 2, trials: 1 };
        assert_eq!(Proportion::new(2, 1), Err(error));
    }

    #[test]
    fn any_count_of_trials_has_intervals() {
        for trials in [1, 10, u64::from(u32::MAX), u64::MAX] {
            for successes in [0, 1, trials / 2, trials] {
                let share = of(successes, trials);
                let exact = share.clopper_pearson(at(0.95)).expect("a valid input");
                for interval in [share.wilson(at(0.95)), exact] {
                    assert!(interval.lower <= share.value() && share.value() <= interval.upper);
                }
            }
        }
    }
}
