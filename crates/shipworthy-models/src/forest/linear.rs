//! Leaves that hold a linear function of the row instead of a number (LightGBM's `linear_tree`).
//!
//! Source: Shi, Li, Li, "Gradient Boosting With Piece-Wise Linear Regression Trees" (IJCAI 2019);
//! LightGBM `Tree::Predict`: a row with a missing value among the leaf's features gets the leaf's
//! plain value.

use super::ShapeError as Error;

/// What a linear leaf adds to its plain value, as a file has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinearLeaf<'a> {
    pub(crate) constant: f64,
    /// Feature and coefficient.
    pub(crate) terms: &'a [(i64, f64)],
}

/// The linear functions of all leaves; empty while no leaf has one.
#[derive(Debug, Default)]
pub(super) struct LinearLeaves {
    terms: Vec<(u32, f64)>,
    /// Per leaf: its constant, and where its terms begin and end.
    leaves: Vec<Option<(f64, u32, u32)>>,
}

impl LinearLeaves {
    pub(super) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Gives a function to the leaf at node `at`; `node` names it in errors.
    pub(super) fn push(
        &mut self,
        at: usize,
        node: usize,
        leaf: LinearLeaf<'_>,
        features: usize,
    ) -> Result<(), Error> {
        let start = self.terms.len() as u32;
        for &(feature, coefficient) in leaf.terms {
            let known = u32::try_from(feature).ok().filter(|&f| (f as usize) < features);
            let known = known.ok_or(Error::FeatureOutOfRange { node, feature, features })?;
            self.terms.push((known, coefficient));
        }
        self.leaves.resize(at + 1, None);
        self.leaves[at] = Some((leaf.constant, start, self.terms.len() as u32));
        Ok(())
    }

    /// The same, for leaves in another order: `leaf_of_node` has the new number of each.
    pub(super) fn renumbered(self, leaf_of_node: &[u32], leaves: usize) -> Self {
        let Self { terms, leaves: known } = self;
        let mut renumbered = vec![None; if known.is_empty() { 0 } else { leaves }];
        for (leaf, &number) in known.into_iter().zip(leaf_of_node) {
            if leaf.is_some() {
                renumbered[number as usize] = leaf;
            }
        }
        Self { terms, leaves: renumbered }
    }

    /// The value of a leaf for a row; `plain` where it has no function or the row lacks a value.
    pub(super) fn value(&self, leaf: usize, row: &[f64], plain: f64) -> f64 {
        let Some((constant, start, end)) = self.leaves.get(leaf).copied().flatten() else {
            return plain;
        };
        let terms = &self.terms[start as usize..end as usize];
        let mut value = constant;
        for &(feature, coefficient) in terms {
            let number = row[feature as usize];
            if number.is_nan() {
                return plain;
            }
            value += coefficient * number;
        }
        value
    }
}
