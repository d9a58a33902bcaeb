//! Whether paired values (losses of two models) differ.

use super::TestResult;
use crate::Error;
use crate::input::{check_finite, check_paired, finite_result};
use crate::rank::midranks;
use crate::special::student_t_sf;
use crate::sum::{root_mean_square, sum};

/// Whether the mean of `a[i] - b[i]` is 0: t with n − 1 degrees of freedom, and the two-sided
/// p-value. Of squared errors it compares Brier scores or mean squared errors.
///
/// Source: Student 1908; scipy's `ttest_rel`.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::TooFewRows`] for a
/// single row, [`Error::NoVariation`] when all differences are the same, [`Error::Overflow`].
pub fn paired_t(a: &[f64], b: &[f64]) -> Result<TestResult, Error> {
    const NAME: &str = "t statistic";
    let differences = differences(a, b)?;
    let n = differences.len();
    if n < 2 {
        return Err(Error::TooFewRows { of: "in all", needed: 2, found: n });
    }
    if differences.iter().all(|&difference| difference == differences[0]) {
        return Err(Error::NoVariation { what: "difference" });
    }
    let mean = finite_result(NAME, sum(differences.iter().copied()) / n as f64)?;
    // With n in the denominator, so the standard error divides by n − 1.
    let deviation = root_mean_square(differences.iter().map(|difference| difference - mean), n);
    let degrees = (n - 1) as f64;
    let statistic = finite_result(NAME, mean / (deviation / degrees.sqrt()))?;
    let p_value = (2.0 * student_t_sf(statistic.abs(), degrees)?).min(1.0);
    Ok(TestResult { statistic, p_value })
}

/// Whether `a[i] - b[i]` lies around 0: the smaller of the rank sums of the positive and of the
/// negative differences, and the two-sided normal p-value.
///
/// Source: Wilcoxon 1945; scipy's `wilcoxon(method="approx")`: zeros are dropped, ties get midranks
/// and a smaller variance, no continuity correction. The approximation wants some 25 differences.
/// O(n log n) time; allocates four numbers a row.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::Overflow`],
/// [`Error::NoVariation`] when every difference is 0.
pub fn wilcoxon_signed_rank(a: &[f64], b: &[f64]) -> Result<TestResult, Error> {
    let mut differences = differences(a, b)?;
    differences.retain(|&difference| difference != 0.0);
    if differences.is_empty() {
        return Err(Error::NoVariation { what: "difference, which is 0 everywhere," });
    }
    let n = differences.len() as f64;
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    let ranks = midranks(&sizes);
    let signed = differences.iter().zip(&ranks);
    let positive = sum(signed.filter(|(value, _)| **value > 0.0).map(|(_, &rank)| rank));
    let all = n * (n + 1.0) / 2.0;
    let statistic = positive.min(all - positive);
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - tie_correction(ranks) / 48.0;
    let z = (statistic - all / 2.0) / variance.sqrt();
    Ok(TestResult { statistic, p_value: TestResult::two_sided_z(z).p_value })
}

fn differences(a: &[f64], b: &[f64]) -> Result<Vec<f64>, Error> {
    check_paired(a.len(), b.len())?;
    check_finite("values of a", a)?;
    check_finite("values of b", b)?;
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    if differences.iter().all(|difference| difference.is_finite()) {
        Ok(differences)
    } else {
        Err(Error::Overflow { metric: "difference" })
    }
}

/// Sum of t³ − t over the runs of t tied ranks.
fn tie_correction(mut ranks: Vec<f64>) -> f64 {
    ranks.sort_unstable_by(f64::total_cmp);
    let runs = ranks.chunk_by(|a, b| a == b).map(|tied| tied.len() as f64);
    sum(runs.map(|t| t * t * t - t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_values() {
        // Differences 1, 2, 3: mean 2, standard deviation 1.
        let test = paired_t(&[2.0, 4.0, 6.0], &[1.0, 2.0, 3.0]).expect("a valid input");
        assert!((test.statistic - 12_f64.sqrt()).abs() < 1e-14);
        // Differences 3, -1, 2, 0: ranks 3, 1, 2.
        let test = wilcoxon_signed_rank(&[3.0, 0.0, 2.0, 7.0], &[0.0, 1.0, 0.0, 7.0]);
        assert_eq!(test.map(|test| test.statistic), Ok(1.0));
    }

    #[test]
    fn sides_can_be_swapped() {
        let (a, b) = ([0.1, 0.5, 0.9, 0.3], [0.2, 0.1, 0.4, 0.35]);
        let (ab, ba) = (paired_t(&a, &b).unwrap(), paired_t(&b, &a).unwrap());
        assert_eq!((ab.statistic, ab.p_value), (-ba.statistic, ba.p_value));
        assert_eq!(wilcoxon_signed_rank(&a, &b), wilcoxon_signed_rank(&b, &a));
    }

    #[test]
    fn what_says_nothing_is_an_error() {
        let error = Error::TooFewRows { of: "in all", needed: 2, found: 1 };
        assert_eq!(paired_t(&[1.0], &[0.0]), Err(error));
        let error = Error::NoVariation { what: "difference" };
        assert_eq!(paired_t(&[1.0, 2.0], &[0.0, 1.0]), Err(error));
        assert!(matches!(wilcoxon_signed_rank(&[1.0], &[1.0]), Err(Error::NoVariation { .. })));
        for test in [paired_t, wilcoxon_signed_rank] {
            assert_eq!(test(&[], &[]), Err(Error::Empty));
            let error = Error::NotFinite { input: "values of b", index: 0 };
            assert_eq!(test(&[1.0], &[f64::NAN]), Err(error));
            let error = Error::Overflow { metric: "difference" };
            assert_eq!(test(&[f64::MAX], &[-f64::MAX]), Err(error));
        }
    }
}
