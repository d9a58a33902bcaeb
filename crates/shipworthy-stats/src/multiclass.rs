//! Point metrics of a classifier with two or more classes.
//!
//! Classes are numbers from 0 to `classes` − 1. `probabilities` is row-major: `probabilities[i *
//! classes + c]` is the probability of class c in row i. Its rows must sum to one within
//! [`ROW_SUM_TOLERANCE`].

mod ranking;
mod table;

pub use ranking::{roc_auc_ovo_macro, roc_auc_ovr_macro, top_k_accuracy};
pub use table::{ConfusionTable, MAX_TABLE_CLASSES};

use crate::Error;
use crate::classification::LOG_LOSS_CLIP;
use crate::input::{check_classes, check_paired, check_probabilities};
use crate::sum::sum;

/// How far the probabilities of a row may sum from 1.
///
/// A softmax of 1,000 classes in 32-bit floats is off by at most about 6e-5; a row of margins or of
/// votes by far more.
pub const ROW_SUM_TOLERANCE: f64 = 1e-4;

/// Mean negative log of the probability that the model gave to the label, in nats.
///
/// Source: scikit-learn's `log_loss`, which clips the probability to [[`LOG_LOSS_CLIP`], 1 −
/// [`LOG_LOSS_CLIP`]] and does not rescale the row.
///
/// `probabilities` has `labels.len() × classes` values in [0, 1]. The result is in (0, 36.05];
/// smaller is better.
///
/// # Errors
/// [`Error::Empty`], [`Error::ShapeDiffers`], [`Error::TooFewClasses`], [`Error::ClassOutOfRange`],
/// [`Error::NotFinite`], [`Error::ScoreOutOfRange`], [`Error::RowSum`].
pub fn log_loss(labels: &[usize], probabilities: &[f64], classes: usize) -> Result<f64, Error> {
    check_classes("labels", labels, classes)?;
    check_matrix(labels.len(), probabilities, classes)?;
    let losses = labels
        .iter()
        .zip(probabilities.chunks_exact(classes))
        .map(|(&label, row)| -row[label].clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP).ln());
    Ok(sum(losses) / labels.len() as f64)
}

/// The most probable class of every row; of equals, the lowest.
///
/// Source: the rule of `numpy.argmax`, hence of scikit-learn's `predict`. Allocates one number a
/// row.
///
/// # Errors
/// [`Error::Empty`], [`Error::ShapeDiffers`] when there is a partial row, [`Error::TooFewClasses`],
/// [`Error::NotFinite`], [`Error::ScoreOutOfRange`], [`Error::RowSum`].
pub fn most_probable(probabilities: &[f64], classes: usize) -> Result<Vec<usize>, Error> {
    check_classes("predictions", &[], classes)?;
    check_matrix(probabilities.len() / classes, probabilities, classes)?;
    Ok(probabilities.chunks_exact(classes).map(first_largest).collect())
}

/// Share of rows whose predicted class is the label, in [0, 1].
///
/// Source: scikit-learn's `accuracy_score`.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`].
pub fn accuracy(labels: &[usize], predictions: &[usize]) -> Result<f64, Error> {
    check_paired(labels.len(), predictions.len())?;
    let right =
        labels.iter().zip(predictions).filter(|(label, predicted)| label == predicted).count();
    Ok(right as f64 / labels.len() as f64)
}

/// Unweighted mean of the F1 of each class against the rest, in [0, 1].
///
/// Source: scikit-learn's `f1_score(average="macro")`: the mean is over the classes that occur
/// among labels or predictions, and a class that is never predicted, or never right, counts 0.
///
/// Allocates three counters per class.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::TooFewClasses`],
/// [`Error::ClassOutOfRange`].
pub fn macro_f1(labels: &[usize], predictions: &[usize], classes: usize) -> Result<f64, Error> {
    check_paired(labels.len(), predictions.len())?;
    check_classes("labels", labels, classes)?;
    check_classes("predictions", predictions, classes)?;
    let mut tallies = vec![ClassTally::default(); classes];
    for (&label, &predicted) in labels.iter().zip(predictions) {
        tallies[label].labelled += 1;
        tallies[predicted].predicted += 1;
        tallies[label].right += u64::from(label == predicted);
    }
    let present = tallies.iter().filter(|tally| tally.labelled + tally.predicted > 0);
    let count = present.clone().count();
    Ok(sum(present.map(ClassTally::f1)) / count as f64)
}

#[derive(Clone, Default)]
struct ClassTally {
    labelled: u64,
    predicted: u64,
    right: u64,
}

impl ClassTally {
    /// 2 TP / (2 TP + FP + FN), whose denominator is the labelled plus the predicted rows.
    fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.labelled + self.predicted) as f64
    }
}

fn check_matrix(rows: usize, probabilities: &[f64], classes: usize) -> Result<(), Error> {
    let values = probabilities.len();
    if rows.checked_mul(classes) != Some(values) {
        return Err(Error::ShapeDiffers { rows, classes, values });
    }
    if values == 0 {
        return Err(Error::Empty);
    }
    check_probabilities("probabilities", probabilities)?;
    for (row, values) in probabilities.chunks_exact(classes).enumerate() {
        let sum = sum(values.iter().copied());
        if (sum - 1.0).abs() > ROW_SUM_TOLERANCE {
            return Err(Error::RowSum { row, sum });
        }
    }
    Ok(())
}

fn first_largest(row: &[f64]) -> usize {
    let mut best = 0;
    for (class, &probability) in row.iter().enumerate() {
        if probability > row[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_probabilities_go_to_the_lowest_class() {
        assert_eq!(most_probable(&[0.2, 0.4, 0.4, 0.5, 0.5, 0.0], 3), Ok(vec![1, 0]));
    }

    #[test]
    fn macro_f1_skips_a_class_that_never_occurs() {
        assert_eq!(macro_f1(&[0, 1], &[0, 1], 5), Ok(1.0));
        assert_eq!(macro_f1(&[0, 1], &[0, 2], 5), Ok(1.0 / 3.0));
    }

    #[test]
    fn a_malformed_matrix_is_refused() {
        let shape = |rows, values| Error::ShapeDiffers { rows, classes: 2, values };
        assert_eq!(log_loss(&[0, 1], &[0.5, 0.5], 2), Err(shape(2, 2)));
        assert_eq!(most_probable(&[0.5, 0.5, 1.0], 2), Err(shape(1, 3)));
        assert_eq!(log_loss(&[], &[], 2), Err(Error::Empty));
        assert_eq!(log_loss(&[0], &[0.5, 0.25], 2), Err(Error::RowSum { row: 0, sum: 0.75 }));
        let error = Error::ScoreOutOfRange { index: 1, value: -1.0 };
        assert_eq!(log_loss(&[0], &[2.0 - 1.0, -1.0], 2), Err(error));
        let error = Error::NotFinite { input: "probabilities", index: 0 };
        assert_eq!(log_loss(&[0], &[f64::NAN, 1.0], 2), Err(error));
    }

    #[test]
    fn impossible_classes_are_refused() {
        assert_eq!(most_probable(&[1.0], 0), Err(Error::TooFewClasses { classes: 0 }));
        assert_eq!(log_loss(&[0], &[1.0], 1), Err(Error::TooFewClasses { classes: 1 }));
        let error = |input| Error::ClassOutOfRange { input, index: 0, class: 2, classes: 2 };
        assert_eq!(macro_f1(&[2], &[0], 2), Err(error("labels")));
        assert_eq!(macro_f1(&[0], &[2], 2), Err(error("predictions")));
        assert_eq!(accuracy(&[], &[]), Err(Error::Empty));
    }
}
