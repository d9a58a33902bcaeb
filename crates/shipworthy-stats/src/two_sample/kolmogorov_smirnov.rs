//! The Kolmogorov–Smirnov test.

use super::TestResult;
use super::sorted::Sorted;
use crate::Error;
use crate::input::{check_probabilities, check_sample};
use crate::special::kolmogorov_sf;

/// Rows of the larger sample up to which the p-value is exact, as in scipy. The exact one takes
/// time in proportion to the product of the sizes.
pub const LARGEST_EXACT_SAMPLE: usize = 10_000;

/// Two-sided two-sample Kolmogorov–Smirnov test: the largest gap between the two empirical
/// distributions, in [0, 1], and its p-value.
///
/// Source: Smirnov 1939. Up to [`LARGEST_EXACT_SAMPLE`] rows the p-value is exact for samples
/// without ties (and too large with them, on the safe side): the share of lattice paths that reach
/// the gap, by the recurrence of Hodges, Ark. Mat. 3 (1958), in which nothing is subtracted. Beyond,
/// as [`kolmogorov_smirnov_asymptotic`]. Checked with scipy's `ks_2samp`, `method="auto"`.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`].
pub fn kolmogorov_smirnov(reference: &[f64], current: &[f64]) -> Result<TestResult, Error> {
    let samples = Sorted::new(reference, current)?;
    let gap = Gap::of(&samples);
    if reference.len().max(current.len()) > LARGEST_EXACT_SAMPLE {
        return gap.asymptotic();
    }
    Ok(TestResult { statistic: gap.share(), p_value: gap.share_of_paths() })
}

/// [`kolmogorov_smirnov`] with the p-value of large samples: the chance that one sample of
/// n₁ n₂ / (n₁ + n₂) rows, rounded, is so far from its distribution.
///
/// Source: [`kolmogorov_sf`]. Checked with scipy's `ks_2samp`, `method="asymp"`.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`].
pub fn kolmogorov_smirnov_asymptotic(
    reference: &[f64],
    current: &[f64],
) -> Result<TestResult, Error> {
    Gap::of(&Sorted::new(reference, current)?).asymptotic()
}

/// One-sample Kolmogorov–Smirnov test: the largest gap between the empirical distribution of the
/// sample and `cdf`, and its two-sided p-value.
///
/// Source: Kolmogorov 1933; the p-value is [`kolmogorov_sf`]. Checked with scipy's `kstest`. `cdf`
/// must be non-decreasing and in [0, 1].
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::ScoreOutOfRange`] when `cdf` leaves
/// [0, 1].
pub fn kolmogorov_smirnov_one_sample(
    sample: &[f64],
    cdf: impl Fn(f64) -> f64,
) -> Result<TestResult, Error> {
    check_sample("sample", sample)?;
    let mut chances: Vec<f64> = sample.iter().map(|&value| cdf(value)).collect();
    check_probabilities("cdf", &chances)?;
    chances.sort_unstable_by(f64::total_cmp);
    let n = chances.len() as f64;
    let gap = |(i, chance): (usize, &f64)| (chance - i as f64 / n).max((i + 1) as f64 / n - chance);
    let statistic = chances.iter().enumerate().map(gap).fold(0.0, f64::max);
    Ok(TestResult { statistic, p_value: kolmogorov_sf(chances.len() as u64, statistic)? })
}

/// The largest |i n₂ − j n₁| over values with i reference and j current rows up to them.
struct Gap {
    product: u128,
    reference: u64,
    current: u64,
}

impl Gap {
    fn of(samples: &Sorted) -> Self {
        let (reference, current) = samples.sizes();
        let (mut i, mut j, mut largest) = (0, 0, 0);
        for tie in samples.ties() {
            i += tie.reference;
            j += tie.current;
            let here = u128::from(i) * u128::from(current);
            largest = largest.max(here.abs_diff(u128::from(j) * u128::from(reference)));
        }
        Self { product: largest, reference, current }
    }

    fn share(&self) -> f64 {
        self.product as f64 / (self.reference as f64 * self.current as f64)
    }

    fn asymptotic(&self) -> Result<TestResult, Error> {
        let statistic = self.share();
        let (n, m) = (self.reference as f64, self.current as f64);
        let rows = (n / (n + m) * m).round_ties_even().max(1.0) as u64;
        Ok(TestResult { statistic, p_value: kolmogorov_sf(rows, statistic)? })
    }

    /// The share of the paths from (0, 0) to (n, m), one step right or up at a time, that get at
    /// least as far from the diagonal as the gap.
    fn share_of_paths(&self) -> f64 {
        if self.product == 0 {
            return 1.0;
        }
        let common = gcd(self.reference, self.current);
        let (n, m) = (self.reference.max(self.current), self.reference.min(self.current));
        let (step_n, step_m) = ((n / common) as i64, (m / common) as i64);
        let gap = (self.product / u128::from(common)) as i64;
        // reached[j]: the share of paths to (i, j) that have; all of them outside of the band.
        let mut reached = vec![1.0; n as usize + 1];
        for i in 0..=m as i64 {
            let low = ((i * step_n - gap).div_euclid(step_m) + 1).max(0);
            let high = (i * step_n + gap - 1).div_euclid(step_m).min(n as i64);
            let mut left = if low == 0 { 0.0 } else { 1.0 };
            if i == 0 {
                reached[..=high as usize].fill(0.0);
                continue;
            }
            for j in low..=high {
                let below = reached[j as usize];
                left = (i as f64 * below + j as f64 * left) / (i + j) as f64;
                reached[j as usize] = left;
            }
        }
        f64::min(reached[n as usize], 1.0)
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
