//! Quantiles of a few measurements.

/// The sample at rank `ceil(q n)` (nearest rank: always one that was measured); `q` in 0–1.
/// NaN without samples.
pub(super) fn quantile(samples: &[f64], q: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among thousands of samples"
    )]
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// The middle sample; of an even number, the lower of the two.
pub(super) fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// The smallest and the largest sample; infinite without samples.
pub(super) fn range(samples: &[f64]) -> (f64, f64) {
    let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let high = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(samples: &[f64], q: f64, expect: f64) {
        let found = quantile(samples, q);
        assert!((found - expect).abs() < 1e-12, "quantile {q} of {samples:?} is {found}");
    }

    #[test]
    fn quantiles_are_samples_at_the_nearest_rank() {
        let samples = [3.0, 1.0, 2.0, 5.0, 4.0];
        check(&samples, 0.5, 3.0);
        check(&samples, 0.0, 1.0);
        check(&samples, 0.99, 5.0);
        check(&samples[..2], 0.5, 1.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn the_range_spans_all_samples() {
        assert_eq!(range(&[3.0, 1.0, 2.0]).0.to_bits(), 1.0_f64.to_bits());
        assert_eq!(range(&[3.0, 1.0, 2.0]).1.to_bits(), 3.0_f64.to_bits());
    }
}
