//! Which class was predicted as which.

use crate::Error;
use crate::input::{check_classes, check_paired};
use crate::sum::sum;

/// Largest number of classes of a [`ConfusionTable`]: a million counters, eight megabytes.
pub const MAX_TABLE_CLASSES: usize = 1_000;

/// How many rows of each class were predicted as which.
///
/// Means over classes follow scikit-learn: they are over the classes that occur among labels or
/// predictions, and a class that is never predicted, or never right, counts 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionTable {
    classes: usize,
    /// Row-major: rows by label, columns by prediction.
    counts: Vec<u64>,
}

impl ConfusionTable {
    /// Counts the rows. Allocates `classes`² counters.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::TooFewClasses`],
    /// [`Error::TooManyClasses`], [`Error::ClassOutOfRange`].
    pub fn of(labels: &[usize], predictions: &[usize], classes: usize) -> Result<Self, Error> {
        check_paired(labels.len(), predictions.len())?;
        check_classes("labels", labels, classes)?;
        check_classes("predictions", predictions, classes)?;
        if classes > MAX_TABLE_CLASSES {
            return Err(Error::TooManyClasses { classes, max: MAX_TABLE_CLASSES });
        }
        let mut counts = vec![0; classes * classes];
        for (&label, &predicted) in labels.iter().zip(predictions) {
            counts[label * classes + predicted] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// The counts by label: row i holds how the rows of class i were predicted.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks_exact(self.classes)
    }

    /// Unweighted mean of the precision of each class, in [0, 1]. Source: scikit-learn's
    /// `precision_score(average="macro", zero_division=0)`.
    #[must_use]
    pub fn macro_precision(&self) -> f64 {
        self.mean_over_present(|class| share(class.right, class.predicted))
    }

    /// Unweighted mean of the recall of each class, in [0, 1]. Source: scikit-learn's
    /// `recall_score(average="macro", zero_division=0)`.
    #[must_use]
    pub fn macro_recall(&self) -> f64 {
        self.mean_over_present(|class| share(class.right, class.labelled))
    }

    /// Unweighted mean of the F1 of each class, in [0, 1]: see [`macro_f1`](super::macro_f1).
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        self.mean_over_present(Class::f1)
    }

    /// Mean of the F1 of each class, weighted by the rows of that class, in [0, 1]. Source:
    /// scikit-learn's `f1_score(average="weighted")`.
    #[must_use]
    pub fn weighted_f1(&self) -> f64 {
        let weighted = self.tallies().map(|class| class.labelled as f64 * class.f1());
        sum(weighted) / self.total() as f64
    }

    /// Share of rows whose predicted class is the label, in [0, 1]: with one label a row it is also
    /// the F1, precision and recall that count all classes together (`average="micro"`).
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        share(self.tallies().map(|class| class.right).sum(), self.total())
    }

    /// Agreement of ordered classes beyond chance, a miss by d classes weighing d², at most 1; 0 is a
    /// blind guess.
    ///
    /// Source: Cohen 1968; scikit-learn's `cohen_kappa_score(weights="quadratic")`.
    ///
    /// # Errors
    /// [`Error::NoVariation`] when all labels and all predictions are one and the same class.
    pub fn quadratic_kappa(&self) -> Result<f64, Error> {
        let classes: Vec<Class> = self.tallies().collect();
        let rows = self.total() as f64;
        let cells = |count: &dyn Fn(usize, usize) -> f64| {
            let at = (0..self.classes).flat_map(|i| (0..self.classes).map(move |j| (i, j)));
            sum(at.map(|(i, j)| (i.abs_diff(j) as f64).powi(2) * count(i, j)))
        };
        let observed = cells(&|i, j| self.counts[i * self.classes + j] as f64);
        let by_chance =
            cells(&|i, j| classes[i].labelled as f64 / rows * classes[j].predicted as f64);
        if by_chance == 0.0 {
            return Err(Error::NoVariation { what: "label and the prediction" });
        }
        Ok(1.0 - observed / by_chance)
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn mean_over_present(&self, metric: impl Fn(&Class) -> f64) -> f64 {
        let present: Vec<Class> =
            self.tallies().filter(|class| class.labelled + class.predicted > 0).collect();
        sum(present.iter().map(metric)) / present.len() as f64
    }

    fn tallies(&self) -> impl Iterator<Item = Class> {
        (0..self.classes).map(|class| {
            let row = class * self.classes;
            Class {
                labelled: self.counts[row..row + self.classes].iter().sum(),
                predicted: self.counts.iter().skip(class).step_by(self.classes).sum(),
                right: self.counts[row + class],
            }
        })
    }
}

struct Class {
    labelled: u64,
    predicted: u64,
    right: u64,
}

impl Class {
    /// 2 TP / (2 TP + FP + FN), whose denominator is the labelled plus the predicted rows.
    fn f1(&self) -> f64 {
        share(2 * self.right, self.labelled + self.predicted)
    }
}

/// A share of nothing is 0, as the means over classes have it.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(labels: &[usize], predictions: &[usize], classes: usize) -> ConfusionTable {
        ConfusionTable::of(labels, predictions, classes).expect("a valid input")
    }

    #[test]
    fn rows_are_labels_and_columns_predictions() {
        let table = table(&[0, 0, 1, 2], &[0, 1, 1, 0], 3);
        let rows: Vec<&[u64]> = table.rows().collect();
        assert_eq!(rows, [&[1, 1, 0][..], &[0, 1, 0], &[1, 0, 0]]);
        assert_eq!(table.accuracy(), 0.5);
        assert_eq!(table.macro_recall(), 0.5);
        assert_eq!(table.macro_precision(), 1.0 / 3.0);
    }

    #[test]
    fn a_far_miss_weighs_more() {
        let near = table(&[0, 1, 2], &[0, 2, 2], 3).quadratic_kappa().expect("it varies");
        let far = table(&[0, 1, 2], &[2, 1, 2], 3).quadratic_kappa().expect("it varies");
        assert!(far < near && near < 1.0);
        assert_eq!(table(&[0, 1, 2], &[0, 1, 2], 3).quadratic_kappa(), Ok(1.0));
        let error = Error::NoVariation { what: "label and the prediction" };
        assert_eq!(table(&[1, 1], &[1, 1], 3).quadratic_kappa(), Err(error));
    }

    #[test]
    fn too_many_classes_are_refused() {
        let error = Error::TooManyClasses { classes: usize::MAX, max: MAX_TABLE_CLASSES };
        assert_eq!(ConfusionTable::of(&[0], &[0], usize::MAX), Err(error));
    }
}
