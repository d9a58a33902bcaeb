//! One row in up to 64 symmetric trees at once, where the processor looks bytes up in registers.

use super::{BYTE, ObliviousForest, Question};

/// Trees side by side.
pub(super) const LANES: usize = 64;
/// Most slots: their numbers are bytes.
const MAX_SLOTS: usize = 256;

/// The question of one level in each tree; trees that have no more of them ask what no bin is
/// above.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Level {
    pub(crate) slots: [u8; LANES],
    pub(crate) bounds: [u8; LANES],
}

impl ObliviousForest {
    /// The trees side by side; `None` where the processor or they do not lend themselves to it.
    pub(super) fn lay_out_lanes(&self) -> Option<Vec<Vec<Level>>> {
        let fits = self.trees.iter().all(|tree| tree.depth as usize <= BYTE);
        if !self.simd.has_byte_lookup() || self.quantizer.slots() > MAX_SLOTS || !fits {
            return None;
        }
        let questions = self.trees.iter().map(|tree| self.questions(*tree)).collect::<Vec<_>>();
        Some(questions.chunks(LANES).map(levels).collect())
    }
}

fn levels(trees: &[&[Question]]) -> Vec<Level> {
    let depth = trees.iter().map(|questions| questions.len()).max().unwrap_or(0);
    let mut levels = vec![Level { slots: [0; LANES], bounds: [u8::MAX; LANES] }; depth];
    for (lane, questions) in trees.iter().enumerate() {
        for (level, question) in levels.iter_mut().zip(*questions) {
            level.slots[lane] = question.slot as u8;
            level.bounds[lane] = question.bound;
        }
    }
    levels
}
