//! What a threshold turns the scores into.

use crate::Error;
use crate::input::{check_finite, check_paired};

/// How many rows of each class were predicted as which.
///
/// The ratios follow scikit-learn's definitions, except that a ratio without a denominator is an
/// error, not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfusionMatrix {
    /// Positive rows predicted positive.
    pub true_positives: u64,
    /// Negative rows predicted positive.
    pub false_positives: u64,
    /// Negative rows predicted negative.
    pub true_negatives: u64,
    /// Positive rows predicted negative.
    pub false_negatives: u64,
}

impl ConfusionMatrix {
    /// Counts the rows, a row being predicted positive when `score >= threshold`.
    ///
    /// Source: scikit-learn's `confusion_matrix`, and the `>=` of its `FixedThresholdClassifier`.
    /// Scores and threshold are any finite numbers, on the same scale.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`].
    pub fn at_threshold(labels: &[bool], scores: &[f64], threshold: f64) -> Result<Self, Error> {
        check_paired(labels.len(), scores.len())?;
        check_finite("scores", scores)?;
        check_finite("threshold", &[threshold])?;
        let mut counts = [[0_u64; 2]; 2];
        for (&label, &score) in labels.iter().zip(scores) {
            counts[usize::from(label)][usize::from(score >= threshold)] += 1;
        }
        let [[true_negatives, false_positives], [false_negatives, true_positives]] = counts;
        Ok(Self { true_positives, false_positives, true_negatives, false_negatives })
    }

    /// Share of rows predicted right, in [0, 1]. Source: scikit-learn's `accuracy_score`.
    ///
    /// # Errors
    /// [`Error::Empty`] when all counts are 0.
    pub fn accuracy(&self) -> Result<f64, Error> {
        let right = self.true_positives + self.true_negatives;
        ratio(right, right + self.false_positives + self.false_negatives, Error::Empty)
    }

    /// Share of the positive predictions that are right, in [0, 1]. Source: scikit-learn's
    /// `precision_score`.
    ///
    /// # Errors
    /// [`Error::NoPositivePredictions`].
    pub fn precision(&self) -> Result<f64, Error> {
        let predicted = self.true_positives + self.false_positives;
        ratio(self.true_positives, predicted, Error::NoPositivePredictions)
    }

    /// Share of the positive rows that are found, in [0, 1]. Source: scikit-learn's `recall_score`.
    ///
    /// # Errors
    /// [`Error::NoPositiveLabels`].
    pub fn recall(&self) -> Result<f64, Error> {
        let positive = self.true_positives + self.false_negatives;
        ratio(self.true_positives, positive, Error::NoPositiveLabels)
    }

    /// Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN), in [0, 1].
    ///
    /// Source: van Rijsbergen 1979 and scikit-learn's `f1_score`. It is 0, not undefined, when
    /// there are positive rows and none is found.
    ///
    /// # Errors
    /// [`Error::NoPositiveLabels`] when no row is positive or predicted so.
    pub fn f1(&self) -> Result<f64, Error> {
        let twice = 2 * self.true_positives;
        ratio(twice, twice + self.false_positives + self.false_negatives, Error::NoPositiveLabels)
    }
}

fn ratio(part: u64, whole: u64, undefined: Error) -> Result<f64, Error> {
    if whole == 0 { Err(undefined) } else { Ok(part as f64 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(labels: &[bool], scores: &[f64], threshold: f64) -> ConfusionMatrix {
        ConfusionMatrix::at_threshold(labels, scores, threshold).expect("a valid input")
    }

    #[test]
    fn a_score_at_the_threshold_is_positive() {
        let counts = at(&[true, false, false], &[0.5, 0.5, 0.4], 0.5);
        let expected = ConfusionMatrix {
            true_positives: 1,
            false_positives: 1,
            true_negatives: 1,
            false_negatives: 0,
        };
        assert_eq!(counts, expected);
    }

    #[test]
    fn a_ratio_without_a_denominator_is_an_error() {
        let silent = at(&[true, false], &[0.1, 0.1], 0.5);
        assert_eq!(silent.precision(), Err(Error::NoPositivePredictions));
        assert_eq!(silent.recall(), Ok(0.0));
        assert_eq!(silent.f1(), Ok(0.0));

        let negative = at(&[false, false], &[0.1, 0.1], 0.5);
        assert_eq!(negative.recall(), Err(Error::NoPositiveLabels));
        assert_eq!(negative.f1(), Err(Error::NoPositiveLabels));
        assert_eq!(negative.accuracy(), Ok(1.0));
    }

    #[test]
    fn bad_input_is_named() {
        let count = ConfusionMatrix::at_threshold;
        assert_eq!(count(&[], &[], 0.5), Err(Error::Empty));
        let error = Error::LengthsDiffer { labels: 1, predictions: 0 };
        assert_eq!(count(&[true], &[], 0.5), Err(error));
        let error = Error::NotFinite { input: "scores", index: 0 };
        assert_eq!(count(&[true], &[f64::NAN], 0.5), Err(error));
        let error = Error::NotFinite { input: "threshold", index: 0 };
        assert_eq!(count(&[true], &[0.5], f64::NAN), Err(error));
    }
}
