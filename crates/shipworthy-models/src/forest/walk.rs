//! The walk itself: the hottest loop of the product.
//!
//! Bounds are not checked here, which is worth a third of the time; the checks are the builder's.

#![allow(unsafe_code, reason = "two unchecked reads, whose bounds the builder has checked")]

use super::sets::CategorySets;
use super::{BLOCK_SHIFT, CATEGORICAL, LANES, Node, Tree};
use crate::scalar::Key;

/// What a walk reads. `keys` has an entry for every slot that `nodes` name, or
/// [`BLOCK_ROWS`](super::BLOCK_ROWS) entries each.
pub(super) struct View<'a, K> {
    pub(super) nodes: &'a [Node<K>],
    pub(super) sets: &'a CategorySets,
    pub(super) keys: &'a [K],
}

impl<K: Key> View<'_, K> {
    /// The leaf of one row in one tree; `keys` of one row.
    pub(super) fn one(&self, tree: Tree) -> u32 {
        let mut at = tree.root;
        for _ in 0..tree.depth {
            at = self.mixed_step::<0>(at, 0);
        }
        at
    }

    /// The leaves of one row in several trees; `keys` of one row.
    pub(super) fn trees(&self, trees: &[Tree; LANES]) -> [u32; LANES] {
        if trees.iter().any(|tree| tree.has_categories) {
            return trees.map(|tree| self.one(tree));
        }
        let mut at = trees.map(|tree| tree.root);
        let depth = trees.iter().map(|tree| tree.depth).max().unwrap_or(0);
        for _ in 0..depth {
            at = at.map(|at| self.step::<0>(at, 0));
        }
        at
    }

    /// The leaves of several rows, from `first` on, in one tree; `keys` of a block.
    pub(super) fn rows(&self, tree: Tree, first: usize) -> [u32; LANES] {
        let mut at = [tree.root; LANES];
        if tree.has_categories {
            for _ in 0..tree.depth {
                for (lane, at) in at.iter_mut().enumerate() {
                    *at = self.mixed_step::<BLOCK_SHIFT>(*at, first + lane);
                }
            }
            return at;
        }
        for _ in 0..tree.depth {
            for (lane, at) in at.iter_mut().enumerate() {
                *at = self.step::<BLOCK_SHIFT>(*at, first + lane);
            }
        }
        at
    }

    #[inline(always)]
    fn step<const SHIFT: u32>(&self, at: u32, lane: usize) -> u32 {
        debug_assert!((at as usize) < self.nodes.len());
        // SAFETY: `at` is a root or the child of a node; the builder lets no such position be
        // outside `nodes`.
        let node = unsafe { self.nodes.get_unchecked(at as usize) };
        let key = ((node.slot as usize) << SHIFT) + lane;
        debug_assert!(key < self.keys.len());
        // SAFETY: the builder gives nodes only slots that exist, the forest fills `keys` for all
        // of them, `1 << SHIFT` entries each, and `lane` is below `1 << SHIFT`.
        let key = unsafe { *self.keys.get_unchecked(key) };
        node.child + u32::from(key > node.threshold)
    }

    /// A step in a tree that may split by category.
    fn mixed_step<const SHIFT: u32>(&self, at: u32, lane: usize) -> u32 {
        let node = &self.nodes[at as usize];
        if node.slot & CATEGORICAL == 0 {
            return self.step::<SHIFT>(at, lane);
        }
        let slot = (node.slot & !CATEGORICAL) as usize;
        let code = self.keys[(slot << SHIFT) + lane].to_code();
        node.child + u32::from(self.sets.contains(node.threshold.to_code(), code))
    }
}
