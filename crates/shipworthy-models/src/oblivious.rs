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

mod bins;
mod build;

pub(crate) use bins::Bins;
pub use build::Error as BuildError;
pub(crate) use build::{Builder, SourceSplit};

use crate::FeatureMatrix;
use bins::{BLOCK_ROWS, Quantizer};

/// Levels whose bits fill a byte.
const BYTE: usize = 8;

/// Rows a block must have for 64 lanes to be worth it.
const FEW_ROWS: usize = 8;

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
    quantizer: Quantizer,
    questions: Vec<Question>,
    trees: Vec<Tree>,
    values: Vec<f64>,
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
        for (block, margins) in margins.chunks_mut(BLOCK_ROWS * outputs).enumerate() {
            let (first, rows) = (block * BLOCK_ROWS, margins.len() / outputs);
            if rows < FEW_ROWS {
                for (row, sums) in margins.chunks_exact_mut(outputs).enumerate() {
                    self.quantizer.fill_one(features.row(first + row), bins);
                    self.add_one(bins, sums);
                }
            } else {
                self.quantizer.fill_block(features, first, rows, bins);
                let (pairs, rest) = self.trees.as_chunks::<2>();
                pairs.iter().for_each(|pair| self.add_trees(*pair, bins, margins));
                rest.iter().for_each(|tree| self.add_tree(*tree, bins, margins));
            }
        }
    }

    /// The leaf of each tree that a row reaches.
    pub(crate) fn leaves(&self, row: &[f64]) -> Vec<u32> {
        let mut bins = Bins::default();
        self.quantizer.fill_one(row, &mut bins);
        self.trees.iter().map(|tree| self.leaf(*tree, &bins) as u32).collect()
    }

    fn add_one(&self, bins: &Bins, sums: &mut [f64]) {
        for tree in &self.trees {
            add(sums, self.leaf_values(*tree), self.leaf(*tree, bins));
        }
    }

    fn leaf(&self, tree: Tree, bins: &Bins) -> usize {
        let answers = self.questions(tree).iter().map(|q| bins.one[q.slot as usize] > q.bound);
        answers.enumerate().fold(0, |leaf, (level, yes)| leaf | usize::from(yes) << level)
    }

    /// Two trees, in their order: half the traffic of the margins.
    fn add_trees(&self, trees: [Tree; 2], bins: &Bins, margins: &mut [f64]) {
        if self.base.len() > 1 || trees.iter().any(|tree| tree.depth as usize > BYTE) {
            trees.iter().for_each(|tree| self.add_tree(*tree, bins, margins));
            return;
        }
        let [first, second] = trees.map(|tree| answer(self.questions(tree), bins));
        let values = trees.map(|tree| self.leaf_values(tree));
        for (sum, (first, second)) in margins.iter_mut().zip(first.iter().zip(second)) {
            *sum = *sum + values[0][usize::from(*first)] + values[1][usize::from(second)];
        }
    }

    fn add_tree(&self, tree: Tree, bins: &Bins, margins: &mut [f64]) {
        let questions = self.questions(tree);
        let (low, high) = questions.split_at(questions.len().min(BYTE));
        let low = answer(low, bins);
        let values = self.leaf_values(tree);
        let outputs = self.base.len();
        if high.is_empty() && outputs == 1 {
            for (sum, leaf) in margins.iter_mut().zip(low) {
                *sum += values[usize::from(leaf)];
            }
            return;
        }
        let high = answer(high, bins);
        let leaves = low.iter().zip(high);
        for (sums, (low, high)) in margins.chunks_exact_mut(outputs).zip(leaves) {
            add(sums, values, usize::from(*low) | usize::from(high) << BYTE);
        }
    }

    fn questions(&self, tree: Tree) -> &[Question] {
        &self.questions[tree.questions as usize..(tree.questions + tree.depth) as usize]
    }

    fn leaf_values(&self, tree: Tree) -> &[f64] {
        let start = tree.values as usize;
        &self.values[start..start + (self.base.len() << tree.depth)]
    }
}

/// The answers of 64 rows to at most eight questions, one bit each.
fn answer(questions: &[Question], bins: &Bins) -> [u8; BLOCK_ROWS] {
    let mut answers = [0; BLOCK_ROWS];
    for (level, question) in questions.iter().enumerate() {
        let bit = 1 << level;
        for (answer, bin) in answers.iter_mut().zip(&bins.block[question.slot as usize]) {
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
