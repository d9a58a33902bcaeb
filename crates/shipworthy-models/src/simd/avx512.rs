//! What the compiler does not find by itself, or does not keep: which of two comparisons comes first,
//! counts in registers, and bytes that are looked up in registers.

mod lanes;

use std::arch::x86_64::{
    __m512i, _mm_storel_epi64, _mm_storeu_si128, _mm512_add_epi8, _mm512_and_si512,
    _mm512_cmpgt_epi32_mask, _mm512_cmpgt_epi64_mask, _mm512_cmpgt_epu8_mask,
    _mm512_cmple_epu8_mask, _mm512_cvtepi32_epi8, _mm512_cvtepi64_epi8, _mm512_loadu_epi8,
    _mm512_loadu_epi32, _mm512_loadu_epi64, _mm512_mask_add_epi32, _mm512_mask_add_epi64,
    _mm512_mask_mov_epi8, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_storeu_epi8,
};

pub(crate) use lanes::{answers_of_lanes, exits_of_lanes};

use super::{KEYS, Vectors};
use crate::bins::{GROUP_ROWS, GroupBins};
use crate::forest::{LANES, Split};

/// **Invariant:** made only in code that runs where the processor has the instructions.
#[derive(Clone, Copy)]
pub(super) struct Avx512;

impl Vectors for Avx512 {
    const BYTES: usize = 64;

    #[inline(always)]
    fn count_below_i32(self, keys: &[i32; KEYS], key: i32) -> usize {
        // SAFETY: the invariant on `self`.
        unsafe { count_below_i32(keys, key) }
    }

    #[inline(always)]
    fn count_below_i64(self, keys: &[i64; KEYS], key: i64) -> usize {
        // SAFETY: the invariant on `self`.
        unsafe { count_below_i64(keys, key) }
    }

    #[inline(always)]
    fn ranks_i32(self, keys: &[i32; GROUP_ROWS], thresholds: &[i32]) -> GroupBins {
        // SAFETY: the invariant on `self`.
        unsafe { ranks_i32(keys, thresholds) }
    }

    #[inline(always)]
    fn ranks_i64(self, keys: &[i64; GROUP_ROWS], thresholds: &[i64]) -> GroupBins {
        // SAFETY: the invariant on `self`.
        unsafe { ranks_i64(keys, thresholds) }
    }

    #[inline(always)]
    fn exits<const TREES: usize, const GROUPS: usize, const HAS_CATEGORIES: bool>(
        self,
        trees: [&[Split]; TREES],
        bins: &[GroupBins],
        slots: usize,
    ) -> [[GroupBins; GROUPS]; TREES] {
        // SAFETY: the invariant on `self`.
        unsafe { exits::<TREES, GROUPS, HAS_CATEGORIES>(trees, bins, slots) }
    }
}

#[inline]
#[target_feature(enable = "avx512f,popcnt")]
fn count_below_i32(keys: &[i32; KEYS], key: i32) -> usize {
    // SAFETY: an array of 64 bytes.
    let keys = unsafe { _mm512_loadu_epi32(keys.as_ptr()) };
    _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(key), keys).count_ones() as usize
}

#[inline]
#[target_feature(enable = "avx512f,popcnt")]
fn count_below_i64(keys: &[i64; KEYS], key: i64) -> usize {
    let key = _mm512_set1_epi64(key);
    // SAFETY: an array of 128 bytes.
    let halves =
        unsafe { [_mm512_loadu_epi64(keys.as_ptr()), _mm512_loadu_epi64(keys.as_ptr().add(8))] };
    let low = _mm512_cmpgt_epi64_mask(key, halves[0]);
    let high = _mm512_cmpgt_epi64_mask(key, halves[1]);
    (u16::from(low) | u16::from(high) << 8).count_ones() as usize
}

#[inline]
#[target_feature(enable = "avx512f")]
fn ranks_i32(keys: &[i32; GROUP_ROWS], thresholds: &[i32]) -> GroupBins {
    let (one, zero) = (_mm512_set1_epi32(1), _mm512_setzero_si512());
    let (mut vectors, mut below) = ([zero; 4], [zero; 4]);
    for (vector, keys) in vectors.iter_mut().zip(keys.as_chunks::<16>().0) {
        // SAFETY: an array of 64 bytes.
        *vector = unsafe { _mm512_loadu_epi32(keys.as_ptr()) };
    }
    for threshold in thresholds {
        let threshold = _mm512_set1_epi32(*threshold);
        for (below, keys) in below.iter_mut().zip(vectors) {
            let is_above = _mm512_cmpgt_epi32_mask(keys, threshold);
            *below = _mm512_mask_add_epi32(*below, is_above, *below, one);
        }
    }
    let mut bins = [0; GROUP_ROWS];
    for (bins, below) in bins.as_chunks_mut::<16>().0.iter_mut().zip(below) {
        // SAFETY: an array of 16 bytes.
        unsafe { _mm_storeu_si128(bins.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(below)) };
    }
    bins
}

#[inline]
#[target_feature(enable = "avx512f")]
fn ranks_i64(keys: &[i64; GROUP_ROWS], thresholds: &[i64]) -> GroupBins {
    let (one, zero) = (_mm512_set1_epi64(1), _mm512_setzero_si512());
    let (mut vectors, mut below) = ([zero; 8], [zero; 8]);
    for (vector, keys) in vectors.iter_mut().zip(keys.as_chunks::<8>().0) {
        // SAFETY: an array of 64 bytes.
        *vector = unsafe { _mm512_loadu_epi64(keys.as_ptr()) };
    }
    for threshold in thresholds {
        let threshold = _mm512_set1_epi64(*threshold);
        for (below, keys) in below.iter_mut().zip(vectors) {
            let is_above = _mm512_cmpgt_epi64_mask(keys, threshold);
            *below = _mm512_mask_add_epi64(*below, is_above, *below, one);
        }
    }
    let mut bins = [0; GROUP_ROWS];
    for (bins, below) in bins.as_chunks_mut::<8>().0.iter_mut().zip(below) {
        // SAFETY: an array of 8 bytes.
        unsafe { _mm_storel_epi64(bins.as_mut_ptr().cast(), _mm512_cvtepi64_epi8(below)) };
    }
    bins
}

/// The exits from some trees: see [`crate::forest::exits`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn exits<const TREES: usize, const GROUPS: usize, const HAS_CATEGORIES: bool>(
    trees: [&[Split]; TREES],
    bins: &[GroupBins],
    slots: usize,
) -> [[GroupBins; GROUPS]; TREES] {
    let one = _mm512_set1_epi8(1);
    let (mut right, mut exits) = (one, [[_mm512_setzero_si512(); GROUPS]; TREES]);
    // A split waits for the one before, so trees are asked in turn as long as all have splits.
    let common = trees.iter().map(|splits| splits.len()).min().unwrap_or(0);
    for at in 0..common {
        for (splits, exits) in trees.iter().zip(&mut exits) {
            send::<GROUPS, HAS_CATEGORIES>(&splits[at], bins, slots, right, exits);
        }
        right = _mm512_add_epi8(right, one);
    }
    for (splits, exits) in trees.iter().zip(&mut exits) {
        let mut right = right;
        for split in &splits[common..] {
            send::<GROUPS, HAS_CATEGORIES>(split, bins, slots, right, exits);
            right = _mm512_add_epi8(right, one);
        }
    }
    let mut bytes = [[[0; LANES]; GROUPS]; TREES];
    for (bytes, exits) in bytes.as_flattened_mut().iter_mut().zip(exits.as_flattened()) {
        *bytes = store(*exits);
    }
    bytes
}

/// Sends on those who go right at a split of their path.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn send<const GROUPS: usize, const HAS_CATEGORIES: bool>(
    split: &Split,
    bins: &[GroupBins],
    slots: usize,
    right: __m512i,
    exits: &mut [__m512i; GROUPS],
) {
    let bound = _mm512_set1_epi8(split.test.bound.cast_signed());
    let first_leaf = _mm512_set1_epi8(split.first_leaf.cast_signed());
    for (group, exits) in exits.iter_mut().enumerate() {
        let mut bins = load(&bins[group * slots + split.test.slot as usize]);
        if HAS_CATEGORIES {
            bins = _mm512_and_si512(bins, _mm512_set1_epi8(split.test.mask.cast_signed()));
        }
        // Not two masks, one on top of the other: the compiler would make either wait for the
        // split before, and a comparison takes five cycles. Nobody has passed the last leaf.
        let goes_right = _mm512_cmpgt_epu8_mask(bins, bound);
        let first = _mm512_mask_mov_epi8(_mm512_set1_epi8(-1), goes_right, first_leaf);
        let is_sent = _mm512_cmple_epu8_mask(first, *exits);
        *exits = _mm512_mask_mov_epi8(*exits, is_sent, right);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(bytes: &[u8; LANES]) -> __m512i {
    // SAFETY: an array of 64 bytes.
    unsafe { _mm512_loadu_epi8(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn store(vector: __m512i) -> [u8; LANES] {
    let mut bytes = [0; LANES];
    // SAFETY: an array of 64 bytes.
    unsafe { _mm512_storeu_epi8(bytes.as_mut_ptr().cast(), vector) };
    bytes
}
