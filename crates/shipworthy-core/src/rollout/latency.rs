//! Latencies, counted in classes that grow with the value: counts of replicas add up.

use serde::{Deserialize, Serialize};

/// Classes for each doubling: a class is at most a 32nd of its value wide.
const PER_DOUBLING_BITS: u32 = 5;
const PER_DOUBLING: u64 = 1 << PER_DOUBLING_BITS;
/// Values from here on, about 71 minutes in microseconds, are one class.
const MAX_US: u64 = (1 << 32) - 1;

/// How many classes there are.
pub const BUCKETS: usize = bucket_of(MAX_US) + 1;

/// The class of a value in microseconds: each value below 32 has its own, and from there on each
/// doubling has 32.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "there are fewer than 1,000 classes")]
pub const fn bucket_of(micros: u64) -> usize {
    let micros = if micros < MAX_US { micros } else { MAX_US };
    if micros < PER_DOUBLING {
        return micros as usize;
    }
    let doubling = micros.ilog2() - PER_DOUBLING_BITS;
    ((doubling as u64 * PER_DOUBLING) + (micros >> doubling)) as usize
}

/// The largest value of a class, in microseconds.
fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * PER_DOUBLING {
        return bucket;
    }
    let doubling = bucket / PER_DOUBLING - 1;
    let mantissa = bucket % PER_DOUBLING + PER_DOUBLING;
    ((mantissa + 1) << doubling) - 1
}

/// Counted latencies. A quantile is at most a 32nd (3.2 %) above the value that was measured, and
/// never below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latencies(Vec<(usize, u64)>);

impl Latencies {
    /// From the count of each class; classes that nothing fell into may be left out, and are
    /// counted in ascending order.
    #[must_use]
    pub fn from_counts(counts: impl IntoIterator<Item = (usize, u64)>) -> Self {
        Self(counts.into_iter().filter(|(_, count)| *count > 0).collect())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// The value that `rank` values (from 1) are not above, in microseconds; `None` where there are
    /// fewer.
    #[must_use]
    pub fn at_rank(&self, rank: u64) -> Option<u64> {
        let mut below = 0;
        let reached = self.0.iter().find(|(_, count)| {
            below += count;
            below >= rank.max(1)
        });
        reached.map(|(bucket, _)| upper_end(*bucket))
    }

    /// The quantile `q` (0 to 1) by the nearest rank, in microseconds; `None` of nothing.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is no larger than the count"
    )]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let count = self.count();
        let rank = (q.clamp(0.0, 1.0) * count as f64).ceil() as u64;
        self.at_rank(rank.min(count))
    }

    /// The latencies of both.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut counts = std::collections::BTreeMap::new();
        for (bucket, count) in self.0.iter().chain(&other.0) {
            *counts.entry(*bucket).or_default() += count;
        }
        Self(counts.into_iter().collect())
    }

    /// What came since `earlier`, an earlier count of the same.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before: std::collections::BTreeMap<_, _> = earlier.0.iter().copied().collect();
        let came = |(bucket, count): &(usize, u64)| {
            (*bucket, count.saturating_sub(before.get(bucket).copied().unwrap_or(0)))
        };
        Self::from_counts(self.0.iter().map(came))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64]) -> Latencies {
        let mut counts = vec![0_u64; BUCKETS];
        for value in values {
            counts[bucket_of(*value)] += 1;
        }
        Latencies::from_counts(counts.into_iter().enumerate())
    }

    #[test]
    fn a_class_is_narrow_and_holds_its_values() {
        let mut before = 0;
        for value in (0..100_000).chain([1 << 20, (1 << 31) + 12_345, MAX_US]) {
            let bucket = bucket_of(value);
            assert!(bucket >= before && bucket < BUCKETS, "{value}");
            before = bucket;
            let end = upper_end(bucket);
            assert!(end >= value && end - value <= value / 32, "{value} in a class to {end}");
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let latencies = of(&(1..=100).map(|i| i * 1_000).collect::<Vec<_>>());
        let near = |q, expected: u64| {
            let found = latencies.quantile(q).unwrap();
            assert!((expected..=expected + expected / 32).contains(&found), "{q}: {found}");
        };
        near(0.5, 50_000);
        near(0.99, 99_000);
        near(1.0, 100_000);
        near(0.0, 1_000);
        assert_eq!(Latencies::default().quantile(0.5), None);
    }

    #[test]
    fn counts_add_up_and_subtract() {
        let (first, both) = (of(&[5, 900, 70_000]), of(&[5, 5, 900, 70_000, 80_000]));
        let later = both.since(&first);
        assert_eq!(later, of(&[5, 80_000]));
        assert_eq!(first.merged(&later), both);
    }
}
