//! From the thresholds and sets of a file to slots.

use std::collections::HashMap;

use super::columns::{CHUNK, CodeColumn, NumberColumn, SLOT_THRESHOLDS};
use super::sets::Sets;
use super::{Quantizer, Reading};
pub(super) use crate::forest::ShapeError as Error;
use crate::scalar::{Key, Scalar};

/// What a split asks of a slot: is its bin, of which only the bits of `mask` count, above `bound`?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) slot: u32,
    pub(crate) bound: u8,
    pub(crate) mask: u8,
}

/// Collects what splits compare with.
#[derive(Debug)]
pub(crate) struct Builder<S: Scalar> {
    columns: Vec<Source<S::Key>>,
    known: HashMap<(u32, Reading), u32>,
}

/// A feature and how it reads, with all it is compared with.
#[derive(Debug)]
struct Source<K> {
    feature: u32,
    reading: Reading,
    thresholds: Vec<K>,
    sets: usize,
}

/// Where the thresholds or the sets of a column are.
#[derive(Debug)]
pub(crate) struct Place<K> {
    first_slot: usize,
    /// Ascending.
    thresholds: Vec<K>,
}

impl<S: Scalar> Builder<S> {
    pub(crate) fn new() -> Self {
        Self { columns: Vec::new(), known: HashMap::new() }
    }

    /// The column of a feature that reads in a way.
    pub(crate) fn column(&mut self, feature: u32, reading: Reading) -> u32 {
        let columns = &mut self.columns;
        *self.known.entry((feature, reading)).or_insert_with(|| {
            columns.push(Source { feature, reading, thresholds: Vec::new(), sets: 0 });
            (columns.len() - 1) as u32
        })
    }

    /// Adds a threshold to a column.
    pub(crate) fn add_threshold(&mut self, column: u32, threshold: S::Key) {
        self.columns[column as usize].thresholds.push(threshold);
    }

    /// Adds a set to a column; gives its number there.
    pub(crate) fn add_set(&mut self, column: u32) -> usize {
        let sets = &mut self.columns[column as usize].sets;
        *sets += 1;
        *sets - 1
    }

    /// The number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The finished quantizer, and where each column is. `sets` has those of each column.
    pub(crate) fn finish(self, sets: Vec<Sets>) -> (Quantizer<S>, Vec<Place<S::Key>>) {
        let mut quantizer = Quantizer { numbers: Vec::new(), codes: Vec::new(), slots: 0 };
        let mut places = Vec::with_capacity(self.columns.len());
        let sets = sets.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        for (source, sets) in self.columns.into_iter().zip(sets) {
            let Source { feature, reading, mut thresholds, .. } = source;
            let (feature, first_slot) = (feature as usize, quantizer.slots);
            if matches!(reading, Reading::Number(_) | Reading::RoundedNumber(_)) {
                thresholds.sort_unstable();
                thresholds.dedup();
                quantizer.slots += thresholds.len().div_ceil(SLOT_THRESHOLDS);
                quantizer.numbers.push(NumberColumn {
                    feature,
                    reading,
                    missing: reading.plain::<S>().unwrap_or_default(),
                    is_plain: reading.plain::<S>().is_some(),
                    first_slot,
                    count: thresholds.len(),
                    upper: upper(&padded(&thresholds)),
                    thresholds: padded(&thresholds),
                });
            } else {
                let sets = sets.unwrap_or_default();
                quantizer.slots += sets.width;
                quantizer.codes.push(CodeColumn { feature, reading, first_slot, sets });
            }
            places.push(Place { first_slot, thresholds });
        }
        (quantizer, places)
    }
}

impl<K: Key> Place<K> {
    /// How to ask whether a key is above one of the column's thresholds.
    pub(crate) fn above(&self, threshold: K) -> Test {
        let at = self.thresholds.partition_point(|other| *other < threshold);
        let (slot, bound) = (self.first_slot + at / SLOT_THRESHOLDS, at % SLOT_THRESHOLDS);
        Test { slot: slot as u32, bound: bound as u8, mask: u8::MAX }
    }

    /// How to ask whether a category is in one of the column's sets.
    pub(crate) fn in_set(&self, number: usize) -> Test {
        let slot = self.first_slot + number / 8;
        Test { slot: slot as u32, bound: 0, mask: 1 << (number % 8) }
    }
}

/// The levels above some chunks of which the last ends in what no key is above.
fn upper<K: Key>(chunks: &[[K; CHUNK]]) -> Vec<Vec<[K; CHUNK]>> {
    let mut levels: Vec<Vec<[K; CHUNK]>> = Vec::new();
    loop {
        let below = levels.last().map_or(chunks, Vec::as_slice);
        if below.len() <= 1 {
            levels.reverse();
            return levels;
        }
        let mut level = vec![[K::HIGHEST; CHUNK]; below.len().div_ceil(CHUNK)];
        let lasts = below.iter().map(|chunk| chunk[CHUNK - 1]);
        level.as_flattened_mut().iter_mut().zip(lasts).for_each(|(to, last)| *to = last);
        levels.push(level);
    }
}

fn padded<K: Key>(thresholds: &[K]) -> Vec<[K; CHUNK]> {
    let mut padded = vec![[K::HIGHEST; CHUNK]; thresholds.len() / CHUNK + 1];
    padded.as_flattened_mut()[..thresholds.len()].copy_from_slice(thresholds);
    padded
}

pub(crate) fn within(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit { Ok(()) } else { Err(Error::TooLarge { what, limit }) }
}
