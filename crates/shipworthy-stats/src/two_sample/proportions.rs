//! The test of two proportions.

use super::{Alternative, TestResult};
use crate::Error;

/// Pooled z test of two proportions: `successes` of `rows` in the reference and in the current
/// sample. The statistic is above 0 when the reference has the larger share.
///
/// Source: the score test of two binomials, as in statsmodels' `proportions_ztest` and Evidently's
/// `z`. Checked with both. Shares of 0 or 1 on both sides are equal, so the statistic is 0 and p is
/// 1 (two-sided), or one half.
///
/// # Errors
/// [`Error::EmptySample`], and [`Error::MoreSuccessesThanRows`].
pub fn two_proportion_z(
    reference: (u64, u64),
    current: (u64, u64),
    alternative: Alternative,
) -> Result<TestResult, Error> {
    check("reference", reference)?;
    check("current", current)?;
    let (x, n) = (reference.0 as f64, reference.1 as f64);
    let (y, m) = (current.0 as f64, current.1 as f64);
    let pooled = (x + y) / (n + m);
    let variance = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
    let statistic = if variance > 0.0 { (x / n - y / m) / variance.sqrt() } else { 0.0 };
    Ok(TestResult { statistic, p_value: alternative.p_of_normal(statistic) })
}

fn check(sample: &'static str, (successes, rows): (u64, u64)) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::EmptySample { sample });
    }
    if successes > rows {
        return Err(Error::MoreSuccessesThanRows { successes, rows });
    }
    Ok(())
}
