//! One row in 64 trees side by side: its bins are looked up in registers.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi8, _mm512_and_si512, _mm512_cmpgt_epu8_mask, _mm512_mask_add_epi8,
    _mm512_mask_blend_epi8, _mm512_mask_cmple_epu8_mask, _mm512_mask_mov_epi8, _mm512_movepi8_mask,
    _mm512_permutex2var_epi8, _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_setzero_si512,
    _mm512_storeu_epi8,
};

use super::load;
use crate::forest::{LANES, Step};
use crate::oblivious::Level as QuestionLevel;
use crate::simd::{Level, Simd};

/// Bins of one row in registers.
type Table<const REGISTERS: usize> = [__m512i; REGISTERS];

/// The leaf, by its number in its tree, in which a row ends in each of up to 64 trees. `bins` has
/// one, two or four times 64 bytes.
///
/// # Panics
/// When [`Simd::has_byte_lookup`] is false.
pub(crate) fn exits_of_lanes(
    simd: Simd,
    steps: &[Step],
    has_categories: bool,
    bins: &[[u8; LANES]],
    exits: &mut [u8; LANES],
) {
    assert!(simd.0 == Level::Avx512, "only where bytes are looked up");
    // SAFETY: the invariant on levels.
    unsafe {
        match (bins, has_categories) {
            ([one], false) => run::<1, false>(steps, [one], exits),
            ([one], true) => run::<1, true>(steps, [one], exits),
            ([one, two], false) => run::<2, false>(steps, [one, two], exits),
            ([one, two], true) => run::<2, true>(steps, [one, two], exits),
            ([one, two, three, four, ..], _) => {
                run::<4, true>(steps, [one, two, three, four], exits);
            }
            _ => {}
        }
    }
}

#[target_feature(enable = "avx2,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
fn run<const REGISTERS: usize, const HAS_CATEGORIES: bool>(
    steps: &[Step],
    bins: [&[u8; LANES]; REGISTERS],
    out: &mut [u8; LANES],
) {
    let table = table(bins);
    let one = _mm512_set1_epi8(1);
    let (mut right, mut exits) = (one, _mm512_setzero_si512());
    for step in steps {
        let mut bins = look_up(&table, load(&step.slots));
        if HAS_CATEGORIES {
            bins = _mm512_and_si512(bins, load(&step.masks));
        }
        let goes_right = _mm512_cmpgt_epu8_mask(bins, load(&step.bounds));
        let is_sent = _mm512_mask_cmple_epu8_mask(goes_right, load(&step.first_leaves), exits);
        exits = _mm512_mask_mov_epi8(exits, is_sent, right);
        right = _mm512_add_epi8(right, one);
    }
    // SAFETY: an array of 64 bytes.
    unsafe { _mm512_storeu_epi8(out.as_mut_ptr().cast(), exits) };
}

/// The answers of a row to the questions of each level in up to 64 symmetric trees: bit `d` for
/// level `d`. `bins` has one, two or four times 64 bytes.
///
/// # Panics
/// When [`Simd::has_byte_lookup`] is false.
pub(crate) fn answers_of_lanes(
    simd: Simd,
    levels: &[QuestionLevel],
    bins: &[[u8; LANES]],
    leaves: &mut [u8; LANES],
) {
    assert!(simd.0 == Level::Avx512, "only where bytes are looked up");
    // SAFETY: the invariant on levels.
    unsafe {
        match bins {
            [one] => answers::<1>(levels, [one], leaves),
            [one, two] => answers::<2>(levels, [one, two], leaves),
            [one, two, three, four, ..] => {
                answers::<4>(levels, [one, two, three, four], leaves);
            }
            _ => {}
        }
    }
}

#[target_feature(enable = "avx2,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
fn answers<const REGISTERS: usize>(
    levels: &[QuestionLevel],
    bins: [&[u8; LANES]; REGISTERS],
    leaves: &mut [u8; LANES],
) {
    let table = table(bins);
    let (mut bit, mut answers) = (_mm512_set1_epi8(1), _mm512_setzero_si512());
    for level in levels {
        let bins = look_up(&table, load(&level.slots));
        let is_above = _mm512_cmpgt_epu8_mask(bins, load(&level.bounds));
        answers = _mm512_mask_add_epi8(answers, is_above, answers, bit);
        bit = _mm512_add_epi8(bit, bit);
    }
    // SAFETY: an array of 64 bytes.
    unsafe { _mm512_storeu_epi8(leaves.as_mut_ptr().cast(), answers) };
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn table<const REGISTERS: usize>(bins: [&[u8; LANES]; REGISTERS]) -> Table<REGISTERS> {
    let mut table = [_mm512_setzero_si512(); REGISTERS];
    for (register, bins) in table.iter_mut().zip(bins) {
        *register = load(bins);
    }
    table
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn look_up<const REGISTERS: usize>(table: &Table<REGISTERS>, slots: __m512i) -> __m512i {
    if REGISTERS == 1 {
        return _mm512_permutexvar_epi8(slots, table[0]);
    }
    let low = _mm512_permutex2var_epi8(table[0], slots, table[1]);
    if REGISTERS == 2 {
        return low;
    }
    let high = _mm512_permutex2var_epi8(table[2], slots, table[3]);
    _mm512_mask_blend_epi8(_mm512_movepi8_mask(slots), low, high)
}
