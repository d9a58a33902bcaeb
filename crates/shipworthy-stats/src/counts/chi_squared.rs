//! The chi-squared tests.

use super::check;
use crate::Error;
use crate::special::chi_squared_sf;
use crate::sum::sum;
use crate::two_sample::TestResult;

/// Whether the statistic of a table of two by two is lowered, since counts are whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    /// Never.
    None,
    /// By Yates's correction, for tables of two cells a sample only; scipy's default, and NannyML.
    Yates,
}

/// Chi-squared test of goodness of fit: do the current counts follow the shares of the reference,
/// which are taken as exact?
///
/// Source: Pearson 1900, with the reference scaled to the current number of rows; Evidently's
/// `chisquare`. Degrees of freedom are the filled cells less one; with one cell the fit is perfect.
/// Since the reference is a sample as well, p is too small: [`chi_squared_contingency`] is the sound
/// test. Checked with scipy's `chisquare`.
///
/// # Errors
/// [`Error::CellsDiffer`], [`Error::EmptySample`], and [`Error::Unseen`] when the current sample
/// fills a cell that the reference leaves empty: tools then answer with an infinite statistic and
/// p = 0.
pub fn chi_squared_goodness_of_fit(
    reference: &[u64],
    current: &[u64],
) -> Result<TestResult, Error> {
    let (n, m) = check(reference, current)?;
    let unseen = |(&expected, &observed): (&u64, &u64)| expected == 0 && observed > 0;
    if let Some(cell) = reference.iter().zip(current).position(unseen) {
        return Err(Error::Unseen { cell, rows: current[cell] });
    }
    let cells = reference.iter().zip(current).filter(|(expected, _)| **expected > 0);
    let terms = cells.clone().map(|(&expected, &observed)| {
        let expected = expected as f64 * (m / n);
        (observed as f64 - expected).powi(2) / expected
    });
    result(sum(terms), cells.count())
}

/// Chi-squared test of a table of two rows: do both samples come from one set of shares?
///
/// Source: Pearson 1900; symmetric. Degrees of freedom are the filled cells less one; with one cell
/// the samples are alike. Checked with scipy's `chi2_contingency` and NannyML. The p-value is
/// approximate where expected counts are below about 5.
///
/// # Errors
/// [`Error::CellsDiffer`], [`Error::EmptySample`].
pub fn chi_squared_contingency(
    reference: &[u64],
    current: &[u64],
    continuity: Continuity,
) -> Result<TestResult, Error> {
    let (n, m) = check(reference, current)?;
    let cells: Vec<(f64, f64)> = reference
        .iter()
        .zip(current)
        .map(|(&a, &b)| (a as f64, b as f64))
        .filter(|(a, b)| a + b > 0.0)
        .collect();
    let yates = continuity == Continuity::Yates && cells.len() == 2;
    let terms = cells.iter().map(|(a, b)| {
        let expected = (a + b) * (n / (n + m));
        let gap = (a - expected).abs();
        let gap = if yates { gap - gap.min(0.5) } else { gap };
        // Both rows have the same gap.
        gap * gap / expected * ((n + m) / m)
    });
    result(sum(terms), cells.len())
}

fn result(statistic: f64, cells: usize) -> Result<TestResult, Error> {
    if cells == 1 {
        return Ok(TestResult { statistic: 0.0, p_value: 1.0 });
    }
    Ok(TestResult { statistic, p_value: chi_squared_sf(statistic, (cells - 1) as f64)? })
}
