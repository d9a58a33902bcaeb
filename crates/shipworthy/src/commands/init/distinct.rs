//! How many different values a column has, in bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

/// How many hashes are kept: exact up to here, a standard error of 1/√4094 = 1.6 % above.
const KEPT_HASHES: usize = 4096;

/// Sets of more values are open: they are counted, not listed.
const MAX_LISTED: usize = 64;

/// Longer texts are no categories.
const MAX_LISTED_BYTES: usize = 64;

/// An estimate of the number of different values.
///
/// Source: the k-minimum-values estimator (Bar-Yossef et al. 2002; unbiased form of Beyer et al.
/// 2007, (k − 1)/U₍ₖ₎).
#[derive(Debug, Default)]
pub(super) struct Distinct {
    least: BTreeSet<u64>,
}

impl Distinct {
    /// Counts a value by its hash.
    pub(super) fn add(&mut self, hash: u64) {
        if self.least.len() < KEPT_HASHES {
            self.least.insert(hash);
        } else if self.least.last().is_some_and(|greatest| hash < *greatest)
            && self.least.insert(hash)
        {
            self.least.pop_last();
        }
    }

    /// The number of different values; exact below 4,096.
    pub(super) fn count(&self) -> u64 {
        let Some(greatest) = self.least.last().filter(|_| self.least.len() == KEPT_HASHES) else {
            return self.least.len() as u64;
        };
        let share = *greatest as f64 / u64::MAX as f64;
        #[expect(clippy::cast_possible_truncation, reason = "an estimate; `as` saturates")]
        #[expect(clippy::cast_sign_loss, reason = "a quotient of positive numbers")]
        let estimate = ((KEPT_HASHES - 1) as f64 / share) as u64;
        estimate
    }

    /// Whether [`Self::count`] is exact.
    pub(super) fn is_exact(&self) -> bool {
        self.least.len() < KEPT_HASHES
    }
}

/// Values and how often each occurs, as long as there are few.
#[derive(Debug)]
pub(super) enum Listed<K> {
    /// All of them.
    All(BTreeMap<K, u64>),
    /// There are too many, or one is too long.
    Open,
}

impl<K: Ord> Default for Listed<K> {
    fn default() -> Self {
        Self::All(BTreeMap::new())
    }
}

impl<K> Listed<K> {
    /// The values in order with their counts, if they are few.
    pub(super) fn all(&self) -> Option<&BTreeMap<K, u64>> {
        match self {
            Self::All(values) => Some(values),
            Self::Open => None,
        }
    }
}

impl Listed<String> {
    /// Counts a text.
    pub(super) fn add(&mut self, text: &str) {
        let Self::All(values) = self else { return };
        if let Some(count) = values.get_mut(text) {
            *count += 1;
        } else if values.len() < MAX_LISTED && text.len() <= MAX_LISTED_BYTES {
            values.insert(text.to_owned(), 1);
        } else {
            *self = Self::Open;
        }
    }
}

impl Listed<Number> {
    /// Counts a number.
    pub(super) fn add(&mut self, number: f64) {
        let Self::All(values) = self else { return };
        if let Some(count) = values.get_mut(&Number(number)) {
            *count += 1;
        } else if values.len() < MAX_LISTED {
            values.insert(Number(number), 1);
        } else {
            *self = Self::Open;
        }
    }
}

/// A number with the total order of IEEE 754, so that it can be a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) f64);

impl Ord for Number {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

/// The hash of a number, of a row or of a value: a bijection that spreads neighbours.
///
/// Source: the finaliser of `SplitMix64` (Steele, Lea & Flood 2014).
pub(super) const fn hash_bits(bits: u64) -> u64 {
    let mixed = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The hash of a text, the same in every run of one build.
pub(super) fn hash_text(text: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_exact_while_it_is_small_and_near_when_it_is_large() {
        let mut distinct = Distinct::default();
        for value in (0..4_000).chain(0..4_000) {
            distinct.add(hash_bits(value));
        }
        assert_eq!((distinct.count(), distinct.is_exact()), (4_000, true));
        for value in 4_000..200_000 {
            distinct.add(hash_bits(value));
        }
        let error = distinct.count() as f64 / 200_000.0 - 1.0;
        assert!(error.abs() < 0.05, "{error}");
    }

    #[test]
    fn a_long_text_opens_the_set() {
        let mut listed = Listed::<String>::default();
        listed.add("short");
        assert_eq!(listed.all().unwrap()["short"], 1);
        listed.add(&"long".repeat(40));
        assert!(listed.all().is_none());
    }
}
