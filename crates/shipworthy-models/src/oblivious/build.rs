//! From the splits of a file to slots and questions.

use std::collections::BTreeMap;

use super::bins::{Quantizer, SLOT_BORDERS, Slot};
use super::{ObliviousForest, Question, Tree};

/// `CatBoost`'s own limit; a tree has two to its power leaves.
const MAX_DEPTH: usize = 16;
/// Most leaf values: 1 GiB of them.
const MAX_VALUES: usize = 1 << 27;
/// Most questions: 512 MiB of them.
const MAX_QUESTIONS: usize = 1 << 26;

/// Why splits are not symmetric trees.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Deeper than `CatBoost` makes trees.
    #[error("it has {levels} levels, more than {MAX_DEPTH}")]
    TooDeep {
        /// Its levels.
        levels: usize,
    },
    /// Too few or too many leaf values.
    #[error("it has {found} leaf values instead of {expected}")]
    LeafValues {
        /// Two to the power of its depth, times the outputs.
        expected: usize,
        /// In the file.
        found: usize,
    },
    /// A number that cannot be compared or added.
    #[error("it has a value that is not finite")]
    NotFinite,
    /// More than a limit allows.
    #[error("more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// One level of a tree: is the feature above the border?
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceSplit {
    /// Below the number of features.
    pub(crate) feature: usize,
    /// Whether a missing value is above all borders, else below.
    pub(crate) missing_above: bool,
    pub(crate) border: f32,
}

/// Collects trees; slots are made when all borders are known.
#[derive(Debug)]
pub(crate) struct Builder {
    base: Vec<f64>,
    splits: Vec<SourceSplit>,
    trees: Vec<Tree>,
    values: Vec<f64>,
}

impl Builder {
    /// For sums that begin at `base`, one per output, at least one.
    pub(crate) const fn new(base: Vec<f64>) -> Self {
        Self { base, splits: Vec::new(), trees: Vec::new(), values: Vec::new() }
    }

    /// Adds a tree: bit `d` of a leaf's position is the answer to split `d`; `outputs` values per
    /// leaf.
    pub(crate) fn push_tree(
        &mut self,
        splits: &[SourceSplit],
        values: &[f64],
    ) -> Result<(), Error> {
        if splits.len() > MAX_DEPTH {
            return Err(Error::TooDeep { levels: splits.len() });
        }
        let (expected, found) = (self.base.len() << splits.len(), values.len());
        if found != expected {
            return Err(Error::LeafValues { expected, found });
        }
        let all_finite = splits.iter().all(|split| split.border.is_finite())
            && values.iter().all(|value| value.is_finite());
        if !all_finite {
            return Err(Error::NotFinite);
        }
        within("leaf values", self.values.len() + found, MAX_VALUES)?;
        within("splits", self.splits.len() + splits.len(), MAX_QUESTIONS)?;
        self.trees.push(Tree {
            questions: self.splits.len() as u32,
            depth: splits.len() as u32,
            values: self.values.len() as u32,
        });
        self.splits.extend_from_slice(splits);
        self.values.extend_from_slice(values);
        Ok(())
    }

    /// The finished forest.
    pub(crate) fn finish(self) -> ObliviousForest {
        let Self { base, splits, trees, values } = self;
        let mut borders: BTreeMap<(usize, bool), Vec<f32>> = BTreeMap::new();
        for split in &splits {
            borders.entry((split.feature, split.missing_above)).or_default().push(split.border);
        }
        let mut quantizer = Quantizer::default();
        let mut first_slots = BTreeMap::new();
        for (&(feature, missing_above), borders) in &mut borders {
            borders.sort_by(f32::total_cmp);
            borders.dedup();
            first_slots.insert((feature, missing_above), quantizer.slots.len());
            let chunks = borders.chunks(SLOT_BORDERS);
            let slots = chunks.map(|borders| Slot::new(feature, missing_above, borders));
            quantizer.slots.extend(slots);
        }
        let question = |split: &SourceSplit| {
            let key = (split.feature, split.missing_above);
            let at = borders[&key].partition_point(|border| *border < split.border);
            let slot = first_slots[&key] + at / SLOT_BORDERS;
            Question { slot: slot as u32, bound: (at % SLOT_BORDERS) as u8 }
        };
        let questions = splits.iter().map(question).collect();
        ObliviousForest { quantizer, questions, trees, values, base }
    }
}

fn within(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit { Ok(()) } else { Err(Error::TooLarge { what, limit }) }
}
