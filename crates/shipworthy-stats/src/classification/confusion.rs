//! What a threshold turns the scores into.

use crate::Error;
use crate::input::{check_finite, check_paired};
use crate::interval::Proportion;

/// A share of rows that a [`ConfusionMatrix`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Predicted positive, of all rows.
    Selection,
    /// Predicted positive, of the positive rows: recall.
    TruePositive,
    /// Predicted positive, of the negative rows.
    FalsePositive,
    /// Predicted negative, of the positive rows.
    FalseNegative,
    /// Predicted right, of all rows.
    Accuracy,
    /// Positive, of the rows that are predicted positive.
    Precision,
}

/// How many rows of each class were predicted as which.
///
/// The ratios follow scikit-learn's definitions, except that a ratio without a denominator is an
/// error, not 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
        let mut counts = Self::default();
        labels
            .iter()
            .zip(scores)
            .for_each(|(&label, &score)| counts.add(label, score >= threshold));
        Ok(counts)
    }

    /// Counts the rows of a classifier that has decided.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthsDiffer`].
    pub fn of(labels: &[bool], predictions: &[bool]) -> Result<Self, Error> {
        check_paired(labels.len(), predictions.len())?;
        let mut counts = Self::default();
        labels
            .iter()
            .zip(predictions)
            .for_each(|(&label, &predicted)| counts.add(label, predicted));
        Ok(counts)
    }

    /// Counts a row.
    pub const fn add(&mut self, label: bool, predicted: bool) {
        let cell = match (label, predicted) {
            (true, true) => &mut self.true_positives,
            (false, true) => &mut self.false_positives,
            (false, false) => &mut self.true_negatives,
            (true, false) => &mut self.false_negatives,
        };
        *cell += 1;
    }

    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.true_positives + self.false_positives + self.true_negatives + self.false_negatives
    }

    /// The counts behind a rate, for its interval.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NoPositiveLabels`], [`Error::OneClass`] or
    /// [`Error::NoPositivePredictions`] when no row is of the kind that is divided by.
    pub fn proportion(&self, rate: Rate) -> Result<Proportion, Error> {
        let positive = self.true_positives + self.false_negatives;
        let selected = self.true_positives + self.false_positives;
        let right = self.true_positives + self.true_negatives;
        let (part, whole, undefined) = match rate {
            Rate::Selection => (selected, self.rows(), Error::Empty),
            Rate::TruePositive => (self.true_positives, positive, Error::NoPositiveLabels),
            Rate::FalseNegative => (self.false_negatives, positive, Error::NoPositiveLabels),
            Rate::FalsePositive => {
                let negative = self.rows() - positive;
                (self.false_positives, negative, Error::OneClass { label: true })
            }
            Rate::Accuracy => (right, self.rows(), Error::Empty),
            Rate::Precision => (self.true_positives, selected, Error::NoPositivePredictions),
        };
        Proportion::new(part, whole).map_err(|_| undefined)
    }

    /// Share of rows predicted right, in [0, 1]. Source: scikit-learn's `accuracy_score`.
    ///
    /// # Errors
    /// [`Error::Empty`] when all counts are 0.
    pub fn accuracy(&self) -> Result<f64, Error> {
        Ok(self.proportion(Rate::Accuracy)?.value())
    }

    /// Share of the positive predictions that are right, in [0, 1]. Source: scikit-learn's
    /// `precision_score`.
    ///
    /// # Errors
    /// [`Error::NoPositivePredictions`].
    pub fn precision(&self) -> Result<f64, Error> {
        Ok(self.proportion(Rate::Precision)?.value())
    }

    /// Share of the positive rows that are found, in [0, 1]. Source: scikit-learn's `recall_score`.
    ///
    /// # Errors
    /// [`Error::NoPositiveLabels`].
    pub fn recall(&self) -> Result<f64, Error> {
        Ok(self.proportion(Rate::TruePositive)?.value())
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
        let whole = twice + self.false_positives + self.false_negatives;
        if whole == 0 { Err(Error::NoPositiveLabels) } else { Ok(twice as f64 / whole as f64) }
    }

    /// Share of the negative rows that are predicted positive, in [0, 1].
    ///
    /// # Errors
    /// [`Error::OneClass`] when no row is negative.
    pub fn false_positive_rate(&self) -> Result<f64, Error> {
        Ok(self.proportion(Rate::FalsePositive)?.value())
    }

    /// Mean of the shares of each class that are predicted right, in [0, 1]; a blind guess gets
    /// 0.5. Source: scikit-learn's `balanced_accuracy_score`.
    ///
    /// # Errors
    /// [`Error::NoPositiveLabels`], [`Error::OneClass`] when no row is negative.
    pub fn balanced_accuracy(&self) -> Result<f64, Error> {
        Ok(f64::midpoint(self.recall()?, 1.0 - self.false_positive_rate()?))
    }

    /// Correlation of label and prediction, in [−1, 1]; 0 is a blind guess.
    ///
    /// Source: Matthews 1975, the phi coefficient; scikit-learn's `matthews_corrcoef`, without its
    /// 0 where a margin of the table is empty.
    ///
    /// # Errors
    /// [`Error::NoVariation`] when all labels, or all predictions, are the same.
    pub fn mcc(&self) -> Result<f64, Error> {
        let [tp, fp, tn, r#fn] = self.cells();
        // A root of each factor, so that the product of counts does not overflow.
        let margins = (tp + fp).sqrt() * (tp + r#fn).sqrt() * (tn + fp).sqrt() * (tn + r#fn).sqrt();
        if margins == 0.0 {
            return Err(Error::NoVariation { what: "label or the prediction" });
        }
        Ok(((tp * tn - fp * r#fn) / margins).clamp(-1.0, 1.0))
    }

    /// Agreement of label and prediction beyond what chance gives, at most 1; 0 is a blind guess.
    ///
    /// Source: Cohen 1960; scikit-learn's `cohen_kappa_score`.
    ///
    /// # Errors
    /// [`Error::Empty`], and [`Error::NoVariation`] when all labels and all predictions are one
    /// and the same class, so that chance alone agrees always.
    pub fn cohen_kappa(&self) -> Result<f64, Error> {
        let agreement = self.accuracy()?;
        let [tp, fp, tn, r#fn] = self.cells();
        let rows = self.rows() as f64;
        let positive = ((tp + fp) / rows) * ((tp + r#fn) / rows);
        let negative = ((tn + fp) / rows) * ((tn + r#fn) / rows);
        let chance = positive + negative;
        if chance >= 1.0 {
            return Err(Error::NoVariation { what: "label and the prediction" });
        }
        Ok((agreement - chance) / (1.0 - chance))
    }

    /// True and false positives, true and false negatives.
    fn cells(&self) -> [f64; 4] {
        [self.true_positives, self.false_positives, self.true_negatives, self.false_negatives]
            .map(|count| count as f64)
    }
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
    fn a_blind_guess_agrees_as_chance_does() {
        let guess = at(&[true, true, false, false], &[0.9, 0.1, 0.9, 0.1], 0.5);
        assert_eq!(guess.mcc(), Ok(0.0));
        assert_eq!(guess.cohen_kappa(), Ok(0.0));
        assert_eq!(guess.balanced_accuracy(), Ok(0.5));
        let right = at(&[true, false], &[0.9, 0.1], 0.5);
        assert_eq!(right.mcc(), Ok(1.0));
        assert_eq!(right.cohen_kappa(), Ok(1.0));
    }

    #[test]
    fn agreement_without_variation_is_an_error() {
        let silent = at(&[true, false], &[0.1, 0.1], 0.5);
        assert_eq!(silent.mcc(), Err(Error::NoVariation { what: "label or the prediction" }));
        assert_eq!(silent.cohen_kappa(), Ok(0.0));
        let constant = at(&[false, false], &[0.1, 0.1], 0.5);
        let error = Error::NoVariation { what: "label and the prediction" };
        assert_eq!(constant.cohen_kappa(), Err(error));
        assert_eq!(constant.balanced_accuracy(), Err(Error::NoPositiveLabels));
        let positive = at(&[true], &[0.9], 0.5);
        assert_eq!(positive.false_positive_rate(), Err(Error::OneClass { label: true }));
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
