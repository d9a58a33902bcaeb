//! A whole tree at once, without walking it: every split is asked of every row.
//!
//! A tree's splits are in order, as its leaves are: split `k` has the first `k + 1` leaves on its
//! left. They are asked in this order, and each row keeps its *exit*, the leaf it would end in if
//! it went left at all splits to come. A split sends it on to the first leaf on its right when the
//! row goes right there and is in its subtree; that it is, the exit tells: it is not before the
//! subtree's first leaf, and cannot be beyond the split. Asking 64 rows takes four instructions
//! where vectors have 64 bytes, so all splits of a tree cost less than the few on a path, one by
//! one. The idea that a row can be sent past leaves split by split, in any order that is good for
//! the processor, is QuickScorer's: Lucchese et al., "QuickScorer: A Fast Algorithm to Rank
//! Documents with Additive Ensembles of Regression Trees" (SIGIR 2015).

use crate::bins::{GROUP_ROWS, GroupBins, Test};

/// Most leaves of a tree that is asked as a whole: an exit is a byte.
pub(super) const MAX_LEAVES: usize = 256;

/// A split of such a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub(crate) test: Test,
    /// The first leaf of its subtree.
    pub(crate) first_leaf: u8,
}

/// The exits of some groups of rows from a tree: numbers of its leaves. The groups' bins follow each
/// other, `slots` each.
#[inline(always)]
pub(crate) fn exits<const GROUPS: usize, const HAS_CATEGORIES: bool>(
    splits: &[Split],
    bins: &[GroupBins],
    slots: usize,
) -> [[u8; GROUP_ROWS]; GROUPS] {
    let mut exits = [[0; GROUP_ROWS]; GROUPS];
    let mut right = 0_u8;
    for split in splits {
        right = right.wrapping_add(1);
        for (group, exits) in exits.iter_mut().enumerate() {
            let bins = &bins[group * slots + split.test.slot as usize];
            for (exit, bin) in exits.iter_mut().zip(bins) {
                let bin = if HAS_CATEGORIES { *bin & split.test.mask } else { *bin };
                let is_sent = (bin > split.test.bound) & (*exit >= split.first_leaf);
                *exit = if is_sent { right } else { *exit };
            }
        }
    }
    exits
}
