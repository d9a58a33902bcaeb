//! One row in up to 64 trees at once: what [`super::flat`] does, with trees side by side instead of
//! rows.
//!
//! The row's bins are looked up in registers, so a step asks one split of each tree with five
//! instructions.

use super::Tree;
use super::flat::{MAX_LEAVES, Split};
use crate::bins::Test;
use crate::simd::Simd;

/// Trees side by side.
pub(crate) const LANES: usize = 64;
/// Most slots: their numbers are bytes.
const MAX_SLOTS: usize = 256;

/// One split of each tree; trees that have no more of them ask what no bin is above.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Step {
    pub(crate) slots: [u8; LANES],
    pub(crate) bounds: [u8; LANES],
    /// The first leaf of the split's subtree.
    pub(crate) first_leaves: [u8; LANES],
    /// The bits of the bin that count; all, but where trees have categories.
    pub(crate) masks: [u8; LANES],
}

/// Up to [`LANES`] consecutive trees.
#[derive(Debug)]
pub(super) struct LaneGroup {
    pub(super) steps: Vec<Step>,
    pub(super) has_categories: bool,
}

/// The trees of a forest side by side, each with its splits; `None` where the processor or the
/// forest does not lend itself to it.
pub(super) fn lay_out(
    simd: Simd,
    slots: usize,
    trees: &[(&Tree, &[Split])],
) -> Option<Vec<LaneGroup>> {
    let fits = trees.iter().all(|(_, splits)| splits.len() < MAX_LEAVES);
    if !simd.has_byte_lookup() || slots > MAX_SLOTS || !fits {
        return None;
    }
    let walked: usize = trees.iter().map(|(tree, _)| tree.depth as usize).sum();
    let asked: usize = trees.chunks(LANES).map(steps).sum();
    // A few large trees are better walked. A step here takes a third longer; measured.
    (asked * 4 <= walked * 3).then(|| trees.chunks(LANES).map(LaneGroup::new).collect())
}

/// Splits of the largest tree of a group.
fn steps(trees: &[(&Tree, &[Split])]) -> usize {
    trees.iter().map(|(_, splits)| splits.len()).max().unwrap_or(0)
}

impl LaneGroup {
    fn new(trees: &[(&Tree, &[Split])]) -> Self {
        let mut all = vec![Step::IDLE; steps(trees)];
        for (lane, (_, splits)) in trees.iter().enumerate() {
            for (step, split) in all.iter_mut().zip(*splits) {
                let Test { slot, bound, mask } = split.test;
                step.slots[lane] = slot as u8;
                step.bounds[lane] = bound;
                step.masks[lane] = mask;
                step.first_leaves[lane] = split.first_leaf;
            }
        }
        Self { steps: all, has_categories: trees.iter().any(|(tree, _)| tree.has_categories) }
    }
}

impl Step {
    /// Asks what no bin is above.
    const IDLE: Self = Self {
        slots: [0; LANES],
        bounds: [u8::MAX; LANES],
        first_leaves: [0; LANES],
        masks: [u8::MAX; LANES],
    };
}
