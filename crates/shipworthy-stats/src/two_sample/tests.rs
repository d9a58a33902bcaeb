//! Small samples against scipy 1.17, and what is refused.

use super::*;
use crate::Error;

#[track_caller]
fn check(actual: Result<TestResult, Error>, statistic: f64, p_value: f64) {
    let actual = actual.expect("a valid input");
    assert!((actual.statistic - statistic).abs() <= 1e-12, "{actual:?}");
    assert!((actual.p_value - p_value).abs() <= 1e-9 * p_value, "{actual:?}");
}

#[test]
fn small_samples_have_exact_p_values() {
    let reference = [1.5, 2.25, 7.0, 3.1, 0.4];
    let current = [2.0, 5.0, 6.5, 8.0, 9.75, 4.2, 3.3];
    let of = |alternative| mann_whitney(&reference, &current, alternative);
    check(of(Alternative::TwoSided), 7.0, 0.106_060_606_060_606_06);
    check(of(Alternative::Less), 7.0, 0.053_030_303_030_303_03);
    check(of(Alternative::Greater), 7.0, 0.963_383_838_383_838_5);
    check(kolmogorov_smirnov(&reference, &current), 23.0 / 35.0, 0.116_161_616_161_616_17);

    let reference: Vec<f64> = (0..8).map(|i| 0.1 * f64::from(i * i)).collect();
    let current: Vec<f64> = (0..30).map(|i| 3.0 + 0.37 * f64::from(i)).collect();
    let of = |alternative| mann_whitney(&reference, &current, alternative);
    check(of(Alternative::TwoSided), 8.0, 2.740_090_625_839_152_6e-6);
    check(of(Alternative::Greater), 8.0, 0.999_999_079_820_312_2);
}

#[test]
fn beyond_ten_thousand_rows_the_p_value_is_asymptotic() {
    let reference: Vec<f64> = (0..12_000).map(|i| f64::from(i) / 12_000.0).collect();
    let current: Vec<f64> = (0..300).map(|i| (f64::from(i) / 300.0).powf(1.1)).collect();
    let result = kolmogorov_smirnov(&reference, &current);
    check(result.clone(), 0.038_333_333_333_333_386, 0.767_482_708_970_188_9);
    assert_eq!(result, kolmogorov_smirnov_asymptotic(&reference, &current));
}

#[test]
fn one_sample_is_compared_with_a_distribution() {
    let uniform = kolmogorov_smirnov_one_sample(&[0.1, 0.35, 0.2, 0.9, 0.55], |x| x);
    check(uniform, 0.25, 0.8446);
    let sample = [0.1, -1.35, 0.2, 0.9, 2.55, 0.3];
    let normal = kolmogorov_smirnov_one_sample(&sample, crate::special::normal_cdf);
    check(normal, 0.373_161_170_610_362_36, 0.295_274_491_176_148_8);
    assert!(kolmogorov_smirnov_one_sample(&[1.5], |x| x).is_err());
}

#[test]
fn proportions_are_compared_as_in_statsmodels() {
    let z = two_proportion_z((30, 100), (45, 120), Alternative::TwoSided);
    check(z, -1.168_553_482_464_243_2, 0.242_583_579_348_320_98);
}

#[test]
fn samples_of_one_value_are_alike_or_refused() {
    let (one, other) = ([7.0; 800], [7.0; 600]);
    check(kolmogorov_smirnov(&one, &other), 0.0, 1.0);
    check(mann_whitney(&one, &other, Alternative::Less), 240_000.0, 1.0);
    assert_eq!(wasserstein_normalised(&one, &other, 0.001), Ok(0.0));
    let constant = Error::Constant { input: "values" };
    assert_eq!(welch_t(&one, &other), Err(constant.clone()));
    assert_eq!(student_t(&[0.1; 3], &[0.1; 7]), Err(constant.clone()));
    assert_eq!(cramer_von_mises(&one, &other), Err(constant));
    let no_scale = Error::Constant { input: "reference" };
    assert_eq!(wasserstein_normalised(&one, &[8.0], 0.0), Err(no_scale));
    check(two_proportion_z((0, 5), (0, 9), Alternative::TwoSided), 0.0, 1.0);
}

#[test]
fn an_empty_side_and_what_is_no_number_are_named() {
    let tests = [kolmogorov_smirnov, kolmogorov_smirnov_asymptotic, welch_t, cramer_von_mises];
    for test in tests {
        assert_eq!(test(&[], &[1.0]), Err(Error::EmptySample { sample: "reference" }));
        assert_eq!(test(&[1.0, 2.0], &[]), Err(Error::EmptySample { sample: "current" }));
        let nan = Error::NotFinite { input: "current", index: 1 };
        assert_eq!(test(&[1.0, 2.0], &[1.0, f64::NAN]), Err(nan));
    }
    assert_eq!(
        welch_t(&[1.0], &[1.0, 2.0]),
        Err(Error::TooFewRows { of: "in each sample", needed: 2, found: 1 })
    );
    let empty = Error::EmptySample { sample: "current" };
    assert_eq!(two_proportion_z((1, 2), (0, 0), Alternative::Less), Err(empty));
    assert!(two_proportion_z((3, 2), (0, 1), Alternative::Less).is_err());
    let far = wasserstein_distance(&[-f64::MAX], &[f64::MAX]);
    assert!(matches!(far, Err(Error::Overflow { .. })));
}
