//! Plain loops, from which the compiler makes vectors.

use super::{KEYS, Vectors};
use crate::bins::{GROUP_ROWS, GroupBins};
use crate::forest::{Split, exits as exits_of};

/// What the compiler makes of plain code, with vectors of so many bytes.
#[derive(Clone, Copy)]
pub(super) struct Plain<const BYTES: usize>;

impl<const BYTES: usize> Vectors for Plain<BYTES> {
    const BYTES: usize = BYTES;

    #[inline(always)]
    fn count_below_i32(self, keys: &[i32; KEYS], key: i32) -> usize {
        keys.iter().filter(|other| key > **other).count()
    }

    #[inline(always)]
    fn count_below_i64(self, keys: &[i64; KEYS], key: i64) -> usize {
        keys.iter().filter(|other| key > **other).count()
    }

    #[inline(always)]
    fn ranks_i32(self, keys: &[i32; GROUP_ROWS], thresholds: &[i32]) -> GroupBins {
        // As wide as the keys, so that the compiler counts several at a time.
        let mut below = [0_i32; GROUP_ROWS];
        for threshold in thresholds {
            for (below, key) in below.iter_mut().zip(keys) {
                *below += i32::from(key > threshold);
            }
        }
        let mut bins = [0; GROUP_ROWS];
        bins.iter_mut().zip(below).for_each(|(bin, below)| *bin = below as u8);
        bins
    }

    #[inline(always)]
    fn ranks_i64(self, keys: &[i64; GROUP_ROWS], thresholds: &[i64]) -> GroupBins {
        let mut below = [0_i64; GROUP_ROWS];
        for threshold in thresholds {
            for (below, key) in below.iter_mut().zip(keys) {
                *below += i64::from(key > threshold);
            }
        }
        let mut bins = [0; GROUP_ROWS];
        bins.iter_mut().zip(below).for_each(|(bin, below)| *bin = below as u8);
        bins
    }

    #[inline(always)]
    fn exits<const TREES: usize, const GROUPS: usize, const HAS_CATEGORIES: bool>(
        self,
        trees: [&[Split]; TREES],
        bins: &[GroupBins],
        slots: usize,
    ) -> [[GroupBins; GROUPS]; TREES] {
        let mut exits = [[[0; GROUP_ROWS]; GROUPS]; TREES];
        for (exits, splits) in exits.iter_mut().zip(trees) {
            *exits = exits_of::<GROUPS, HAS_CATEGORIES>(splits, bins, slots);
        }
        exits
    }
}
