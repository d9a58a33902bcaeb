//! The Mann–Whitney test.

use super::sorted::Sorted;
use super::{Alternative, TestResult};
use crate::Error;

/// Rows of the smaller sample up to which the p-value is exact when there are no ties, as in scipy.
const LARGEST_EXACT_SAMPLE: u64 = 8;

/// Product of the sizes up to which it is exact: the table has half as many cells of 8 bytes.
const LARGEST_EXACT_PRODUCT: u64 = 10_000_000;

/// Mann–Whitney test: whether the values of one sample tend to be above those of the other.
///
/// The statistic is U of the reference: the pairs in which its value is the larger, a tie counting
/// one half; in [0, n₁ n₂].
///
/// Source: Mann & Whitney 1947. Where the smaller sample has at most 8 rows and no value is tied,
/// the p-value is exact; else normal, with the correction for ties and for continuity. Samples all
/// of one value have p = 1. Checked with scipy's `mannwhitneyu`, `method="auto"`.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`].
pub fn mann_whitney(
    reference: &[f64],
    current: &[f64],
    alternative: Alternative,
) -> Result<TestResult, Error> {
    let samples = Sorted::new(reference, current)?;
    let (n, m) = samples.sizes();
    let pairs = Pairs::of(&samples);
    let mirrored = 2 * u128::from(n) * u128::from(m) - pairs.twice_u;
    let (twice_u, sides) = match alternative {
        Alternative::TwoSided => (pairs.twice_u.max(mirrored), 2.0),
        Alternative::Less => (mirrored, 1.0),
        Alternative::Greater => (pairs.twice_u, 1.0),
    };
    let exact = n.min(m) <= LARGEST_EXACT_SAMPLE
        && pairs.tied == 0.0
        && n.saturating_mul(m) <= LARGEST_EXACT_PRODUCT;
    let tail = if exact {
        exact_sf((twice_u / 2) as usize, n.min(m) as usize, n.max(m) as usize)
    } else {
        normal_sf(twice_u as f64 / 2.0, n as f64, m as f64, pairs.tied)
    };
    let p_value = (sides * tail).clamp(0.0, 1.0);
    Ok(TestResult { statistic: pairs.twice_u as f64 / 2.0, p_value })
}

struct Pairs {
    twice_u: u128,
    /// Σ (t³ − t) over the runs of t equal values.
    tied: f64,
}

impl Pairs {
    fn of(samples: &Sorted) -> Self {
        let mut pairs = Self { twice_u: 0, tied: 0.0 };
        let mut below = 0_u128;
        for tie in samples.ties() {
            let current = u128::from(tie.current);
            pairs.twice_u += u128::from(tie.reference) * (2 * below + current);
            below += current;
            let run = (tie.reference + tie.current) as f64;
            pairs.tied += run * (run - 1.0) * (run + 1.0);
        }
        pairs
    }
}

/// Chance of at least `u`, by the normal distribution.
fn normal_sf(u: f64, n: f64, m: f64, tied: f64) -> f64 {
    let rows = n + m;
    let correction = if tied == 0.0 { 0.0 } else { tied / (rows * (rows - 1.0)) };
    let variance = n * m / 12.0 * (rows + 1.0 - correction);
    // All values are tied, but for rounding: every arrangement has this U.
    if variance <= 0.0 || tied >= rows * (rows - 1.0) * (rows + 1.0) {
        return 1.0;
    }
    crate::special::normal_sf((u - n * m / 2.0 - 0.5) / variance.sqrt())
}

/// Chance of at least `u` among all arrangements of `few` and `many` values.
///
/// Source: the generating function Π (1 − q^(many + i)) / (1 − q^i), i to `few`, whose coefficients
/// count the arrangements.
fn exact_sf(u: usize, few: usize, many: usize) -> f64 {
    // By symmetry P(U >= u) = P(U <= nm - u); the shorter tail is summed.
    let mirrored = few * many - u;
    let counts = arrangements(u.min(mirrored + 1), few, many);
    let total = (1..=few).fold(1.0, |total, i| total * (many + i) as f64 / i as f64);
    if mirrored < u {
        counts[..=mirrored].iter().sum::<f64>() / total
    } else {
        1.0 - counts[..u].iter().sum::<f64>() / total
    }
}

/// How many arrangements have U = 0, 1, …, `last`.
fn arrangements(last: usize, few: usize, many: usize) -> Vec<f64> {
    let mut counts = vec![0.0; last + 1];
    counts[0] = 1.0;
    for i in 1..=few {
        for u in (many + i..=last).rev() {
            counts[u] -= counts[u - many - i];
        }
        for u in i..=last {
            counts[u] += counts[u - i];
        }
    }
    counts
}
