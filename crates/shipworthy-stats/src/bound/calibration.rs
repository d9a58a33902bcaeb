//! How far what is said is from what happens, with upper bounds.

use super::{UpperBound, check_rows};
use crate::Error;
use crate::classification::{
    brier_score, equal_mass_calibration_error, expected_calibration_error,
};
use crate::input::{check_finite, check_paired, finite_result};
use crate::interval::{Coverage, Interval};
use crate::sum::mean_and_deviation;

/// A calibration error with its interval, both in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationError {
    /// As observed; too large on average.
    pub value: f64,
    /// Where it lies; it need not hold the value, since its lower end allows for the bias.
    pub interval: Interval,
}

/// Which scores are averaged together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalibrationBins {
    /// So many of one width: [`expected_calibration_error`].
    EqualWidth(usize),
    /// So many with as many rows each: [`equal_mass_calibration_error`].
    EqualMass(usize),
}

/// The expected calibration error with its interval.
///
/// The interval is of the error over these bins; what cancels out within one is not seen, and more
/// bins see more. The estimate is too large on average, so a calibrated model needs rows to show it,
/// and an estimate without that bias (Kumar, Liang & Ma 2019) is not needed for the bounds to hold.
///
/// Source: the argument of the module. The error over given bins is the largest mean, over the signs
/// of the bins, of what was said less what happened, and no such mean has a larger variance than the
/// Brier score B. As in the interval of Wilson 1927 the variance is the one at the bound: t above the
/// error, it is at most B + t, so t² = z² (B + t) / n. The lower end is as far below the value, less
/// the most that noise adds to it on average: of m bins √(2 m B / π n), the mean of so many half-normal
/// numbers (Jensen's inequality).
///
/// # Errors
/// As [`expected_calibration_error`].
pub fn calibration_error(
    labels: &[bool],
    scores: &[f64],
    bins: CalibrationBins,
    coverage: Coverage,
) -> Result<CalibrationError, Error> {
    let (value, bins) = match bins {
        CalibrationBins::EqualWidth(bins) => {
            (expected_calibration_error(labels, scores, bins)?, bins)
        }
        CalibrationBins::EqualMass(bins) => {
            (equal_mass_calibration_error(labels, scores, bins)?, bins)
        }
    };
    let (n, brier) = (labels.len() as f64, brier_score(labels, scores)?);
    let half = coverage.z().powi(2) / (2.0 * n);
    let away = half + half.mul_add(half, coverage.z().powi(2) * brier / n).sqrt();
    let bias = (2.0 * bins as f64 * brier / (std::f64::consts::PI * n)).sqrt();
    let interval = Interval {
        lower: (value - bias - away).max(0.0),
        upper: (value + away).min(1.0).max(value),
    };
    Ok(CalibrationError { value, interval })
}

/// How far predictions are off on average, |mean (prediction − target)|, with its upper bound, both
/// in the unit of the target.
///
/// Source: the same with one bin: both one-sided bounds of the mean lie within, as in the two
/// one-sided tests of Schuirmann 1987.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::TooFewRows`] below 2,
/// [`Error::Overflow`].
pub fn mean_bias(
    targets: &[f64],
    predictions: &[f64],
    coverage: Coverage,
) -> Result<UpperBound, Error> {
    const NAME: &str = "the mean bias";
    check_paired(targets.len(), predictions.len())?;
    check_finite("targets", targets)?;
    check_finite("predictions", predictions)?;
    check_rows(targets.len())?;
    let residuals: Vec<f64> =
        predictions.iter().zip(targets).map(|(prediction, target)| prediction - target).collect();
    let (mean, deviation) = mean_and_deviation(&residuals);
    let error = deviation / (residuals.len() as f64 - 1.0).sqrt();
    let found = UpperBound::normal(mean.abs(), error, coverage, f64::INFINITY);
    finite_result(NAME, found.upper)?;
    Ok(found)
}
