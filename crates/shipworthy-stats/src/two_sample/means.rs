//! Tests of two means.

use super::{Alternative, TestResult};
use crate::Error;
use crate::input::{check_sample, finite_result};
use crate::special::student_t_sf;
use crate::sum::mean_and_deviation;

/// Welch's test of two means, two-sided: the statistic is above 0 when the reference has the larger
/// mean.
///
/// Source: Welch 1947; the variances may differ. Checked with scipy's `ttest_ind`,
/// `equal_var=False`. Allocates nothing.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::TooFewRows`] below two rows a sample,
/// [`Error::Constant`] when neither sample varies, [`Error::Overflow`].
pub fn welch_t(reference: &[f64], current: &[f64]) -> Result<TestResult, Error> {
    let (a, b) = both(reference, current)?;
    let (statistic, share) = difference(&a, &b)?;
    let degrees = 1.0 / (share.powi(2) / (a.rows - 1.0) + (1.0 - share).powi(2) / (b.rows - 1.0));
    student(statistic, degrees)
}

/// Student's test of two means, two-sided, for samples of equal variance.
///
/// Source: Student 1908. Checked with scipy's `ttest_ind`, hence Evidently's `t_test`. Allocates
/// nothing.
///
/// # Errors
/// As [`welch_t`].
pub fn student_t(reference: &[f64], current: &[f64]) -> Result<TestResult, Error> {
    let (a, b) = both(reference, current)?;
    let degrees = a.rows + b.rows - 2.0;
    let weighted = |of: &Moments| of.deviation * ((of.rows - 1.0) / degrees).sqrt();
    let pooled = weighted(&a).hypot(weighted(&b));
    let scale = pooled * (1.0 / a.rows + 1.0 / b.rows).sqrt();
    student(ratio(&a, &b, scale)?, degrees)
}

/// The test of two means for large samples, two-sided: [`welch_t`] with a normal p-value.
///
/// Checked with numpy and scipy. Allocates nothing.
///
/// # Errors
/// As [`welch_t`].
pub fn z_of_means(reference: &[f64], current: &[f64]) -> Result<TestResult, Error> {
    let (a, b) = both(reference, current)?;
    let statistic = difference(&a, &b)?.0;
    Ok(TestResult { statistic, p_value: Alternative::TwoSided.p_of_normal(statistic) })
}

struct Moments {
    rows: f64,
    mean: f64,
    /// With n − 1 in the denominator.
    deviation: f64,
}

impl Moments {
    fn of(name: &'static str, values: &[f64]) -> Result<Self, Error> {
        check_sample(name, values)?;
        if values.len() < 2 {
            return Err(Error::TooFewRows { of: "in each sample", needed: 2, found: values.len() });
        }
        let rows = values.len() as f64;
        let (mean, of_population) = mean_and_deviation(values);
        let deviation = of_population * (rows / (rows - 1.0)).sqrt();
        Ok(Self { rows, mean, deviation })
    }
}

fn both(reference: &[f64], current: &[f64]) -> Result<(Moments, Moments), Error> {
    Ok((Moments::of("reference", reference)?, Moments::of("current", current)?))
}

/// The difference in its standard errors, and the reference's share of the squared error.
fn difference(a: &Moments, b: &Moments) -> Result<(f64, f64), Error> {
    let error_a = a.deviation / a.rows.sqrt();
    let error = error_a.hypot(b.deviation / b.rows.sqrt());
    Ok((ratio(a, b, error)?, (error_a / error).powi(2)))
}

fn ratio(a: &Moments, b: &Moments, scale: f64) -> Result<f64, Error> {
    if scale == 0.0 {
        return Err(Error::Constant { input: "values" });
    }
    finite_result("the t statistic", (a.mean - b.mean) / scale)
}

fn student(statistic: f64, degrees: f64) -> Result<TestResult, Error> {
    let p_value = (2.0 * student_t_sf(statistic.abs(), degrees)?).min(1.0);
    Ok(TestResult { statistic, p_value })
}
