//! How far numbers are apart: sums, and classes that grow with the value.

use std::collections::BTreeMap;

use super::Difference;

/// Of a float's bits: sign, exponent, and so much of the mantissa that each doubling has 16 classes.
const DROPPED_BITS: u32 = 48;

/// Differences that were seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Differences {
    count: u64,
    sum: f64,
    sum_absolute: f64,
    max_absolute: f64,
    /// By class: at most 16 for each doubling.
    absolute: BTreeMap<u64, u64>,
}

impl Differences {
    pub(super) fn add(&mut self, difference: f64) {
        let absolute = difference.abs();
        self.count += 1;
        self.sum += difference;
        self.sum_absolute += absolute;
        self.max_absolute = self.max_absolute.max(absolute);
        *self.absolute.entry(absolute.to_bits() >> DROPPED_BITS).or_default() += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.sum_absolute += other.sum_absolute;
        self.max_absolute = self.max_absolute.max(other.max_absolute);
        for (class, count) in &other.absolute {
            *self.absolute.entry(*class).or_default() += count;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
    pub(super) fn told(&self) -> Option<Difference> {
        let count = self.count as f64;
        (self.count > 0).then(|| Difference {
            mean: self.sum / count,
            mean_absolute: self.sum_absolute / count,
            max_absolute: self.max_absolute,
            p50_absolute: self.quantile(500),
            p90_absolute: self.quantile(900),
            p99_absolute: self.quantile(990),
        })
    }

    /// The quantile in thousandths by the nearest rank: the upper end of its class, so at most a 16th
    /// above the value that was seen, and never above the largest one.
    fn quantile(&self, thousandths: u64) -> f64 {
        let rank = (self.count * thousandths).div_ceil(1_000);
        let mut below = 0;
        let reached = self.absolute.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        let upper_end =
            reached.map_or(0.0, |(class, _)| f64::from_bits((class + 1) << DROPPED_BITS));
        let is_zero = reached.is_some_and(|(class, _)| *class == 0);
        if is_zero { 0.0 } else { upper_end.min(self.max_absolute) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Differences {
        let mut differences = Differences::default();
        values.iter().for_each(|value| differences.add(*value));
        differences
    }

    #[test]
    fn of_no_differences_nothing_is_told() {
        assert_eq!(of(&[]).told(), None);
        let none = of(&[0.0, -0.0]).told().unwrap();
        assert!(none.max_absolute.abs() < f64::MIN_POSITIVE);
        assert!(none.p99_absolute.abs() < f64::MIN_POSITIVE);
    }

    proptest! {
        #[test]
        fn quantiles_are_at_most_a_16th_too_large(values in proptest::collection::vec(-1e6..1e6, 1..200)) {
            let told = of(&values).told().unwrap();
            let mut sorted: Vec<f64> = values.iter().map(|value| value.abs()).collect();
            sorted.sort_by(f64::total_cmp);
            for (thousandths, found) in [
                (500, told.p50_absolute), (900, told.p90_absolute), (990, told.p99_absolute),
            ] {
                let exact = sorted[(sorted.len() * thousandths).div_ceil(1_000) - 1];
                prop_assert!(exact <= found && found <= exact * 17.0 / 16.0, "{exact} {found}");
            }
        }

        #[test]
        fn replicas_add_up(values in proptest::collection::vec(-8..8, 0..50), split in 0..50_usize) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let (one, other) = values.split_at(split.min(values.len()));
            let mut merged = of(one);
            merged.merge(&of(other));
            prop_assert_eq!(merged.told(), of(&values).told());
        }
    }
}
