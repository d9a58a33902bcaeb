//! The columns of a quantizer: a feature, how it reads, and what it is compared with.

use super::reading::{Reading, or};
use super::sets::Sets;
use super::{GROUP_ROWS, GroupBins};
use crate::scalar::{Key, Scalar};
use crate::simd::{KEYS, Vectors};

/// Thresholds of a slot; a feature with more takes several slots.
pub(super) const SLOT_THRESHOLDS: usize = 255;
/// Thresholds are counted so many at a time.
pub(super) const CHUNK: usize = KEYS;

/// A numeric feature and how it reads.
#[derive(Debug)]
pub(super) struct NumberColumn<K> {
    pub(super) feature: usize,
    pub(super) reading: Reading,
    /// The key of a missing value.
    pub(super) missing: K,
    /// Whether that is all there is to the reading.
    pub(super) is_plain: bool,
    pub(super) first_slot: usize,
    /// How many thresholds there are.
    pub(super) count: usize,
    /// What finds the chunk of thresholds to count in: of each chunk of the level below, its last.
    /// The topmost level, a single chunk, comes first.
    pub(super) upper: Vec<Vec<[K; CHUNK]>>,
    /// Thresholds, ascending, then at least one of what no key is above.
    pub(super) thresholds: Vec<[K; CHUNK]>,
}

/// A feature of categories and how it reads.
#[derive(Debug)]
pub(super) struct CodeColumn {
    pub(super) feature: usize,
    pub(super) reading: Reading,
    pub(super) first_slot: usize,
    pub(super) sets: Sets,
}

impl<K: Key> NumberColumn<K> {
    #[inline(always)]
    pub(super) fn key<S: Scalar<Key = K>>(&self, value: f64) -> K {
        if self.is_plain { or::<S>(value, self.missing) } else { self.reading.key::<S>(value) }
    }

    #[inline(always)]
    pub(super) fn keys<S: Scalar<Key = K>>(
        &self,
        values: impl Iterator<Item = f64>,
        keys: &mut [K; GROUP_ROWS],
    ) {
        // Side by side first, so that they become keys several at a time.
        let mut column = [0.0; GROUP_ROWS];
        column.iter_mut().zip(values).for_each(|(to, value)| *to = value);
        let pairs = keys.iter_mut().zip(column);
        if self.is_plain {
            pairs.for_each(|(key, value)| *key = or::<S>(value, self.missing));
        } else {
            pairs.for_each(|(key, value)| *key = self.reading.key::<S>(value));
        }
    }

    /// The number of thresholds below a key.
    #[inline(always)]
    pub(super) fn rank(&self, key: K) -> usize {
        self.thresholds.as_flattened().partition_point(|threshold| key > *threshold)
    }

    /// The same, by counting, where a vector holds what a chunk needs.
    #[inline(always)]
    pub(super) fn rank_one<V: Vectors>(&self, vectors: V, key: K) -> usize {
        if V::BYTES < 64 {
            return self.rank(key);
        }
        let mut at = 0;
        for level in &self.upper {
            at = at * CHUNK + key.count_below(vectors, &level[at]);
        }
        at * CHUNK + key.count_below(vectors, &self.thresholds[at])
    }

    /// The same for a group of rows.
    #[inline(always)]
    pub(super) fn ranks<V: Vectors>(
        &self,
        vectors: V,
        keys: &[K; GROUP_ROWS],
        bins: &mut GroupBins,
    ) {
        // Counting takes two instructions a threshold and vector.
        if self.count <= 8 * V::BYTES / size_of::<K>() {
            *bins = K::ranks(vectors, keys, &self.thresholds.as_flattened()[..self.count]);
        } else {
            let pairs = bins.iter_mut().zip(keys);
            pairs.for_each(|(bin, key)| *bin = self.rank_one(vectors, *key) as u8);
        }
    }

    /// The bins of a key in all slots of a column that has several.
    #[inline(always)]
    pub(super) fn spread<V: Vectors>(&self, vectors: V, key: K, bins: &mut [u8]) {
        let rank = self.rank_one(vectors, key) as u32;
        for (bin, below) in bins.iter_mut().zip(self.thresholds_before_slots()) {
            *bin = rank.saturating_sub(below).min(SLOT_THRESHOLDS as u32) as u8;
        }
    }

    /// The same for a group of rows.
    #[inline(always)]
    pub(super) fn spread_group<V: Vectors>(
        &self,
        vectors: V,
        keys: &[K; GROUP_ROWS],
        bins: &mut [GroupBins],
    ) {
        let mut ranks = [0_u32; GROUP_ROWS];
        let pairs = ranks.iter_mut().zip(keys);
        pairs.for_each(|(rank, key)| *rank = self.rank_one(vectors, *key) as u32);
        for (bins, below) in bins.iter_mut().zip(self.thresholds_before_slots()) {
            for (bin, rank) in bins.iter_mut().zip(&ranks) {
                *bin = rank.saturating_sub(below).min(SLOT_THRESHOLDS as u32) as u8;
            }
        }
    }

    fn thresholds_before_slots(&self) -> impl Iterator<Item = u32> {
        (0..self.count as u32).step_by(SLOT_THRESHOLDS)
    }
}

impl CodeColumn {
    /// A byte for each slot of the column.
    #[inline(always)]
    pub(super) fn bits<S: Scalar>(&self, value: f64) -> &[u8] {
        let at = self.reading.category::<S>(value, self.sets.limit) * self.sets.width;
        &self.sets.bits[at..at + self.sets.width]
    }
}
