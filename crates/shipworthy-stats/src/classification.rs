//! Metrics of a binary classifier, and how sure the area under the ROC curve is.
//!
//! `labels[i]` is true when row i is of the positive class; `scores[i]` is what the model said of
//! it. Ranking metrics and thresholds take any finite score (a probability or a margin); the others
//! take the probability of the positive class, in [0, 1].

mod calibration;
mod confusion;
mod delong;
mod precision_interval;
mod ranking;

pub use calibration::{
    MAX_BINS, ReliabilityBin, equal_mass_calibration_error, expected_calibration_error,
    maximum_calibration_error, reliability_table,
};
pub use confusion::{ConfusionMatrix, Rate};
pub use delong::{Delong, DelongPair};
pub use precision_interval::{average_precision_difference, average_precision_interval};
pub use ranking::{average_precision, gini, ks_statistic, pr_auc_trapezoid};

use crate::Error;
use crate::input::{check_finite, check_paired, check_probabilities};
use crate::sum::sum;

/// How near 0 and 1 a probability may come in a log loss: 2⁻⁵², as in scikit-learn for 64-bit
/// floats.
///
/// A certain and wrong answer thus costs 36.04 nats, not infinity.
pub const LOG_LOSS_CLIP: f64 = f64::EPSILON;

/// Area under the ROC curve: the chance that a random positive row scores above a random negative
/// one, a tie counting one half.
///
/// Source: the Mann–Whitney form of Hanley & McNeil 1982, U / (n₊ n₋) with midranks for ties; equal
/// to the trapezoidal area of scikit-learn's `roc_auc_score`. Pairs are counted in integers, so the
/// result does not depend on the order of the rows, to the last bit.
///
/// Scores are any finite numbers. The result is in [0, 1]. O(n log n) time; allocates one copy of
/// the input (16 bytes a row).
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], and [`Error::OneClass`] when
/// no pair of rows can be compared.
pub fn roc_auc(labels: &[bool], scores: &[f64]) -> Result<f64, Error> {
    check_paired(labels.len(), scores.len())?;
    check_finite("scores", scores)?;
    let positives = labels.iter().filter(|&&label| label).count() as u128;
    let negatives = labels.len() as u128 - positives;
    if positives == 0 || negatives == 0 {
        return Err(Error::OneClass { label: labels[0] });
    }
    Ok(twice_mann_whitney_u(labels, scores) as f64 / (2 * positives * negatives) as f64)
}

/// Mean negative log likelihood of the labels, in nats.
///
/// Source: Good 1952; the convention of scikit-learn's `log_loss`, which clips every probability to
/// [[`LOG_LOSS_CLIP`], 1 − [`LOG_LOSS_CLIP`]].
///
/// Scores are probabilities in [0, 1]. The result is in (0, 36.05]; smaller is better. Labels of
/// one class are fine.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::ScoreOutOfRange`].
pub fn log_loss(labels: &[bool], scores: &[f64]) -> Result<f64, Error> {
    check_probability_rows(labels, scores)?;
    let losses = labels.iter().zip(scores).map(|(&label, &score)| {
        let score = score.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP);
        // ln_1p keeps the digits of a small score that 1 - score would drop.
        if label { -score.ln() } else { -(-score).ln_1p() }
    });
    Ok(sum(losses) / labels.len() as f64)
}

/// Mean squared difference between the probability and what happened (1 or 0).
///
/// Source: Brier 1950, in the one-class form in common use (half of the original, which sums both
/// classes); equal to scikit-learn's `brier_score_loss`.
///
/// Scores are probabilities in [0, 1]. The result is in [0, 1]; smaller is better. Labels of one
/// class are fine.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::ScoreOutOfRange`].
pub fn brier_score(labels: &[bool], scores: &[f64]) -> Result<f64, Error> {
    check_probability_rows(labels, scores)?;
    let squares = labels
        .iter()
        .zip(scores)
        .map(|(&label, &score)| (score - f64::from(u8::from(label))).powi(2));
    Ok(sum(squares) / labels.len() as f64)
}

fn check_probability_rows(labels: &[bool], scores: &[f64]) -> Result<(), Error> {
    check_paired(labels.len(), scores.len())?;
    check_probabilities("scores", scores)
}

/// Twice the number of (positive, negative) pairs in the right order, a tie counting once: an
/// integer.
fn twice_mann_whitney_u(labels: &[bool], scores: &[f64]) -> u128 {
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut negatives_below = 0_u128;
    let mut twice_u = 0_u128;
    // total_cmp puts -0.0 beside 0.0, and == ties them.
    for tied in rows.chunk_by(|a, b| a.0 == b.0) {
        let positives = tied.iter().filter(|row| row.1).count() as u128;
        let negatives = tied.len() as u128 - positives;
        twice_u += positives * (2 * negatives_below + negatives);
        negatives_below += negatives;
    }
    twice_u
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_counts_a_tie_one_half() {
        let labels = [true, false, true, false];
        assert_eq!(roc_auc(&labels, &[0.5; 4]), Ok(0.5));
        assert_eq!(roc_auc(&labels, &[0.0, -0.0, 1.0, -0.0]), Ok(0.75));
    }

    #[test]
    fn auc_takes_margins() {
        assert_eq!(roc_auc(&[true, false], &[-3.5, -40.0]), Ok(1.0));
    }

    #[test]
    fn auc_of_one_class_is_refused() {
        assert_eq!(roc_auc(&[true; 2], &[0.1, 0.2]), Err(Error::OneClass { label: true }));
        assert_eq!(roc_auc(&[false; 2], &[0.1, 0.2]), Err(Error::OneClass { label: false }));
    }

    #[test]
    fn certainty_costs_a_finite_amount() {
        let wrong = log_loss(&[true], &[0.0]).expect("a valid input");
        assert_eq!(wrong, -LOG_LOSS_CLIP.ln());
        let right = log_loss(&[true, false], &[1.0, 0.0]).expect("a valid input");
        assert!(right > 0.0 && right < 1e-15);
    }

    #[test]
    fn bad_input_is_named() {
        let lengths = Error::LengthsDiffer { labels: 1, predictions: 2 };
        let nan = Error::NotFinite { input: "scores", index: 1 };
        let outside = Error::ScoreOutOfRange { index: 1, value: 1.5 };
        for metric in
            [log_loss, brier_score, |l: &[bool], s: &[f64]| expected_calibration_error(l, s, 10)]
        {
            assert_eq!(metric(&[], &[]), Err(Error::Empty));
            assert_eq!(metric(&[true], &[0.5, 0.5]), Err(lengths.clone()));
            assert_eq!(metric(&[true, false], &[0.5, f64::NAN]), Err(nan.clone()));
            assert_eq!(metric(&[true, false], &[0.5, 1.5]), Err(outside.clone()));
        }
        assert_eq!(roc_auc(&[], &[]), Err(Error::Empty));
        assert_eq!(roc_auc(&[true], &[0.5, 0.5]), Err(lengths));
        assert_eq!(roc_auc(&[true, false], &[0.5, f64::INFINITY]), Err(nan));
    }
}
