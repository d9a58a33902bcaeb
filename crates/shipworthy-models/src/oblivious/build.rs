//! From the splits of a file to slots and questions.

use super::{BYTE, ObliviousForest, Question, SHORT, Tree};
use crate::bins::{self, Missing, Reading, Test};
use crate::scalar::Scalar;
use crate::simd::Simd;

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
        self.finish_for(Simd::detect())
    }

    /// The finished forest, for what a processor has.
    pub(super) fn finish_for(self, simd: Simd) -> ObliviousForest {
        let Self { base, splits, trees, mut values } = self;
        values.resize(values.len() + SHORT, 0.0);
        let has_short_leaves =
            base.len() == 1 && trees.iter().all(|tree| tree.depth as usize <= BYTE);
        let mut bins = bins::Builder::<f32>::new();
        let mut columns = Vec::with_capacity(splits.len());
        for split in &splits {
            let missing = if split.missing_above { Missing::Right } else { Missing::Left };
            let column = bins.column(split.feature as u32, Reading::Number(missing));
            bins.add_threshold(column, split.border.key());
            columns.push(column as usize);
        }
        let (quantizer, places) = bins.finish(Vec::new());
        let question = |(split, column): (&SourceSplit, usize)| {
            let Test { slot, bound, .. } = places[column].above(split.border.key());
            Question { slot, bound }
        };
        let questions = splits.iter().zip(columns).map(question).collect();
        let mut forest = ObliviousForest {
            simd,
            quantizer,
            lanes: None,
            questions,
            trees,
            values,
            has_short_leaves,
            base,
        };
        forest.lanes = forest.lay_out_lanes();
        forest
    }
}

fn within(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit { Ok(()) } else { Err(Error::TooLarge { what, limit }) }
}
