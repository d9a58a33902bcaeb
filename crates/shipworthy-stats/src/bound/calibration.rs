//! How far what is said is from what happens, with upper bounds.

use super::{UpperBound, check_rows};
use crate::Error;
use crate::classification::{brier_score, equal_mass_calibration_error};
use crate::input::{check_finite, check_paired, finite_result};
use crate::interval::Coverage;
use crate::sum::mean_and_deviation;

/// The expected calibration error over bins of equal mass with its upper bound, both in [0, 1].
///
/// The bound is of the error over these bins; what cancels out within one is not seen, and more bins
/// see more (Kumar, Liang & Ma 2019). The estimate is too large on average, so a calibrated model
/// needs rows to show it, and no estimate without that bias (Kumar et al.) is needed for the bound to hold.
///
/// Source: the argument of the module. The error over given bins is the largest mean, over the signs
/// of the bins, of what was said less what happened, and no such mean has a larger variance than the
/// Brier score B. As in the interval of Wilson 1927 the variance is the one at the bound: t above the
/// error, it is at most B + t, so t² = z² (B + t) / n.
///
/// # Errors
/// As [`equal_mass_calibration_error`].
pub fn calibration_error(
    labels: &[bool],
    scores: &[f64],
    bins: usize,
    coverage: Coverage,
) -> Result<UpperBound, Error> {
    let value = equal_mass_calibration_error(labels, scores, bins)?;
    let n = labels.len() as f64;
    let half = coverage.z().powi(2) / (2.0 * n);
    let squares = coverage.z().powi(2) * brier_score(labels, scores)? / n;
    let above = half + half.mul_add(half, squares).sqrt();
    Ok(UpperBound { value, upper: (value + above).min(1.0).max(value) })
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
