//! Values as bytes, which is how trees read them.
//!
//! A *slot* is a feature, how its missing values read, and up to 255 of the thresholds that splits
//! compare it with; its *bin* is the number of them that a value is above. So one comparison of two
//! bytes decides a split, whatever the numbers were. A slot of a feature of categories holds the
//! bits of eight of the sets that splits ask for. Source of the idea: Lou, Obukhov, "BDT: Gradient
//! Boosted Decision Tables for High Accuracy and Scoring Efficiency" (KDD 2017), and `CatBoost`'s
//! own evaluator.

mod build;
mod columns;
mod reading;
mod sets;
#[cfg(test)]
mod tests;

pub(crate) use build::{Builder, Place, Test, within};
pub(crate) use reading::{Missing, Reading, ZERO_THRESHOLD};
pub(crate) use sets::{CODE_LIMIT, SetBuilder};

use crate::matrix::Rows;
use crate::scalar::{Key, Scalar};
use crate::simd::{Kernel, Simd, Vectors};
use columns::{CodeColumn, NumberColumn, SLOT_THRESHOLDS};

/// Rows whose bins lie side by side.
pub(crate) const GROUP_ROWS: usize = 64;

/// Bins of a group of rows in one slot.
pub(crate) type GroupBins = [u8; GROUP_ROWS];

/// Bins of one row or of a block; memory that predictions reuse.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bins {
    one: Vec<[u8; GROUP_ROWS]>,
    groups: Vec<GroupBins>,
}

/// Turns values into bins.
#[derive(Debug)]
pub(crate) struct Quantizer<S: Scalar> {
    numbers: Vec<NumberColumn<S::Key>>,
    codes: Vec<CodeColumn>,
    slots: usize,
}

impl<S: Scalar> Quantizer<S> {
    /// The number of slots.
    pub(crate) const fn slots(&self) -> usize {
        self.slots
    }

    /// The bins of one row, slot after slot, in as many times [`GROUP_ROWS`] bytes as it takes,
    /// rounded up to a power of two.
    pub(crate) fn fill_one<'a>(
        &self,
        simd: Simd,
        row: &[f64],
        bins: &'a mut Bins,
    ) -> &'a [[u8; GROUP_ROWS]] {
        let registers = self.slots.max(1).div_ceil(GROUP_ROWS).next_power_of_two();
        bins.one.resize(registers, [0; GROUP_ROWS]);
        simd.run(FillOne { quantizer: self, row, bins: bins.one.as_flattened_mut() });
        &bins.one
    }

    /// The bins of so many groups of rows: in each, slot after slot. Rows that do not exist get
    /// some bin. `rows` has as many values each as the features are wide.
    pub(crate) fn fill_groups<'a>(
        &self,
        simd: Simd,
        groups: usize,
        rows: Rows<'_>,
        bins: &'a mut Bins,
    ) -> &'a [GroupBins] {
        let Rows { width, values } = rows;
        bins.groups.resize(self.slots * groups, [0; GROUP_ROWS]);
        // No features, no values: of rows without width there are no chunks.
        let values = values.chunks((width * GROUP_ROWS).max(1));
        for (values, bins) in values.zip(bins.groups.chunks_exact_mut(self.slots.max(1))) {
            simd.run(FillGroup { quantizer: self, width, values, bins });
        }
        &bins.groups
    }
}

struct FillOne<'a, S: Scalar> {
    quantizer: &'a Quantizer<S>,
    row: &'a [f64],
    bins: &'a mut [u8],
}

impl<S: Scalar> Kernel for FillOne<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vectors>(self, vectors: V) {
        let Self { quantizer, row, bins } = self;
        for column in &quantizer.numbers {
            let key = column.key::<S>(row[column.feature]);
            if column.count <= SLOT_THRESHOLDS {
                bins[column.first_slot] = column.rank_one(vectors, key) as u8;
            } else {
                column.spread(vectors, key, &mut bins[column.first_slot..]);
            }
        }
        for column in &quantizer.codes {
            let bits = column.bits::<S>(row[column.feature]);
            bins[column.first_slot..][..bits.len()].copy_from_slice(bits);
        }
    }
}

struct FillGroup<'a, S: Scalar> {
    quantizer: &'a Quantizer<S>,
    width: usize,
    values: &'a [f64],
    bins: &'a mut [GroupBins],
}

impl<S: Scalar> Kernel for FillGroup<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vectors>(self, vectors: V) {
        let Self { quantizer, width, values, bins } = self;
        let column = |feature| values.iter().skip(feature).step_by(width).copied();
        for numbers in &quantizer.numbers {
            let mut keys = [S::Key::LOWEST; GROUP_ROWS];
            numbers.keys::<S>(column(numbers.feature), &mut keys);
            if numbers.count > SLOT_THRESHOLDS {
                numbers.spread_group(vectors, &keys, &mut bins[numbers.first_slot..]);
            } else {
                numbers.ranks(vectors, &keys, &mut bins[numbers.first_slot]);
            }
        }
        for codes in &quantizer.codes {
            let bins = &mut bins[codes.first_slot..][..codes.sets.width];
            for (row, value) in column(codes.feature).take(GROUP_ROWS).enumerate() {
                let bits = codes.bits::<S>(value);
                bins.iter_mut().zip(bits).for_each(|(bins, bits)| bins[row] = *bits);
            }
        }
    }
}
