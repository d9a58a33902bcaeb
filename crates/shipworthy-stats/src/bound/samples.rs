//! Distances of numbers.

use super::{Rows, UpperBound, check_rows};
use crate::Error;
use crate::interval::Coverage;
use crate::sum::{mean_and_deviation, sum};
use crate::two_sample::{
    energy_distance, kolmogorov_smirnov_asymptotic, wasserstein_distance,
    wasserstein_normalised as normalised,
};

/// The Kolmogorov–Smirnov distance with its upper bound, both in [0, 1].
///
/// Source: the module; the functions are the shares at most t, whose error is at most ½ / √n. Where
/// the truth is one number t, the bound of Dvoretzky, Kiefer and Wolfowitz for all t is not needed.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`].
pub fn kolmogorov_smirnov(
    reference: &[f64],
    current: &[f64],
    rows: Rows,
    coverage: Coverage,
) -> Result<UpperBound, Error> {
    let value = kolmogorov_smirnov_asymptotic(reference, current)?.statistic;
    let error = |sample: &[f64]| 0.5 / (sample.len() as f64).sqrt();
    Ok(UpperBound::normal(value, rows.error(error(reference), error(current)), coverage, 1.0))
}

/// The Wasserstein distance of order 1, in the unit of the values, with its upper bound.
///
/// Source: the module; the functions are those that nowhere rise or fall faster than by 1 (Kantorovich
/// & Rubinstein 1958), and none of them varies more than the values themselves.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::Overflow`], [`Error::TooFewRows`] below 2.
pub fn wasserstein(
    reference: &[f64],
    current: &[f64],
    rows: Rows,
    coverage: Coverage,
) -> Result<UpperBound, Error> {
    let value = wasserstein_distance(reference, current)?;
    let error = rows.error(error_of_mean(reference)?, error_of_mean(current)?);
    Ok(UpperBound::normal(value, error, coverage, f64::INFINITY))
}

/// [`wasserstein`] in standard deviations (of the population) of the reference.
///
/// Source: the same, and by the delta method what the deviation itself may be off, d √(κ − 1) / 2√n
/// for a distance d and a kurtosis κ, added to the error of the reference.
///
/// # Errors
/// As [`wasserstein`], and [`Error::Constant`] where all values of the reference are one.
pub fn wasserstein_normalised(
    reference: &[f64],
    current: &[f64],
    rows: Rows,
    coverage: Coverage,
) -> Result<UpperBound, Error> {
    let value = normalised(reference, current, 0.0)?;
    let n = reference.len() as f64;
    let (mean, deviation) = mean_and_deviation(reference);
    let fourth = |value: &f64| ((value - mean) / deviation).powi(4);
    let kurtosis = sum(reference.iter().map(fourth)) / n;
    let of_deviation = value * (kurtosis - 1.0).max(0.0).sqrt() / (2.0 * n.sqrt());
    let of_reference = error_of_mean(reference)? / deviation + of_deviation;
    let error = rows.error(of_reference, error_of_mean(current)? / deviation);
    Ok(UpperBound::normal(value, error, coverage, f64::INFINITY))
}

/// The energy distance, in the square root of the unit, with its upper bound.
///
/// Source: the module; the energy distance is the root of 2 ∫ (F − G)², the largest difference over a
/// ball of functions (Sejdinovic et al. 2013), of which none has a larger variance than all together,
/// 2 ∫ F (1 − F).
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::Overflow`].
pub fn energy(
    reference: &[f64],
    current: &[f64],
    rows: Rows,
    coverage: Coverage,
) -> Result<UpperBound, Error> {
    let value = energy_distance(reference, current)?;
    let error = |sample: &[f64]| (2.0 * scatter(sample) / sample.len() as f64).sqrt();
    let error = rows.error(error(reference), error(current));
    Ok(UpperBound::normal(value, error, coverage, f64::INFINITY))
}

/// The standard error of the mean.
fn error_of_mean(sample: &[f64]) -> Result<f64, Error> {
    check_rows(sample.len())?;
    let (_, deviation) = mean_and_deviation(sample);
    Ok(deviation / (sample.len() as f64 - 1.0).sqrt())
}

/// ∫ F (1 − F): half of the mean difference of two values.
fn scatter(sample: &[f64]) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let areas = sorted.windows(2).enumerate().map(|(below, pair)| {
        let share = (below + 1) as f64 / n;
        (pair[1] - pair[0]) * share * (1.0 - share)
    });
    sum(areas)
}
