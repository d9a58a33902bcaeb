//! Sums that lose no digits.

/// A running sum with a compensation for the digits that each addition drops.
///
/// Source: A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
/// ZAMM 54 (1974), the improved Kahan–Babuška sum. The error is about one rounding of the result
/// plus n ε² Σ|x|, whatever the order, where a plain loop loses up to n ε Σ|x|.
///
/// An infinite addend or an overflow makes the total NaN or infinite: check the result.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CompensatedSum {
    sum: f64,
    compensation: f64,
}

impl CompensatedSum {
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.compensation += if self.sum.abs() >= value.abs() {
            (self.sum - sum) + value
        } else {
            (value - sum) + self.sum
        };
        self.sum = sum;
    }

    pub(crate) fn total(self) -> f64 {
        self.sum + self.compensation
    }
}

/// Compensated sum of the values; 0 for none.
pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let mut sum = CompensatedSum::default();
    values.for_each(|value| sum.add(value));
    sum.total()
}

/// Root of the mean of the squares of `n` values, scaled by the largest so that no square over- or
/// underflows.
///
/// Source: the scaling of BLAS `dnrm2` (Lawson et al. 1979), in two passes.
pub(crate) fn root_mean_square(values: impl Iterator<Item = f64> + Clone, n: usize) -> f64 {
    let scale = values.clone().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    if scale == 0.0 || scale.is_infinite() {
        return scale;
    }
    scale * (sum(values.map(|value| (value / scale).powi(2))) / n as f64).sqrt()
}

/// Mean and standard deviation of the population; the latter is 0 exactly where all values are one.
///
/// No value, no mean: NaN. Values near the largest float do not overflow the mean.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    // The mean of one repeated value may be off by a rounding.
    if let Some(first) = values.first().filter(|first| values.iter().all(|value| value == *first)) {
        return (*first, 0.0);
    }
    let n = values.len();
    let mean = sum(values.iter().map(|value| value / n as f64));
    (mean, root_mean_square(values.iter().map(|value| value - mean), n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_below_a_large_addend_survive() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100].into_iter()), 2.0);
        // A plain loop gives 100000.00000133288.
        assert_eq!(sum(std::iter::repeat_n(0.1, 1_000_000)), 100_000.0);
    }

    #[test]
    fn squares_neither_overflow_nor_vanish() {
        for scale in [1e-300, 1.0, 1e300] {
            let rms = root_mean_square([3.0 * scale, -4.0 * scale].into_iter(), 2);
            assert!((rms / scale - 12.5_f64.sqrt()).abs() < 1e-14);
        }
        assert_eq!(root_mean_square([0.0, 0.0].into_iter(), 2), 0.0);
    }
}
