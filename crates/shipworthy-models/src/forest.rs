//! The tree runtime: values become bytes once, then every split is a comparison of two bytes.
//!
//! Rows are asked by groups of 64, a tree of up to 256 leaves as a whole ([`flat`]); a row alone is
//! asked in 64 trees side by side where the processor can look bytes up in registers ([`lanes`]).
//! Larger trees, and one row elsewhere, are walked from the root ([`walk`]). Which is taken is a
//! matter of speed: the leaves are the same.
//!
//! **Invariant:** every child points into the node array, every slot and every leaf exists. The
//! builder checks it; `walk` relies on it.
//!
//! A row's leaves are added in tree order, in the format's own precision, starting from its base
//! margin: the order does not depend on the batch, so neither do the bits.

mod block;
mod build;
mod flat;
mod lanes;
mod linear;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use crate::bins::{Missing, Reading, ZERO_THRESHOLD};
pub use build::Error as ShapeError;
pub(crate) use build::{Builder, SourceNode, Test};
pub(crate) use flat::{Split, exits};
pub(crate) use lanes::{LANES, Step};
pub(crate) use linear::LinearLeaf;

use crate::FeatureMatrix;
use crate::bins::{Bins, GROUP_ROWS, Quantizer};
use crate::scalar::Scalar;
use crate::simd::{Simd, exits_of_lanes};
use lanes::LaneGroup;
use linear::LinearLeaves;
use walk::WALKS;

/// Groups of rows that share one pass over the trees.
const BLOCK_GROUPS: usize = 4;
/// Below so many rows, one after the other is faster than all at once; measured, where one row is
/// asked in trees side by side, and where it is walked.
const FEW_ROWS: [usize; 2] = [24, 10];

#[derive(Clone, Copy, Debug)]
struct Tree {
    root: u32,
    /// Steps from the root to the deepest leaf.
    depth: u32,
    /// Steps after which it pays to look whether all walks have ended: all of them, but in trees
    /// that leaf-wise growth made deep, where few rows go all the way.
    sure: u32,
    /// The output that the first value of a leaf counts for.
    output: u32,
    /// Its first leaf's number among all.
    first_leaf: u32,
    leaves: u32,
    /// Where its splits begin, if it is asked as a whole.
    splits: Option<u32>,
    /// Whether some split is by category.
    has_categories: bool,
}

/// A sum of decision trees.
#[derive(Debug)]
pub(crate) struct Forest<S: Scalar> {
    simd: Simd,
    quantizer: Quantizer<S>,
    trees: Vec<Tree>,
    nodes: Vec<walk::Node>,
    /// Which leaf a node is.
    leaf_of_node: Vec<u32>,
    splits: Vec<flat::Split>,
    lanes: Option<Vec<LaneGroup>>,
    /// What a leaf adds: `leaf_width` values each, and as many as 256 leaves have after them.
    values: Vec<S>,
    leaf_width: usize,
    /// The number of each leaf in its file, which is how the format names it.
    ids: Vec<u32>,
    linear: LinearLeaves,
    /// Where each output's sum begins.
    base: Vec<S>,
}

/// Memory that predictions reuse.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch<S: Scalar> {
    bins: Bins,
    sums: Vec<S>,
}

impl<S: Scalar> Forest<S> {
    /// Sums per row.
    pub(crate) fn outputs(&self) -> usize {
        self.base.len()
    }

    /// Where each output's sum begins.
    pub(crate) fn base(&self) -> &[S] {
        &self.base
    }

    /// Sums of all rows, `outputs` a row, into `margins`.
    pub(crate) fn sum(
        &self,
        features: &FeatureMatrix,
        scratch: &mut Scratch<S>,
        margins: &mut [f64],
    ) {
        let (outputs, mut first, mut left) = (self.outputs(), 0, margins);
        let few_rows = FEW_ROWS[usize::from(self.lanes.is_none())];
        while !left.is_empty() {
            let rows = left.len() / outputs;
            let one_by_one = rows < few_rows || !self.linear.is_empty();
            let taken = match rows {
                _ if one_by_one => rows,
                BLOCK_ROWS.. => BLOCK_ROWS,
                _ => rows.min(GROUP_ROWS),
            };
            let (margins, rest) = left.split_at_mut(taken * outputs);
            if one_by_one {
                for (row, margins) in margins.chunks_exact_mut(outputs).enumerate() {
                    self.sum_one(features.row(first + row), scratch, margins);
                }
            } else {
                self.sum_block(features, first, scratch, margins);
            }
            (first, left) = (first + taken, rest);
        }
    }

    /// The leaf of each tree that a row reaches, by its number in the file.
    pub(crate) fn leaves(&self, row: &[f64]) -> Vec<u32> {
        let mut bins = Bins::default();
        let bins = self.quantizer.fill_one(self.simd, row, &mut bins).as_flattened();
        let view = walk::View { nodes: &self.nodes, bins, stride: 1 };
        let leaf = |tree| self.leaf_of_node[view.one(tree) as usize];
        self.trees.iter().map(|tree| self.ids[leaf(tree) as usize]).collect()
    }

    fn sum_one(&self, row: &[f64], scratch: &mut Scratch<S>, margins: &mut [f64]) {
        let Scratch { bins, sums } = scratch;
        let bins = self.quantizer.fill_one(self.simd, row, bins);
        sums.clear();
        sums.extend_from_slice(&self.base);
        match &self.lanes {
            Some(groups) if self.linear.is_empty() => self.add_lanes(groups, bins, sums),
            _ => self.add_walks(bins.as_flattened(), row, sums),
        }
        margins.iter_mut().zip(sums).for_each(|(margin, sum)| *margin = sum.to_f64());
    }

    fn add_lanes(&self, groups: &[LaneGroup], bins: &[[u8; LANES]], sums: &mut [S]) {
        let mut exits = [0; LANES];
        for (trees, group) in self.trees.chunks(LANES).zip(groups) {
            exits_of_lanes(self.simd, &group.steps, group.has_categories, bins, &mut exits);
            let leaves = trees.iter().zip(&exits);
            let leaves =
                leaves.map(|(tree, exit)| (tree, (tree.first_leaf + u32::from(*exit)) as usize));
            self.add_leaves(leaves, sums);
        }
    }

    fn add_walks(&self, bins: &[u8], row: &[f64], sums: &mut [S]) {
        let view = walk::View { nodes: &self.nodes, bins, stride: 1 };
        if !self.linear.is_empty() {
            for tree in &self.trees {
                let leaf = self.leaf_of_node[view.one(tree) as usize] as usize;
                let value = self.linear.value(leaf, row, self.values[leaf].to_f64());
                sums[tree.output as usize] += S::from_f64(value);
            }
            return;
        }
        let (groups, rest) = self.trees.as_chunks::<WALKS>();
        for trees in groups {
            let nodes = view.trees(trees);
            let leaves = nodes.iter().map(|node| self.leaf_of_node[*node as usize] as usize);
            self.add_leaves(trees.iter().zip(leaves), sums);
        }
        for tree in rest {
            self.add(tree, self.leaf_of_node[view.one(tree) as usize] as usize, sums);
        }
    }

    /// Adds leaves in the order of their trees.
    #[inline(always)]
    fn add_leaves<'a>(&self, leaves: impl Iterator<Item = (&'a Tree, usize)>, sums: &mut [S]) {
        let ([sum], 1) = (&mut *sums, self.leaf_width) else {
            leaves.for_each(|(tree, leaf)| self.add(tree, leaf, sums));
            return;
        };
        // Kept in a register: through memory, every addition would wait for the one before.
        let mut total = *sum;
        leaves.for_each(|(_, leaf)| total += self.values[leaf]);
        *sum = total;
    }

    #[inline(always)]
    fn add(&self, tree: &Tree, leaf: usize, sums: &mut [S]) {
        let output = tree.output as usize;
        if self.leaf_width == 1 {
            sums[output] += self.values[leaf];
            return;
        }
        let values = &self.values[leaf * self.leaf_width..(leaf + 1) * self.leaf_width];
        sums[output..].iter_mut().zip(values).for_each(|(sum, value)| *sum += *value);
    }
}

/// Rows that share one pass over the trees.
const BLOCK_ROWS: usize = BLOCK_GROUPS * GROUP_ROWS;
