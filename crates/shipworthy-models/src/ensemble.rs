//! Trees with everything around them: gradient boosting and random forests of any format.

use crate::forest::Forest;
use crate::oblivious::ObliviousForest;
use crate::scalar::Scalar;
use crate::{Description, Error, FeatureMatrix, Model, Predictions};

/// A sum of decision trees with a transform on top.
#[derive(Debug)]
pub struct TreeEnsemble {
    description: Description,
    trees: Trees,
    /// Multiplies a margin before it is transformed: one part in so many trees where predictions
    /// are averages, the steepness of a sigmoid.
    scale: f64,
}

/// Trees in the layout and the precision that their library computes in.
#[derive(Debug)]
pub(crate) enum Trees {
    /// XGBoost: f32 throughout.
    Single(Forest<f32>),
    /// LightGBM, and `CatBoost` where trees are not symmetric: f64 throughout.
    Double(Forest<f64>),
    /// `CatBoost`: all nodes of a level ask the same.
    Oblivious(ObliviousForest),
}

impl TreeEnsemble {
    pub(crate) const fn new(description: Description, trees: Trees, scale: f64) -> Self {
        Self { description, trees, scale }
    }

    /// The leaf that a row (`features().len()` values) reaches in each tree used, by its number in
    /// the file. For explanations and comparisons.
    ///
    /// # Errors
    /// When the row has another number of values than the model has features.
    pub fn leaves(&self, row: &[f64]) -> Result<Vec<u32>, Error> {
        self.check_width(row.len())?;
        Ok(match &self.trees {
            Trees::Single(forest) => forest.leaves(row),
            Trees::Double(forest) => forest.leaves(row),
            Trees::Oblivious(forest) => forest.leaves(row),
        })
    }

    /// Margins before the first tree, one per output.
    #[must_use]
    pub fn base_margins(&self) -> Vec<f64> {
        match &self.trees {
            Trees::Single(forest) => forest.base().iter().map(|margin| margin.to_f64()).collect(),
            Trees::Double(forest) => forest.base().to_vec(),
            Trees::Oblivious(forest) => forest.base().to_vec(),
        }
    }

    fn check_width(&self, found: usize) -> Result<(), Error> {
        let expected = self.description.features.len();
        if found == expected { Ok(()) } else { Err(Error::FeatureCount { expected, found }) }
    }
}

impl Model for TreeEnsemble {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn predict(&self, features: &FeatureMatrix, out: &mut Predictions) -> Result<(), Error> {
        self.check_width(features.width())?;
        let (outputs, transform) = (self.description.outputs, self.description.transform);
        out.reset(features.rows(), outputs, transform.prediction_width(outputs));
        let (margins, scratch) = out.sums_mut();
        match &self.trees {
            Trees::Single(forest) => forest.sum(features, &mut scratch.single, margins),
            Trees::Double(forest) => forest.sum(features, &mut scratch.double, margins),
            Trees::Oblivious(forest) => forest.sum(features, &mut scratch.bins, margins),
        }
        let (margins, predictions) = out.transform_mut();
        match &self.trees {
            Trees::Single(_) => transform.apply::<f32>(self.scale, outputs, margins, predictions),
            _ => transform.apply::<f64>(self.scale, outputs, margins, predictions),
        }
        Ok(())
    }
}
