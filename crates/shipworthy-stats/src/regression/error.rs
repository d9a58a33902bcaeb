//! Sizes of errors beside the root mean square and the mean.

use super::{check_rows, mae, residuals};
use crate::Error;
use crate::input::finite_result;
use crate::sum::{root_mean_square, sum};

/// Median absolute error, in the unit of the target, at least 0; half of the rows are nearer.
///
/// Source: scikit-learn's `median_absolute_error`. Allocates one number a row.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], and [`Error::Overflow`] when
/// the median itself is beyond the range of `f64`.
pub fn median_absolute_error(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_rows(targets, predictions)?;
    let mut errors: Vec<f64> = residuals(targets, predictions).map(f64::abs).collect();
    finite_result("median absolute error", median(&mut errors))
}

/// Largest absolute error, in the unit of the target, at least 0.
///
/// Source: scikit-learn's `max_error`. It grows with the number of rows, and no interval follows
/// from a sample.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::Overflow`].
pub fn max_error(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_rows(targets, predictions)?;
    let largest = residuals(targets, predictions).map(f64::abs).fold(0.0, f64::max);
    finite_result("max error", largest)
}

/// Mean of |error| / |target| over the rows whose target is not 0: 0.1 is ten percent.
///
/// Source: the mean absolute percentage error, without scikit-learn's division by 2⁻⁵² for a target
/// of 0. The result is at least 0.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::NoVariation`] when
/// every target is 0, and [`Error::Overflow`].
pub fn mape_excluding_zero(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_rows(targets, predictions)?;
    let rows = targets.iter().filter(|&&target| target != 0.0).count();
    if rows == 0 {
        return Err(Error::NoVariation { what: "target, which is 0 everywhere," });
    }
    let pairs = targets.iter().zip(residuals(targets, predictions));
    let shares = pairs.filter(|(target, _)| **target != 0.0).map(|(target, e)| (e / target).abs());
    finite_result("mape", sum(shares) / rows as f64)
}

/// Symmetric mean absolute percentage error: the mean of 2 |error| / (|target| + |prediction|), in
/// [0, 2]; a row whose target and prediction are both 0 is right and counts 0.
///
/// Source: Makridakis 1993, as the M3 competition reports it, not in percent.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`].
pub fn smape(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_rows(targets, predictions)?;
    let shares = targets.iter().zip(predictions).map(|(&target, &prediction)| {
        // Scaled by the larger, so that neither sum nor difference overflows.
        let scale = target.abs().max(prediction.abs());
        if scale == 0.0 {
            return 0.0;
        }
        let (target, prediction) = (target / scale, prediction / scale);
        2.0 * (target - prediction).abs() / (target.abs() + prediction.abs())
    });
    Ok(sum(shares) / targets.len() as f64)
}

/// Explained variance: 1 − (variance of the errors / variance of the targets), at most 1.
///
/// Source: scikit-learn's `explained_variance_score`, without its stand-in for constant targets.
/// Unlike [`r2`](super::r2) it forgives a constant shift.
///
/// # Errors
/// As [`r2`](super::r2).
pub fn explained_variance(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    const NAME: &str = "explained variance";
    check_rows(targets, predictions)?;
    if targets.iter().all(|&target| target == targets[0]) {
        return Err(Error::ConstantTarget);
    }
    let unexplained = deviation(NAME, residuals(targets, predictions), targets.len())?;
    let total = deviation(NAME, targets.iter().copied(), targets.len())?;
    finite_result(NAME, 1.0 - (unexplained / total).powi(2))
}

/// Share of the absolute deviations from the median that is explained: 1 − (mean absolute error /
/// mean absolute deviation of the targets from their median), at most 1.
///
/// Source: Koenker & Machado 1999 at the median; scikit-learn's `d2_absolute_error_score`, equal to
/// its `d2_pinball_score(alpha=0.5)`. Allocates one number a row.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::ConstantTarget`],
/// [`Error::Overflow`].
pub fn d2_absolute_error(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    let error = mae(targets, predictions)?;
    if targets.iter().all(|&target| target == targets[0]) {
        return Err(Error::ConstantTarget);
    }
    let middle = median(&mut targets.to_vec());
    let deviation = mae(targets, &vec![middle; targets.len()])?;
    finite_result("d2 of the absolute error", 1.0 - error / deviation)
}

/// Population standard deviation.
fn deviation(
    metric: &'static str,
    values: impl Iterator<Item = f64> + Clone,
    n: usize,
) -> Result<f64, Error> {
    let mean = finite_result(metric, sum(values.clone()) / n as f64)?;
    Ok(root_mean_square(values.map(|value| value - mean), n))
}

/// The middle value, or the mean of the middle two; the values are not empty and not NaN.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    let is_odd = values.len() % 2 == 1;
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if is_odd {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_values() {
        let (targets, predictions) = ([2.0, 0.0, 4.0, 10.0], [1.0, 0.0, 6.0, 10.0]);
        assert_eq!(median_absolute_error(&targets, &predictions), Ok(0.5));
        assert_eq!(max_error(&targets, &predictions), Ok(2.0));
        assert_eq!(mape_excluding_zero(&targets, &predictions), Ok(1.0 / 3.0));
        let smape = smape(&targets, &predictions).expect("a valid input");
        assert!((smape - (2.0 / 3.0 + 0.4) / 4.0).abs() < 1e-15);
        assert_eq!(d2_absolute_error(&targets, &predictions), Ok(0.75));
    }

    #[test]
    fn a_constant_shift_is_forgiven() {
        let (targets, shifted) = ([1.0, 2.0, 4.0], [11.0, 12.0, 14.0]);
        assert_eq!(explained_variance(&targets, &shifted), Ok(1.0));
        assert!(super::super::r2(&targets, &shifted).is_ok_and(|r2| r2 < 0.0));
    }

    #[test]
    fn the_median_of_any_count_is_in_the_middle() {
        assert_eq!(median(&mut [3.0]), 3.0);
        assert_eq!(median(&mut [3.0, 1.0]), 2.0);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [9.0, 1.0, 2.0, 4.0]), 3.0);
    }

    #[test]
    fn what_is_undefined_is_an_error() {
        for metric in [explained_variance, d2_absolute_error] {
            assert_eq!(metric(&[0.1; 3], &[0.1, 0.2, 0.3]), Err(Error::ConstantTarget));
        }
        assert!(matches!(mape_excluding_zero(&[0.0], &[1.0]), Err(Error::NoVariation { .. })));
        assert_eq!(smape(&[0.0], &[-0.0]), Ok(0.0));
        assert_eq!(smape(&[f64::MAX], &[-f64::MAX]), Ok(2.0));
        let error = Err(Error::Overflow { metric: "max error" });
        assert_eq!(max_error(&[f64::MAX], &[-f64::MAX]), error);
    }

    #[test]
    fn bad_input_is_named() {
        let metrics = [
            median_absolute_error,
            max_error,
            mape_excluding_zero,
            smape,
            explained_variance,
            d2_absolute_error,
        ];
        for metric in metrics {
            assert_eq!(metric(&[], &[]), Err(Error::Empty));
            let error = Error::LengthsDiffer { labels: 1, predictions: 0 };
            assert_eq!(metric(&[1.0], &[]), Err(error));
            let error = Error::NotFinite { input: "predictions", index: 0 };
            assert_eq!(metric(&[1.0], &[f64::NAN]), Err(error));
        }
    }
}
