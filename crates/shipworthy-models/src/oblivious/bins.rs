//! From values to bins.

use crate::FeatureMatrix;

/// Rows that share one pass over the trees.
pub(super) const BLOCK_ROWS: usize = 64;
/// Borders of a slot; a feature with more takes several slots.
pub(super) const SLOT_BORDERS: usize = 255;

/// Up to so many borders, comparing with all of them (several rows at a time) is faster than
/// searching; measured.
const COUNTED_BORDERS: usize = 40;

/// Bins of one row or of a block, slot after slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bins {
    pub(super) one: Vec<u8>,
    pub(super) block: Vec<[u8; BLOCK_ROWS]>,
}

/// Turns values into bins.
#[derive(Debug, Default)]
pub(super) struct Quantizer {
    pub(super) slots: Vec<Slot>,
}

/// A feature, or as much of it as a byte can tell apart.
#[derive(Debug)]
pub(super) struct Slot {
    feature: usize,
    /// How many borders there are.
    count: usize,
    /// The first step of the search: half the borders, as a power of two.
    step: u8,
    /// What a missing value counts as: above all borders, or below.
    missing: f32,
    /// Ascending, then infinity.
    borders: Box<[f32; 256]>,
}

impl Slot {
    /// At most [`SLOT_BORDERS`] ascending, finite borders.
    pub(super) fn new(feature: usize, missing_above: bool, borders: &[f32]) -> Self {
        let mut padded = Box::new([f32::INFINITY; 256]);
        padded[..borders.len()].copy_from_slice(borders);
        let step = (borders.len() + 1).next_power_of_two() / 2;
        let missing = if missing_above { f32::INFINITY } else { f32::NEG_INFINITY };
        Self { feature, count: borders.len(), step: step as u8, missing, borders: padded }
    }

    /// The number of borders below a value: a binary search without branches.
    #[inline]
    fn bin(&self, value: f64) -> u8 {
        let value = self.read(value);
        let (mut bin, mut step) = (0_u8, self.step);
        while step > 0 {
            // All borders before `bin` are below the value, and those from `bin + 2 × step` on are
            // not, so the sum stays within a byte.
            let border = self.borders[usize::from(bin + (step - 1))];
            bin += step & u8::from(value > border).wrapping_neg();
            step /= 2;
        }
        bin
    }

    /// The same for a block.
    fn bins<'a>(&self, values: impl Iterator<Item = &'a f64>, bins: &mut [u8; BLOCK_ROWS]) {
        if self.count > COUNTED_BORDERS {
            bins.iter_mut().zip(values).for_each(|(bin, value)| *bin = self.bin(*value));
            return;
        }
        let mut read = [0.0; BLOCK_ROWS];
        read.iter_mut().zip(values).for_each(|(to, value)| *to = self.read(*value));
        // As wide as the values, so that the compiler counts several at a time.
        let mut below = [0_u32; BLOCK_ROWS];
        for border in &self.borders[..self.count] {
            for (below, value) in below.iter_mut().zip(&read) {
                *below += u32::from(value > border);
            }
        }
        bins.iter_mut().zip(below).for_each(|(bin, below)| *bin = below as u8);
    }

    /// A value as `CatBoost` compares it, in f32.
    #[inline]
    fn read(&self, value: f64) -> f32 {
        let value = value as f32;
        if value.is_nan() { self.missing } else { value }
    }
}

impl Quantizer {
    /// The bins of one row.
    pub(super) fn fill_one(&self, row: &[f64], bins: &mut Bins) {
        bins.one.clear();
        bins.one.extend(self.slots.iter().map(|slot| slot.bin(row[slot.feature])));
    }

    /// The bins of a block; rows that do not exist keep some bin.
    pub(super) fn fill_block(
        &self,
        features: &FeatureMatrix,
        first: usize,
        rows: usize,
        bins: &mut Bins,
    ) {
        bins.block.resize(self.slots.len(), [0; BLOCK_ROWS]);
        let width = features.width();
        let values = &features.values()[first * width..(first + rows) * width];
        for (slot, bins) in self.slots.iter().zip(&mut bins.block) {
            let values = values.iter().skip(slot.feature).step_by(width);
            slot.bins(values, bins);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_is_the_number_of_borders_below() {
        for count in [0, 1, 2, 3, 4, 7, 8, 100, 254, 255] {
            let borders: Vec<f32> = (0..count).map(|border| f32::from(border as u8)).collect();
            let slot = Slot::new(0, false, &borders);
            for value in [-1.0, 0.0, 0.5, 1.0, 99.5, 253.5, 254.0, 254.5, 1e9] {
                let expected = borders.iter().filter(|border| value > f64::from(**border)).count();
                assert_eq!(usize::from(slot.bin(value)), expected, "{value} of {count}");
                let mut bins = [0; BLOCK_ROWS];
                slot.bins([value; 3].iter(), &mut bins);
                assert_eq!(usize::from(bins[2]), expected, "{value} of {count} in a block");
            }
            assert_eq!(slot.bin(f64::NAN), 0);
            assert_eq!(usize::from(slot.bin(f64::INFINITY)), borders.len());
            let above = Slot::new(0, true, &borders);
            assert_eq!(usize::from(above.bin(f64::NAN)), borders.len());
        }
    }
}
