//! P-values of many tests at once, adjusted so that each may be compared with the level of all.
//!
//! The answers are in the order of the input, at least as large as it, at most 1.

use crate::Error;
use crate::input::check_probabilities;

/// Bonferroni's adjustment: the chance of any false alarm stays below the level, whatever the
/// dependence of the tests.
///
/// Source: Dunn 1961. Checked with statsmodels' `multipletests`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::ScoreOutOfRange`].
pub fn bonferroni(p_values: &[f64]) -> Result<Vec<f64>, Error> {
    check(p_values)?;
    let tests = p_values.len() as f64;
    Ok(p_values.iter().map(|p| (p * tests).min(1.0)).collect())
}

/// Holm's adjustment: the same promise as [`bonferroni`], and never a larger p-value.
///
/// Source: Holm, Scand. J. Stat. 6 (1979). Checked with statsmodels' `multipletests`.
///
/// # Errors
/// As [`bonferroni`].
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, Error> {
    let mut largest = 0.0_f64;
    let order = ascending(p_values)?;
    Ok(adjust(p_values, order.into_iter(), |rank, p| {
        largest = largest.max(p * (p_values.len() - rank) as f64);
        largest
    }))
}

/// Benjamini and Hochberg's adjustment: of all alarms, the expected share of false ones stays below
/// the level, for tests that are independent or depend positively.
///
/// Source: Benjamini & Hochberg, J. R. Stat. Soc. B 57 (1995). Checked with scipy's
/// `false_discovery_control` and statsmodels' `multipletests`.
///
/// # Errors
/// As [`bonferroni`].
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, Error> {
    let mut smallest = 1.0_f64;
    let order = ascending(p_values)?;
    let tests = p_values.len();
    Ok(adjust(p_values, order.into_iter().rev(), |rank, p| {
        smallest = smallest.min(p * tests as f64 / (tests - rank) as f64);
        smallest
    }))
}

/// Walks over the p-values in an order; `rank` counts from 0.
fn adjust(
    p_values: &[f64],
    order: impl Iterator<Item = usize>,
    mut adjusted: impl FnMut(usize, f64) -> f64,
) -> Vec<f64> {
    let mut result = vec![0.0; p_values.len()];
    for (rank, index) in order.enumerate() {
        result[index] = adjusted(rank, p_values[index]).min(1.0);
    }
    result
}

fn ascending(p_values: &[f64]) -> Result<Vec<usize>, Error> {
    check(p_values)?;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    Ok(order)
}

fn check(p_values: &[f64]) -> Result<(), Error> {
    if p_values.is_empty() {
        return Err(Error::Empty);
    }
    check_probabilities("p-values", p_values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_p_values_are_those_of_statsmodels() {
        let p = [0.01, 0.04, 0.03, 0.005, 0.8];
        let near = |actual: Vec<f64>, expected: [f64; 5]| {
            let pairs = actual.iter().zip(expected);
            assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-15), "{actual:?}");
        };
        near(bonferroni(&p).expect("valid"), [0.05, 0.2, 0.15, 0.025, 1.0]);
        near(holm(&p).expect("valid"), [0.04, 0.09, 0.09, 0.025, 0.8]);
        near(benjamini_hochberg(&p).expect("valid"), [0.025, 0.05, 0.05, 0.025, 0.8]);
    }

    #[test]
    fn what_is_no_p_value_is_refused() {
        for adjust in [bonferroni, holm, benjamini_hochberg] {
            assert_eq!(adjust(&[]), Err(Error::Empty));
            assert_eq!(adjust(&[0.5, 1.5]), Err(Error::ScoreOutOfRange { index: 1, value: 1.5 }));
            assert!(matches!(adjust(&[f64::NAN]), Err(Error::NotFinite { .. })));
        }
    }
}
