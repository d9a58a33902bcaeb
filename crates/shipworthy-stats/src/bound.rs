//! How far apart two distributions may be in truth: distances with upper confidence bounds.
//!
//! The distance of two samples is larger, on average, than that of the distributions which they come
//! from, and near 0 it is far from normal: an interval that aims at the middle, the bootstrap's with
//! a correction for bias (BCa), goes astray there or has no value. An upper bound alone is simpler,
//! for two reasons.
//!
//! - The Kolmogorov–Smirnov, total variation, Wasserstein and energy distances are each the largest
//!   difference of two means over a class of functions (*integral probability metrics*, Müller 1997).
//!   The estimate is the largest for the samples, so it is at least the difference for the function
//!   that is the largest in truth. That is an ordinary difference of means, whose standard error is at
//!   most the largest of the class. Hence the estimate and z of those errors fall below the truth no
//!   more often than the bound of one mean does. That the estimate is too large only adds to it.
//! - The roots of the population stability index and of the Jensen–Shannon divergence, and the
//!   Hellinger distance, are lengths: of the difference of the roots of the shares, whose noise is the
//!   same in every direction (Bhattacharyya 1946). A noisy vector is at least as long as its part
//!   along the true one, so the length and z errors of that part are a bound, again at the level of a
//!   single mean. The delta method says what that error is away from 0.
//!
//! The errors of both samples add up as independent ones. Those of the same rows hang together, in a
//! way that is left open: their sum holds for every dependence (Minkowski's inequality).
//!
//! All bounds are those of large samples; `tests/bounds.rs` counts how often they are wrong.

mod calibration;
mod cells;
mod samples;

use crate::Error;
use crate::interval::Coverage;

pub use calibration::{CalibrationBins, CalibrationError, calibration_error, mean_bias};
pub use cells::{CellDistance, Expected};
pub use samples::{energy, kolmogorov_smirnov, wasserstein, wasserstein_normalised};

/// A distance, at least 0, and the most that it is in truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpperBound {
    /// As observed; too large on average.
    pub value: f64,
    /// The upper end of its one-sided interval, at least `value`.
    pub upper: f64,
}

/// Whose answers two samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those of other rows, drawn by themselves.
    Others,
    /// Those of the same rows.
    Same,
}

impl Rows {
    /// The standard error of a difference.
    fn error(self, reference: f64, current: f64) -> f64 {
        match self {
            Self::Others => reference.hypot(current),
            Self::Same => reference + current,
        }
    }
}

impl UpperBound {
    /// A value with z standard errors on top, at most the largest that there is.
    fn normal(value: f64, error: f64, coverage: Coverage, most: f64) -> Self {
        Self { value, upper: (value + coverage.z() * error).min(most).max(value) }
    }
}

/// Refuses samples of which a spread is not to be had.
fn check_rows(rows: usize) -> Result<(), Error> {
    if rows < 2 {
        return Err(Error::TooFewRows { of: "in each sample", needed: 2, found: rows });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
