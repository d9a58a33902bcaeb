//! The walk itself: the hottest loop of the product.
//!
//! Eight walks overlap, in one tree or in several. A step has no branch: a leaf leads to itself,
//! and a split by category is a test of a bit instead of a comparison, chosen by arithmetic.
//! Bounds are not checked here, which is worth a third of the time; the checks are the builder's.

#![allow(unsafe_code, reason = "unchecked reads, whose bounds the builder has checked")]

use super::{CATEGORICAL, LANES, Node, Tree};
use crate::scalar::Key;

/// What a walk reads.
///
/// **Invariant**, kept by the builder and the forest: roots and children are positions in `nodes`;
/// a slot and a lane added are a position in `keys`; and the bit of a categorical split that a key
/// of its slot names lies in `words`.
pub(super) struct View<'a, K> {
    pub(super) nodes: &'a [Node<K>],
    pub(super) words: &'a [u32],
    /// Of one group of rows: [`LANES`] per slot.
    pub(super) keys: &'a [K],
}

impl<K: Key> View<'_, K> {
    /// The leaf of the group's first row in one tree.
    pub(super) fn one(&self, tree: Tree) -> u32 {
        let mut at = tree.root;
        for _ in 0..tree.depth {
            at = self.mixed_step(at, 0);
        }
        at
    }

    /// The leaves of the group's first row in several trees.
    #[inline(never)]
    pub(super) fn trees(&self, trees: &[Tree; LANES]) -> [u32; LANES] {
        let (mut depth, mut sure, mut has_categories) = (0, 0, false);
        for tree in trees {
            depth = depth.max(tree.depth);
            sure = sure.max(tree.sure);
            has_categories |= tree.has_categories;
        }
        let roots = trees.map(|tree| tree.root);
        if has_categories {
            self.walk::<true, 0>(roots, sure, depth)
        } else {
            self.walk::<false, 0>(roots, sure, depth)
        }
    }

    /// The leaves of the group's rows in one tree.
    #[inline(never)]
    pub(super) fn rows(&self, tree: Tree) -> [u32; LANES] {
        let roots = [tree.root; LANES];
        if tree.has_categories {
            self.walk::<true, 1>(roots, tree.sure, tree.depth)
        } else {
            self.walk::<false, 1>(roots, tree.sure, tree.depth)
        }
    }

    /// Walks all lanes down, `sure` steps before it looks whether any has still moved; lane `k`
    /// reads row `k × STRIDE` of the group.
    #[inline(always)]
    fn walk<const MIXED: bool, const STRIDE: usize>(
        &self,
        mut at: [u32; LANES],
        sure: u32,
        depth: u32,
    ) -> [u32; LANES] {
        for _ in 0..sure {
            for (lane, at) in at.iter_mut().enumerate() {
                *at = self.any_step::<MIXED>(*at, lane * STRIDE);
            }
        }
        for _ in sure..depth {
            let mut moved = 0;
            for (lane, at) in at.iter_mut().enumerate() {
                let next = self.any_step::<MIXED>(*at, lane * STRIDE);
                moved |= next ^ *at;
                *at = next;
            }
            if moved == 0 {
                break;
            }
        }
        at
    }

    #[inline(always)]
    fn any_step<const MIXED: bool>(&self, at: u32, lane: usize) -> u32 {
        if MIXED { self.mixed_step(at, lane) } else { self.step(at, lane) }
    }

    /// A step in a tree that splits by number only.
    #[inline(always)]
    fn step(&self, at: u32, lane: usize) -> u32 {
        let node = self.node(at);
        let key = self.key(node.slot as usize + lane);
        node.child + u32::from(key > node.threshold)
    }

    /// A step in a tree that may split by category.
    #[inline(always)]
    fn mixed_step(&self, at: u32, lane: usize) -> u32 {
        let node = self.node(at);
        let key = self.key((node.slot & !CATEGORICAL) as usize + lane);
        let is_above = u32::from(key > node.threshold);
        let is_category = node.slot >> 31;
        // A split by number reads the first word, whatever that is.
        let code = key.to_code().cast_unsigned() & is_category.wrapping_neg();
        let set = node.threshold.to_code().cast_unsigned() & is_category.wrapping_neg();
        let is_in_set = self.word((set + code / 32) as usize) >> (code % 32) & is_category;
        node.child + (is_in_set | is_above & (is_category ^ 1))
    }

    #[inline(always)]
    fn node(&self, at: u32) -> &Node<K> {
        debug_assert!((at as usize) < self.nodes.len());
        // SAFETY: the invariant on roots and children.
        unsafe { self.nodes.get_unchecked(at as usize) }
    }

    #[inline(always)]
    fn key(&self, at: usize) -> K {
        debug_assert!(at < self.keys.len());
        // SAFETY: the invariant on slots; lanes are below `LANES`.
        unsafe { *self.keys.get_unchecked(at) }
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u32 {
        debug_assert!(at < self.words.len());
        // SAFETY: the invariant on bits; the first word always exists.
        unsafe { *self.words.get_unchecked(at) }
    }
}
