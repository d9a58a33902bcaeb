//! Sets of category codes, as bits.
//!
//! The bits of a set begin with two of its own: one that no set has, for what is no category, and
//! one that all have, for a missing value that counts as in every set. The codes follow. All sets
//! of a slot are as long as the longest of them, and the slot turns what lies beyond into what is
//! no category: so a test needs no bounds.

use super::build::{Error, within};

/// Most 32-bit words of category sets: 256 MiB. One set may span 2^24 codes, so a short file could
/// otherwise ask for much more.
const MAX_WORDS: usize = 1 << 26;
/// The first code a set cannot hold: the formats carry codes as f32, exact below 2^24.
pub(super) const CODE_LIMIT: i32 = 1 << 24;

/// The bit of what is no category.
pub(super) const NO_CATEGORY: i32 = 0;
/// The bit of a missing value that counts as in every set.
pub(super) const IN_EVERY_SET: i32 = 1;
/// The bit of code 0.
pub(super) const FIRST_CODE: i32 = 2;

/// The sets of a file, before it is known how long they will be.
#[derive(Debug, Default)]
pub(super) struct SetBuilder {
    codes: Vec<u32>,
    /// Of each set: its slot, and where its codes end.
    sets: Vec<(u32, usize)>,
}

/// All sets, and where each begins.
#[derive(Debug)]
pub(super) struct Sets {
    pub(super) words: Vec<u32>,
    pub(super) starts: Vec<u32>,
}

impl SetBuilder {
    /// Adds a set; gives its position. `node` names it in errors.
    pub(super) fn push(&mut self, node: usize, slot: u32, codes: &[i64]) -> Result<i32, Error> {
        within("category codes", self.codes.len() + codes.len(), MAX_WORDS)?;
        for &code in codes {
            let known = i32::try_from(code).ok().filter(|code| (0..CODE_LIMIT).contains(code));
            let code = known.ok_or(Error::CategoryOutOfRange { node, code })?;
            self.codes.push(code.cast_unsigned());
        }
        self.sets.push((slot, self.codes.len()));
        Ok((self.sets.len() - 1) as i32)
    }

    /// Lays the sets out. `limits` takes the number of codes that each of its slots knows.
    pub(super) fn finish(&self, limits: &mut [i32]) -> Result<Sets, Error> {
        let mut start = 0;
        for &(slot, end) in &self.sets {
            let known = self.codes[start..end].iter().max().map_or(0, |code| code + 1);
            let limit = &mut limits[slot as usize];
            *limit = (*limit).max(known.cast_signed());
            start = end;
        }
        let words_of = |slot: u32| ((limits[slot as usize] + FIRST_CODE) as usize).div_ceil(32);
        let total = self.sets.iter().map(|(slot, _)| words_of(*slot)).sum::<usize>();
        within("words of category sets", total, MAX_WORDS)?;
        // One word even without sets: see `walk`.
        let mut sets = Sets { words: vec![0; total.max(1)], starts: Vec::new() };
        let (mut start, mut first) = (0, 0);
        for &(slot, end) in &self.sets {
            let words = &mut sets.words[first..first + words_of(slot)];
            let mut set = |bit: u32| words[(bit / 32) as usize] |= 1 << (bit % 32);
            set(IN_EVERY_SET.cast_unsigned());
            let codes = self.codes[start..end].iter();
            codes.for_each(|code| set(code + FIRST_CODE.cast_unsigned()));
            sets.starts.push(first as u32);
            (start, first) = (end, first + words_of(slot));
        }
        Ok(sets)
    }
}
