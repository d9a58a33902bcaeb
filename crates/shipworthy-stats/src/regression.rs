//! Point metrics of a regression.
//!
//! `targets[i]` is what happened in row i and `predictions[i]` what the model said, both finite and
//! in the unit of the target.

mod correlation;
mod error;

pub use correlation::{kendall_tau_b, pearson, spearman};
pub use error::{
    d2_absolute_error, explained_variance, mape_excluding_zero, max_error, median_absolute_error,
    smape,
};

use crate::Error;
use crate::input::{check_finite, check_paired, finite_result};
use crate::sum::{root_mean_square, sum};

/// Root of the mean squared error, in the unit of the target, at least 0; smaller is better.
///
/// Source: scikit-learn's `root_mean_squared_error`. Errors are scaled by the largest before they
/// are squared, so that tiny ones do not vanish and huge ones do not overflow.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], and [`Error::Overflow`] when a
/// single error is beyond the range of `f64`.
pub fn rmse(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_rows(targets, predictions)?;
    finite_result("rmse", root_mean_square(residuals(targets, predictions), targets.len()))
}

/// Mean absolute error, in the unit of the target, at least 0; smaller is better.
///
/// Source: scikit-learn's `mean_absolute_error`.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], and [`Error::Overflow`] when
/// the sum of the errors is beyond the range of `f64`.
pub fn mae(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_rows(targets, predictions)?;
    let total = sum(residuals(targets, predictions).map(f64::abs));
    finite_result("mae", total / targets.len() as f64)
}

/// Coefficient of determination: 1 − (squared errors / squared deviations of the targets from their
/// mean).
///
/// Source: Kvålseth 1985, R²₁; scikit-learn's `r2_score`, without its stand-in for constant
/// targets. The result is at most 1; 0 is as good as answering the mean, and below 0 is worse.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::ConstantTarget`] (a
/// single row included), and [`Error::Overflow`] when the sum of the targets or the result is
/// beyond the range of `f64`.
pub fn r2(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_rows(targets, predictions)?;
    if targets.iter().all(|&target| target == targets[0]) {
        return Err(Error::ConstantTarget);
    }
    let n = targets.len();
    let mean = finite_result("r2", sum(targets.iter().copied()) / n as f64)?;
    let unexplained = root_mean_square(residuals(targets, predictions), n);
    let deviation = root_mean_square(targets.iter().map(|target| target - mean), n);
    finite_result("r2", 1.0 - (unexplained / deviation).powi(2))
}

fn check_rows(targets: &[f64], predictions: &[f64]) -> Result<(), Error> {
    check_paired(targets.len(), predictions.len())?;
    check_finite("targets", targets)?;
    check_finite("predictions", predictions)
}

fn residuals(targets: &[f64], predictions: &[f64]) -> impl Iterator<Item = f64> + Clone {
    targets.iter().zip(predictions).map(|(target, prediction)| target - prediction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_values() {
        let (targets, predictions) = ([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]);
        assert_eq!(mae(&targets, &predictions), Ok(0.5));
        assert_eq!(rmse(&targets, &predictions), Ok(0.375_f64.sqrt()));
        let r2 = r2(&targets, &predictions).expect("a valid input");
        assert!((r2 - 0.948_608_137_044_967_9).abs() < 1e-15);
    }

    #[test]
    fn a_constant_target_has_no_r2() {
        // The mean of these is not 0.1, so their variance would not be 0.
        assert_eq!(r2(&[0.1; 3], &[0.1, 0.2, 0.3]), Err(Error::ConstantTarget));
        assert_eq!(r2(&[1.0], &[1.0]), Err(Error::ConstantTarget));
    }

    #[test]
    fn a_result_beyond_the_floats_is_an_error() {
        let (targets, predictions) = ([f64::MAX, 0.0], [-f64::MAX, 0.0]);
        assert_eq!(rmse(&targets, &predictions), Err(Error::Overflow { metric: "rmse" }));
        assert_eq!(mae(&targets, &predictions), Err(Error::Overflow { metric: "mae" }));
        assert_eq!(r2(&targets, &predictions), Err(Error::Overflow { metric: "r2" }));
        assert!(rmse(&[1e300, 0.0], &[0.0, 1e300]).is_ok_and(|value| value == 1e300));
    }

    #[test]
    fn bad_input_is_named() {
        for metric in [rmse, mae, r2] {
            assert_eq!(metric(&[], &[]), Err(Error::Empty));
            let error = Error::LengthsDiffer { labels: 2, predictions: 1 };
            assert_eq!(metric(&[1.0, 2.0], &[1.0]), Err(error));
            let error = Error::NotFinite { input: "targets", index: 1 };
            assert_eq!(metric(&[1.0, f64::NAN], &[1.0, 2.0]), Err(error));
            let error = Error::NotFinite { input: "predictions", index: 0 };
            assert_eq!(metric(&[1.0, 2.0], &[f64::NEG_INFINITY, 2.0]), Err(error));
        }
    }
}
