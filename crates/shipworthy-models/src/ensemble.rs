//! The tree runtime: flat nodes, walked 64 rows at a time.
//!
//! **Invariant:** every child index points into the same tree and further on, every feature is
//! inside the matrix, every category set exists. The builder checks it, so the walk always ends.
//!
//! A row's leaves are added in tree order, in f32, starting from its base margin: the order does
//! not depend on the batch, so neither do the bits.

mod build;

pub use build::Error as ShapeError;
pub(crate) use build::{Builder, SourceNode, Split};

use crate::{Description, Error, FeatureMatrix, Model, Predictions};

/// Rows that share one pass over a tree: their features and the tree's upper levels stay in the
/// first-level cache (64 rows × 64 features × 4 bytes = 16 KiB).
const BLOCK_ROWS: usize = 64;

/// The first category code XGBoost cannot tell apart as f32 (`OutOfRangeCat`).
const CATEGORY_LIMIT: f32 = 16_777_216.0;

const LEAF: u32 = 1 << 31;
const DEFAULT_LEFT: u32 = 1 << 30;
const CATEGORICAL: u32 = 1 << 29;
const FEATURE: u32 = CATEGORICAL - 1;

/// Sixteen bytes, four to a cache line; both children of a split are neighbours.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Bits of the leaf value or of the threshold, or the index of a category set.
    payload: u32,
    /// Flags above, feature below.
    feature: u32,
    /// Position of the left child; the right one follows.
    child: u32,
    /// The node's number in its file, which is how the format names leaves.
    id: u32,
}

#[derive(Clone, Copy, Debug)]
struct Tree {
    root: u32,
    output: u32,
}

/// Sets of category codes as bits, one after another.
#[derive(Debug, Default)]
struct CategorySets {
    words: Vec<u32>,
    /// Where each set's words begin and end.
    ranges: Vec<(u32, u32)>,
}

impl CategorySets {
    /// Whether a code is in a set. As in XGBoost a negative or too large code is in none, and a
    /// fraction is cut off.
    fn contains(&self, set: u32, code: f32) -> bool {
        if !(0.0..CATEGORY_LIMIT).contains(&code) {
            return false;
        }
        #[allow(clippy::cast_sign_loss, reason = "checked above")]
        let code = code as u32;
        let (start, end) = self.ranges[set as usize];
        let words = &self.words[start as usize..end as usize];
        words.get((code / 32) as usize).is_some_and(|word| word >> (code % 32) & 1 == 1)
    }
}

/// A sum of decision trees with a transform on top: gradient boosting in any of its forms.
#[derive(Debug)]
pub struct TreeEnsemble {
    description: Description,
    nodes: Vec<Node>,
    trees: Vec<Tree>,
    sets: CategorySets,
    /// Where each output's sum begins, on the margin scale.
    base_margins: Vec<f32>,
}

impl TreeEnsemble {
    /// The leaf that a row (`features().len()` values) reaches in each tree used, by its number in
    /// the file. For explanations and comparisons.
    ///
    /// # Errors
    /// When the row has another number of values than the model has features.
    pub fn leaves(&self, row: &[f32]) -> Result<Vec<u32>, Error> {
        self.check_width(row.len())?;
        Ok(self.trees.iter().map(|tree| self.leaf(*tree, row).id).collect())
    }

    /// Margins before the first tree, one per output.
    #[must_use]
    pub fn base_margins(&self) -> &[f32] {
        &self.base_margins
    }

    fn check_width(&self, found: usize) -> Result<(), Error> {
        let expected = self.description.features.len();
        if found == expected { Ok(()) } else { Err(Error::FeatureCount { expected, found }) }
    }

    /// Adds every tree to the margins of one block of rows.
    fn add_trees(&self, features: &FeatureMatrix, first_row: usize, margins: &mut [f32]) {
        let outputs = self.base_margins.len();
        for tree in &self.trees {
            for (row, margins) in margins.chunks_exact_mut(outputs).enumerate() {
                let leaf = self.leaf(*tree, features.row(first_row + row));
                margins[tree.output as usize] += f32::from_bits(leaf.payload);
            }
        }
    }

    fn leaf(&self, tree: Tree, row: &[f32]) -> Node {
        let mut node = self.nodes[tree.root as usize];
        while node.feature & LEAF == 0 {
            let value = row[(node.feature & FEATURE) as usize];
            let right = if value.is_nan() {
                node.feature & DEFAULT_LEFT == 0
            } else if node.feature & CATEGORICAL == 0 {
                value >= f32::from_bits(node.payload)
            } else {
                self.sets.contains(node.payload, value)
            };
            node = self.nodes[(node.child + u32::from(right)) as usize];
        }
        node
    }
}

impl Model for TreeEnsemble {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn predict(&self, features: &FeatureMatrix, out: &mut Predictions) -> Result<(), Error> {
        self.check_width(features.width())?;
        let (outputs, transform) = (self.base_margins.len(), self.description.transform);
        out.reset(features.rows(), outputs, transform.prediction_width(outputs));
        for margins in out.margins_mut().chunks_exact_mut(outputs) {
            margins.copy_from_slice(&self.base_margins);
        }
        for (block, margins) in out.margins_mut().chunks_mut(BLOCK_ROWS * outputs).enumerate() {
            self.add_trees(features, block * BLOCK_ROWS, margins);
        }
        let (margins, predictions) = out.transform_mut();
        transform.apply(outputs, margins, predictions);
        Ok(())
    }
}
