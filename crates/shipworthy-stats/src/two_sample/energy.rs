//! Areas between the two empirical distributions.

use super::sorted::Sorted;
use crate::Error;
use crate::input::finite_result;
use crate::sum::{CompensatedSum, mean_and_deviation};

/// Wasserstein distance of order 1: how far values must move, in their unit, for one sample to
/// become the other; at least 0.
///
/// Source: the area between the empirical distributions (Vallender 1974). Checked with scipy's
/// `wasserstein_distance`.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::Overflow`].
pub fn wasserstein_distance(reference: &[f64], current: &[f64]) -> Result<f64, Error> {
    area("the Wasserstein distance", reference, current, f64::abs)
}

/// [`wasserstein_distance`] divided by the standard deviation (of the population) of the reference,
/// or by `floor` where that is larger; at least 0.
///
/// Source: the convention of Evidently, whose floor is 0.001. Checked with Evidently. With a floor
/// of 0 a constant reference has no scale and is refused.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::Overflow`], [`Error::Constant`].
pub fn wasserstein_normalised(
    reference: &[f64],
    current: &[f64],
    floor: f64,
) -> Result<f64, Error> {
    let distance = wasserstein_distance(reference, current)?;
    crate::input::check_finite("floor", &[floor])?;
    let (_, deviation) = mean_and_deviation(reference);
    let scale = deviation.max(floor);
    if scale <= 0.0 {
        return Err(Error::Constant { input: "reference" });
    }
    finite_result("the normalised Wasserstein distance", distance / scale)
}

/// Energy distance: √(2 ∫ (F − G)²), at least 0, in the square root of the unit.
///
/// Source: Székely & Rizzo 2013, for one dimension. Checked with scipy's `energy_distance`.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::Overflow`].
pub fn energy_distance(reference: &[f64], current: &[f64]) -> Result<f64, Error> {
    let area = area("the energy distance", reference, current, |gap| 2.0 * gap * gap)?;
    Ok(area.sqrt())
}

/// ∫ of a function of the gap between the distributions.
fn area(
    metric: &'static str,
    reference: &[f64],
    current: &[f64],
    of_gap: impl Fn(f64) -> f64,
) -> Result<f64, Error> {
    let samples = Sorted::new(reference, current)?;
    let (n, m) = samples.sizes();
    let mut total = CompensatedSum::default();
    let mut previous: Option<f64> = None;
    let (mut i, mut j) = (0, 0);
    for tie in samples.ties() {
        if let Some(previous) = previous {
            let gap = of_gap(difference(i, m, j, n) / (n as f64 * m as f64));
            if gap > 0.0 {
                total.add(gap * (tie.value - previous));
            }
        }
        previous = Some(tie.value);
        i += tie.reference;
        j += tie.current;
    }
    finite_result(metric, total.total())
}

/// i m − j n as one number, so that equal distributions have a gap of exactly 0, where i ≤ n and j ≤ m.
/// Most products have room in 64 bits, which cost a fraction of 128.
#[inline]
fn difference(i: u64, m: u64, j: u64, n: u64) -> f64 {
    match n.checked_mul(m).is_some_and(|most| i64::try_from(most).is_ok()) {
        true => ((i * m).cast_signed() - (j * n).cast_signed()) as f64,
        false => (i128::from(i) * i128::from(m) - i128::from(j) * i128::from(n)) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn products_beyond_64_bits_are_still_exact() {
        let (n, m) = (1 << 40, (1 << 40) - 1);
        assert_eq!(difference(n, m, m, n), 0.0);
        assert_eq!(difference(n, m, m - 1, n), (1_u64 << 40) as f64);
        assert_eq!(difference(3, 7, 5, 4), 1.0);
        assert_eq!(difference(0, 7, 5, 4), -20.0);
    }
}
