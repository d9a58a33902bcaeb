//! The tree runtime: flat nodes, walked without a branch, eight rows or eight trees at a time.
//!
//! A block of rows is first turned into keys, once per *slot*: a slot is a feature together with
//! how its missing values read. A step of the walk is then one load of a node, one of a key, one
//! comparison and one addition, the same for every row; a leaf leads to itself, so that all walks
//! through a tree take as many steps as its depth. Eight independent walks overlap in the
//! processor, which is what the time goes down by.
//!
//! **Invariant:** every child points into the node array, every slot of a node exists, every
//! category set exists. The builder checks it; `walk` relies on it.
//!
//! A row's leaves are added in tree order, in the format's own precision, starting from its base
//! margin: the order does not depend on the batch, so neither do the bits.

mod build;
mod linear;
mod sets;
mod slots;
mod walk;

pub use build::Error as ShapeError;
pub(crate) use build::{Builder, SourceNode, Test};
pub(crate) use linear::LinearLeaf;
pub(crate) use slots::{Missing, Reading, ZERO_THRESHOLD};

use crate::FeatureMatrix;
use crate::scalar::Scalar;
use linear::LinearLeaves;
use slots::Slot;

/// Rows that share one pass over a tree: their keys stay in the first-level cache.
const BLOCK_ROWS: usize = 64;
/// Walks that overlap.
const LANES: usize = 8;
/// Below so many rows, trees side by side are faster than rows side by side.
const FEW_ROWS: usize = 4;

/// A split or a leaf. Both children of a split are neighbours; a leaf is its own child, and no key
/// is above its threshold.
#[derive(Clone, Copy, Debug)]
struct Node<K> {
    /// A key above it goes right. In a categorical split: where the words of its set begin.
    threshold: K,
    /// Where the key of a group's first row stands; with [`CATEGORICAL`] above.
    slot: u32,
    /// Position of the left child; the right one follows.
    child: u32,
}

/// Marks a split by category in [`Node::slot`].
const CATEGORICAL: u32 = 1 << 31;

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
    /// Whether some split is by category.
    has_categories: bool,
}

/// A sum of decision trees.
#[derive(Debug)]
pub(crate) struct Forest<S: Scalar> {
    nodes: Vec<Node<S::Key>>,
    /// What a leaf adds: `leaf_width` values per node.
    values: Vec<S>,
    leaf_width: usize,
    /// The number of each node in its file, which is how the format names leaves.
    ids: Vec<u32>,
    trees: Vec<Tree>,
    slots: Vec<Slot>,
    /// The bits of all category sets.
    words: Vec<u32>,
    linear: LinearLeaves,
    /// Where each output's sum begins.
    base: Vec<S>,
}

/// Memory that predictions reuse.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch<S: Scalar> {
    keys: Vec<S::Key>,
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
        let outputs = self.outputs();
        let block = BLOCK_ROWS.min((margins.len() / outputs).next_multiple_of(LANES));
        scratch.keys.resize(self.group_keys() / LANES * block, S::Key::default());
        for (block, margins) in margins.chunks_mut(BLOCK_ROWS * outputs).enumerate() {
            let (first, rows) = (block * BLOCK_ROWS, margins.len() / outputs);
            scratch.sums.clear();
            // Whole groups of lanes: what rows that do not exist add up to is not read.
            for _ in 0..rows.next_multiple_of(LANES) {
                scratch.sums.extend_from_slice(&self.base);
            }
            if rows < FEW_ROWS || !self.linear.is_empty() {
                for (row, sums) in scratch.sums.chunks_exact_mut(outputs).take(rows).enumerate() {
                    self.add_one(features, first + row, &mut scratch.keys, sums);
                }
            } else {
                self.fill(features, first, rows, &mut scratch.keys);
                self.add_block(scratch);
            }
            for (margin, sum) in margins.iter_mut().zip(&scratch.sums) {
                *margin = sum.to_f64();
            }
        }
    }

    /// The leaf of each tree that a row reaches, by its number in the file.
    pub(crate) fn leaves(&self, row: &[f64]) -> Vec<u32> {
        let mut features = FeatureMatrix::new();
        features.reset(1, row.len());
        features.row_mut(0).copy_from_slice(row);
        let mut keys = vec![S::Key::default(); self.group_keys()];
        self.fill(&features, 0, 1, &mut keys);
        let view = self.view(&keys);
        self.trees.iter().map(|tree| self.ids[view.one(*tree) as usize]).collect()
    }

    fn add_one(&self, features: &FeatureMatrix, row: usize, keys: &mut [S::Key], sums: &mut [S]) {
        self.fill(features, row, 1, keys);
        let view = self.view(keys);
        if !self.linear.is_empty() {
            for tree in &self.trees {
                let leaf = view.one(*tree) as usize;
                let value = self.linear.value(leaf, features.row(row), self.values[leaf].to_f64());
                sums[tree.output as usize] += S::from_f64(value);
            }
            return;
        }
        let (groups, rest) = self.trees.as_chunks::<LANES>();
        for trees in groups {
            let leaves = view.trees(trees);
            trees.iter().zip(leaves).for_each(|(tree, leaf)| self.add(*tree, leaf, sums));
        }
        rest.iter().for_each(|tree| self.add(*tree, view.one(*tree), sums));
    }

    fn add_block(&self, scratch: &mut Scratch<S>) {
        let Scratch { keys, sums } = scratch;
        let outputs = self.outputs();
        for &tree in &self.trees {
            let groups = keys.chunks_exact(self.group_keys());
            for (sums, keys) in sums.chunks_exact_mut(LANES * outputs).zip(groups) {
                let leaves = self.view(keys).rows(tree);
                if outputs == 1 {
                    for (sum, leaf) in sums.iter_mut().zip(leaves) {
                        *sum += self.values[leaf as usize];
                    }
                } else {
                    for (sums, leaf) in sums.chunks_exact_mut(outputs).zip(leaves) {
                        self.add(tree, leaf, sums);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn add(&self, tree: Tree, leaf: u32, sums: &mut [S]) {
        let (leaf, output) = (leaf as usize, tree.output as usize);
        if self.leaf_width == 1 {
            sums[output] += self.values[leaf];
            return;
        }
        let values = &self.values[leaf * self.leaf_width..(leaf + 1) * self.leaf_width];
        sums[output..].iter_mut().zip(values).for_each(|(sum, value)| *sum += *value);
    }

    /// Keys of a group of rows. A model without splits has a place too, though nothing reads it: it
    /// has as many groups as any other.
    fn group_keys(&self) -> usize {
        self.slots.len().max(1) * LANES
    }

    /// The keys of some rows, in groups of [`LANES`]: in each, slot after slot. A group that is not
    /// full is filled up, unless there is just one row, which is walked alone: `keys` may come from
    /// another model, and a walk must not read what it left there.
    fn fill(&self, features: &FeatureMatrix, first: usize, rows: usize, keys: &mut [S::Key]) {
        let width = features.width();
        let values = &features.values()[first * width..(first + rows) * width];
        let groups = keys.chunks_exact_mut(self.group_keys());
        // No features, no values: of rows without width there are no chunks.
        for (values, keys) in values.chunks((width * LANES).max(1)).zip(groups) {
            let (lanes, _) = keys.as_chunks_mut::<LANES>();
            for (slot, keys) in self.slots.iter().zip(lanes.iter_mut()) {
                let values = values.iter().skip(slot.feature as usize).step_by(width);
                slot.fill::<S>(values, keys);
            }
            let found = values.len() / width;
            if found < LANES && rows > 1 {
                for keys in lanes {
                    let some = keys[0];
                    keys[found..].fill(some);
                }
            }
        }
    }

    fn view<'a>(&'a self, keys: &'a [S::Key]) -> walk::View<'a, S::Key> {
        walk::View { nodes: &self.nodes, words: &self.words, keys }
    }
}
