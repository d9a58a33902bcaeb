//! Sets of category codes.

use super::build::Error;

/// Most 32-bit words of category sets: 64 MiB. One set may span 2^24 codes, so a short file could
/// otherwise ask for gigabytes.
const MAX_WORDS: usize = 1 << 24;

/// The first code a set cannot hold: the formats carry codes as f32, exact below 2^24.
pub(super) const CODE_LIMIT: i32 = 1 << 24;

/// Sets as bits, one after another.
#[derive(Debug, Default)]
pub(super) struct CategorySets {
    words: Vec<u32>,
    /// Where each set's words begin and end.
    ranges: Vec<(u32, u32)>,
}

impl CategorySets {
    /// Adds a set; gives its position. `node` names it in errors.
    pub(super) fn push(&mut self, node: usize, codes: &[i64]) -> Result<i32, Error> {
        let start = self.words.len();
        for &code in codes {
            let known = i32::try_from(code).ok().filter(|code| (0..CODE_LIMIT).contains(code));
            let code = known.ok_or(Error::CategoryOutOfRange { node, code })?.cast_unsigned();
            let word = start + (code / 32) as usize;
            if word >= self.words.len() {
                super::build::within("words of category sets", word + 1, MAX_WORDS)?;
                self.words.resize(word + 1, 0);
            }
            self.words[word] |= 1 << (code % 32);
        }
        self.ranges.push((start as u32, self.words.len() as u32));
        Ok((self.ranges.len() - 1) as i32)
    }

    /// Whether a code is in a set; one below 0 is in none, `i32::MAX` in all.
    pub(super) fn contains(&self, set: i32, code: i32) -> bool {
        let (start, end) = self.ranges[set as usize];
        let words = &self.words[start as usize..end as usize];
        let word = words.get(code.cast_unsigned() as usize / 32);
        word.map_or(code == i32::MAX, |word| word >> (code & 31) & 1 == 1)
    }
}
