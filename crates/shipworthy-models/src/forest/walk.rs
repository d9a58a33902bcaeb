//! The walk from the root of a tree to a leaf, for trees that are not asked as a whole.
//!
//! Eight walks overlap, in one tree or in several. A step has no branch: a leaf leads to itself,
//! and a split by category reads its one bit as the topmost of a byte, so it is a comparison too.
//! Bounds are not checked here, which is worth a third of the time; the checks are the builder's.

#![allow(unsafe_code, reason = "unchecked reads, whose bounds the builder has checked")]

use super::Tree;
use crate::bins::Test;

/// Walks that overlap.
pub(super) const WALKS: usize = 8;
/// A step's child is below it; above are the bits by which the bin is shifted first.
const CHILD_BITS: u32 = 29;
/// A step's slot is below it: its number shares 32 bits with the bound.
pub(super) const MAX_SLOTS: usize = 1 << 24;

/// A split or a leaf. Both children of a split are neighbours; a leaf is its own child, and no bin
/// is above its bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// The slot, above a byte for the bound.
    test: u32,
    /// Position of the left child, the right one follows; above, by how much a bin is shifted.
    child: u32,
}

impl Node {
    pub(super) const fn leaf(at: u32) -> Self {
        Self { test: u8::MAX as u32, child: at }
    }

    pub(super) fn split(test: Test, child: u32) -> Self {
        let (bound, shift) = match test.mask {
            u8::MAX => (test.bound, 0),
            // The bit that counts becomes the topmost.
            mask => (i8::MAX as u8, mask.leading_zeros()),
        };
        Self { test: test.slot << 8 | u32::from(bound), child: shift << CHILD_BITS | child }
    }

    const fn bound(self) -> u8 {
        self.test as u8
    }
}

/// What a walk reads.
///
/// **Invariant**, kept by the builder and the forest: roots and children are positions in `nodes`;
/// `stride` times a slot, and a row below `stride` added, is a position in `bins`.
pub(super) struct View<'a> {
    pub(super) nodes: &'a [Node],
    pub(super) bins: &'a [u8],
    /// Bins of a slot: 1, or those of a group of rows.
    pub(super) stride: usize,
}

impl View<'_> {
    /// The node where the first row ends in one tree.
    pub(super) fn one(&self, tree: &Tree) -> u32 {
        let mut at = tree.root;
        for _ in 0..tree.depth {
            at = self.step::<true>(at, 0);
        }
        at
    }

    /// The same in several trees.
    #[inline(never)]
    pub(super) fn trees(&self, trees: &[Tree; WALKS]) -> [u32; WALKS] {
        let (mut depth, mut sure, mut has_categories) = (0, 0, false);
        for tree in trees {
            depth = depth.max(tree.depth);
            sure = sure.max(tree.sure);
            has_categories |= tree.has_categories;
        }
        let mut roots = [0; WALKS];
        roots.iter_mut().zip(trees).for_each(|(root, tree)| *root = tree.root);
        if has_categories {
            self.walk::<true>(roots, [0; WALKS], sure, depth)
        } else {
            self.walk::<false>(roots, [0; WALKS], sure, depth)
        }
    }

    /// The nodes where rows from `first` on end in one tree.
    #[inline(never)]
    pub(super) fn rows(&self, tree: &Tree, first: usize) -> [u32; WALKS] {
        let (roots, rows) = ([tree.root; WALKS], std::array::from_fn(|row| first + row));
        if tree.has_categories {
            self.walk::<true>(roots, rows, tree.sure, tree.depth)
        } else {
            self.walk::<false>(roots, rows, tree.sure, tree.depth)
        }
    }

    /// Walks all the way down, `sure` steps before it looks whether any walk has still moved.
    #[inline(always)]
    fn walk<const HAS_CATEGORIES: bool>(
        &self,
        mut at: [u32; WALKS],
        rows: [usize; WALKS],
        sure: u32,
        depth: u32,
    ) -> [u32; WALKS] {
        for _ in 0..sure {
            for (at, row) in at.iter_mut().zip(rows) {
                *at = self.step::<HAS_CATEGORIES>(*at, row);
            }
        }
        for _ in sure..depth {
            let mut moved = 0;
            for (at, row) in at.iter_mut().zip(rows) {
                let next = self.step::<HAS_CATEGORIES>(*at, row);
                moved |= next ^ *at;
                *at = next;
            }
            if moved == 0 {
                break;
            }
        }
        at
    }

    /// A step; in a tree that splits by number only, bins are not shifted.
    #[inline(always)]
    fn step<const HAS_CATEGORIES: bool>(&self, at: u32, row: usize) -> u32 {
        let node = self.node(at);
        let bin = self.bin((node.test >> 8) as usize * self.stride + row);
        if HAS_CATEGORIES {
            let shifted = bin << (node.child >> CHILD_BITS);
            let child = node.child & ((1 << CHILD_BITS) - 1);
            return child + u32::from(shifted > node.bound());
        }
        node.child + u32::from(bin > node.bound())
    }

    #[inline(always)]
    fn node(&self, at: u32) -> Node {
        debug_assert!((at as usize) < self.nodes.len());
        // SAFETY: the invariant on roots and children.
        unsafe { *self.nodes.get_unchecked(at as usize) }
    }

    #[inline(always)]
    fn bin(&self, at: usize) -> u8 {
        debug_assert!(at < self.bins.len());
        // SAFETY: the invariant on slots.
        unsafe { *self.bins.get_unchecked(at) }
    }
}
