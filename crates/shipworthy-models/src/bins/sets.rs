//! Sets of category codes, as bits of bytes.
//!
//! All sets of a column lie beside each other: a code has a bit for each of them, so that looking
//! it up once answers every split on the column. The codes begin with two of their own: one that no
//! set has, for what is no category, and one that all have, for a missing value that counts as in
//! every set.

use super::build::{Error, within};

/// Most bytes of category sets: 256 MiB. One set may span 2^24 codes, so a short file could
/// otherwise ask for much more.
const MAX_BYTES: usize = 1 << 28;
/// Most codes in all sets together.
const MAX_CODES: usize = 1 << 26;
/// The first code a set cannot hold: the formats carry codes as f32, exact below 2^24.
pub(crate) const CODE_LIMIT: i32 = 1 << 24;

/// What is no category.
pub(super) const NO_CATEGORY: usize = 0;
/// A missing value that counts as in every set.
pub(super) const IN_EVERY_SET: usize = 1;
/// Code 0.
pub(super) const FIRST_CODE: usize = 2;

/// The sets of a file, before it is known how long they will be.
#[derive(Debug, Default)]
pub(crate) struct SetBuilder {
    codes: Vec<u32>,
    /// Of each set: its column, its number among those of the column, and where its codes end.
    sets: Vec<(usize, usize, usize)>,
}

/// The sets of one column.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    /// Bytes per code, in each the bits of eight sets.
    pub(super) width: usize,
    /// Codes from here on are in no set.
    pub(super) limit: usize,
    pub(super) bits: Vec<u8>,
}

impl SetBuilder {
    /// Adds a set to a column that has `others` so far; gives its position among all. `node` names
    /// it in errors.
    pub(crate) fn push(
        &mut self,
        node: usize,
        (column, others): (usize, usize),
        codes: &[i64],
    ) -> Result<usize, Error> {
        within("category codes", self.codes.len() + codes.len(), MAX_CODES)?;
        for &code in codes {
            let known = i32::try_from(code).ok().filter(|code| (0..CODE_LIMIT).contains(code));
            let code = known.ok_or(Error::CategoryOutOfRange { node, code })?;
            self.codes.push(code.cast_unsigned());
        }
        self.sets.push((column, others, self.codes.len()));
        Ok(self.sets.len() - 1)
    }

    /// The number that a set has among those of its column.
    pub(crate) fn number(&self, set: usize) -> usize {
        self.sets[set].1
    }

    /// Lays the sets out, for each of so many columns.
    pub(crate) fn finish(&self, columns: usize) -> Result<Vec<Sets>, Error> {
        let mut all: Vec<Sets> = (0..columns).map(|_| Sets::default()).collect();
        let mut start = 0;
        for &(column, number, end) in &self.sets {
            let known = self.codes[start..end].iter().max().map_or(0, |code| code + 1);
            let sets = &mut all[column];
            sets.limit = sets.limit.max(known as usize);
            sets.width = sets.width.max(number / 8 + 1);
            start = end;
        }
        let bytes = |sets: &Sets| sets.width * (sets.limit + FIRST_CODE);
        within("bytes of category sets", all.iter().map(bytes).sum(), MAX_BYTES)?;
        all.iter_mut().for_each(|sets| sets.bits = vec![0; bytes(sets)]);
        let mut start = 0;
        for &(column, number, end) in &self.sets {
            let sets = &mut all[column];
            let mut set =
                |code: usize| sets.bits[code * sets.width + number / 8] |= 1 << (number % 8);
            set(IN_EVERY_SET);
            self.codes[start..end].iter().for_each(|code| set(*code as usize + FIRST_CODE));
            start = end;
        }
        Ok(all)
    }
}
