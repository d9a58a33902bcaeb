//! The runtime of symmetric ("oblivious") trees, where all nodes of a level ask the same.
//!
//! A value is first turned into its *bin*: the number of its feature's borders that lie below it.
//! Then every question of every tree is a comparison of two bytes, made for 64 rows at once
//! without a branch, and its answers are the bits of the leaf's position. Source of the idea:
//! Lou, Obukhov, "BDT: Gradient Boosted Decision Tables for High Accuracy and Scoring Efficiency"
//! (KDD 2017), and `CatBoost`'s own evaluator.
//!
//! **Invariant:** a tree of depth d has 2^d leaves, of `outputs` values each; questions name slots
//! that exist.

mod build;
mod lanes;
#[cfg(test)]
mod tests;

pub use build::Error as BuildError;
pub(crate) use build::{Builder, SourceSplit};
pub(crate) use lanes::Level;

use crate::FeatureMatrix;
use crate::bins::{Bins, GROUP_ROWS, GroupBins, Quantizer};
use crate::simd::{Kernel, Simd, Vectors, answers_of_lanes};
use lanes::LANES;

/// Levels whose bits fill a byte.
const BYTE: usize = 8;

/// Leaves that a byte tells apart.
const SHORT: usize = 1 << BYTE;

/// Below so many rows, one after the other is faster than all at once; measured, where one row is
/// asked in trees side by side, and elsewhere.
const FEW_ROWS: [usize; 2] = [24, 8];

#[derive(Clone, Copy, Debug)]
struct Tree {
    /// Where its questions begin, and how many they are.
    questions: u32,
    depth: u32,
    /// Where its first leaf's values begin.
    values: u32,
}

/// Whether the bin in a slot is above a bound: bit `d` of the leaf for the question of level `d`.
#[derive(Clone, Copy, Debug)]
struct Question {
    slot: u32,
    bound: u8,
}

/// A sum of symmetric trees.
#[derive(Debug)]
pub(crate) struct ObliviousForest {
    simd: Simd,
    quantizer: Quantizer<f32>,
    /// Of 64 consecutive trees each, where one row is asked in them at once.
    lanes: Option<Vec<Vec<Level>>>,
    questions: Vec<Question>,
    trees: Vec<Tree>,
    /// Of all leaves, and then [`SHORT`] more.
    values: Vec<f64>,
    /// Whether there is one output, and a byte tells the leaves of each tree apart.
    has_short_leaves: bool,
    /// Where each output's sum begins.
    base: Vec<f64>,
}

impl ObliviousForest {
    /// Where each output's sum begins.
    pub(crate) fn base(&self) -> &[f64] {
        &self.base
    }

    /// Sums of all rows, `outputs` a row, into `margins`.
    pub(crate) fn sum(&self, features: &FeatureMatrix, bins: &mut Bins, margins: &mut [f64]) {
        let outputs = self.base.len();
        margins.chunks_exact_mut(outputs).for_each(|sums| sums.copy_from_slice(&self.base));
        for (block, margins) in margins.chunks_mut(GROUP_ROWS * outputs).enumerate() {
            let (first, rows) = (block * GROUP_ROWS, margins.len() / outputs);
            if rows < FEW_ROWS[usize::from(self.lanes.is_none())] {
                for (row, sums) in margins.chunks_exact_mut(outputs).enumerate() {
                    let bins = self.quantizer.fill_one(self.simd, features.row(first + row), bins);
                    self.add_one(bins, sums);
                }
            } else {
                let rows = features.rows_from(first, rows);
                let bins = self.quantizer.fill_groups(self.simd, 1, rows, bins);
                self.simd.run(AddBlock { forest: self, bins, margins });
            }
        }
    }

    /// The leaf of each tree that a row reaches.
    pub(crate) fn leaves(&self, row: &[f64]) -> Vec<u32> {
        let mut bins = Bins::default();
        let bins = self.quantizer.fill_one(self.simd, row, &mut bins).as_flattened();
        self.trees.iter().map(|tree| self.leaf(*tree, bins) as u32).collect()
    }

    fn add_one(&self, bins: &[[u8; LANES]], sums: &mut [f64]) {
        let Some(lanes) = &self.lanes else {
            for tree in &self.trees {
                add(sums, self.leaf_values(*tree), self.leaf(*tree, bins.as_flattened()));
            }
            return;
        };
        let mut leaves = [0; LANES];
        for (trees, levels) in self.trees.chunks(LANES).zip(lanes) {
            answers_of_lanes(self.simd, levels, bins, &mut leaves);
            let leaves = trees.iter().zip(&leaves);
            if let [sum] = sums {
                // Kept in a register: through memory, every addition would wait for the one before.
                *sum = leaves.fold(*sum, |sum, (tree, leaf)| {
                    sum + self.values[tree.values as usize + usize::from(*leaf)]
                });
            } else {
                leaves.for_each(|(tree, leaf)| {
                    add(sums, self.leaf_values(*tree), usize::from(*leaf))
                });
            }
        }
    }

    fn leaf(&self, tree: Tree, bins: &[u8]) -> usize {
        let answers = self.questions(tree).iter().map(|q| bins[q.slot as usize] > q.bound);
        answers.enumerate().fold(0, |leaf, (level, yes)| leaf | usize::from(yes) << level)
    }

    fn questions(&self, tree: Tree) -> &[Question] {
        &self.questions[tree.questions as usize..(tree.questions + tree.depth) as usize]
    }

    /// The values of a tree's leaves, and of what follows them.
    #[inline(always)]
    fn short_leaves(&self, tree: Tree) -> &[f64; SHORT] {
        let values = self.values[tree.values as usize..].first_chunk();
        values.expect("the builder adds as many values as this takes")
    }

    fn leaf_values(&self, tree: Tree) -> &[f64] {
        let start = tree.values as usize;
        &self.values[start..start + (self.base.len() << tree.depth)]
    }
}

/// Adds all trees to the sums of a group of rows.
struct AddBlock<'a> {
    forest: &'a ObliviousForest,
    bins: &'a [GroupBins],
    margins: &'a mut [f64],
}

impl Kernel for AddBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vectors>(mut self, _: V) {
        if self.forest.has_short_leaves {
            self.add_short();
        } else {
            self.forest.trees.iter().for_each(|tree| self.add_tree(*tree));
        }
    }
}

impl AddBlock<'_> {
    /// One output, and leaves that a byte tells apart.
    #[inline(always)]
    fn add_short(&mut self) {
        let forest = self.forest;
        let mut sums = [0.0; GROUP_ROWS];
        sums.iter_mut().zip(&*self.margins).for_each(|(sum, margin)| *sum = *margin);
        // Two trees, in their order: half the traffic of the sums.
        let (pairs, rest) = forest.trees.as_chunks::<2>();
        for [first, second] in pairs {
            let leaves = answer(forest.questions(*first), self.bins);
            let leaves_2 = answer(forest.questions(*second), self.bins);
            let (values, values_2) = (forest.short_leaves(*first), forest.short_leaves(*second));
            for (sum, (leaf, leaf_2)) in sums.iter_mut().zip(leaves.iter().zip(leaves_2)) {
                *sum = *sum + values[usize::from(*leaf)] + values_2[usize::from(leaf_2)];
            }
        }
        for tree in rest {
            let leaves = answer(forest.questions(*tree), self.bins);
            let values = forest.short_leaves(*tree);
            for (sum, leaf) in sums.iter_mut().zip(leaves) {
                *sum += values[usize::from(leaf)];
            }
        }
        self.margins.iter_mut().zip(sums).for_each(|(margin, sum)| *margin = sum);
    }

    #[inline(always)]
    fn add_tree(&mut self, tree: Tree) {
        let questions = self.forest.questions(tree);
        let (low, high) = questions.split_at(questions.len().min(BYTE));
        let low = answer(low, self.bins);
        let values = self.forest.leaf_values(tree);
        let outputs = self.forest.base.len();
        let high = answer(high, self.bins);
        let leaves = low.iter().zip(high);
        for (sums, (low, high)) in self.margins.chunks_exact_mut(outputs).zip(leaves) {
            add(sums, values, usize::from(*low) | usize::from(high) << BYTE);
        }
    }
}

/// The answers of a group of rows to at most eight questions, one bit each.
#[inline(always)]
fn answer(questions: &[Question], bins: &[GroupBins]) -> GroupBins {
    let mut answers = [0; GROUP_ROWS];
    for (level, question) in questions.iter().enumerate() {
        let bit = 1 << level;
        for (answer, bin) in answers.iter_mut().zip(&bins[question.slot as usize]) {
            *answer |= if *bin > question.bound { bit } else { 0 };
        }
    }
    answers
}

#[inline]
fn add(sums: &mut [f64], values: &[f64], leaf: usize) {
    let values = &values[leaf * sums.len()..(leaf + 1) * sums.len()];
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}
