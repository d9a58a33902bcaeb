//! How well the scores put the positive rows first, beside the area under the ROC curve.

use crate::Error;
use crate::input::{check_finite, check_paired};
use crate::sum::sum;

/// The rows whose score is at least some score that occurs: one point of the ROC and of the
/// precision-recall curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    true_positives: u64,
    false_positives: u64,
}

impl Cut {
    fn precision(self) -> f64 {
        self.true_positives as f64 / (self.true_positives + self.false_positives) as f64
    }
}

/// Average precision: the precision at every score that occurs, weighted by the recall it adds.
///
/// Source: scikit-learn's `average_precision_score`, Σ (Rᵢ − Rᵢ₋₁) Pᵢ, which does not interpolate
/// and so is not optimistic (Davis & Goadrich 2006). Tied scores are one step.
///
/// Scores are any finite numbers. The result is in (0, 1]; a random ranking gets the share of
/// positive rows. O(n log n) time; allocates one copy of the input.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::NoPositiveLabels`].
pub fn average_precision(labels: &[bool], scores: &[f64]) -> Result<f64, Error> {
    let (cuts, positives) = cuts_with_positives(labels, scores)?;
    let mut before = 0;
    let steps = cuts.iter().map(|cut| {
        let found = cut.true_positives - before;
        before = cut.true_positives;
        found as f64 * cut.precision()
    });
    Ok((sum(steps) / positives as f64).min(1.0))
}

/// Area under the precision-recall curve by the trapezoidal rule, from recall 0 at precision 1.
///
/// Source: scikit-learn's `auc` over its `precision_recall_curve`. Straight lines between the
/// points are optimistic where they are far apart (Davis & Goadrich 2006): prefer
/// [`average_precision`], and take this one where a tool reports it.
///
/// Scores are any finite numbers. The result is in [0, 1]. O(n log n) time; allocates one copy of
/// the input.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::NoPositiveLabels`].
pub fn pr_auc_trapezoid(labels: &[bool], scores: &[f64]) -> Result<f64, Error> {
    let (cuts, positives) = cuts_with_positives(labels, scores)?;
    let (mut found_before, mut precision_before) = (0, 1.0);
    let areas = cuts.iter().map(|cut| {
        let found = cut.true_positives - found_before;
        let area = found as f64 * f64::midpoint(cut.precision(), precision_before);
        (found_before, precision_before) = (cut.true_positives, cut.precision());
        area
    });
    Ok((sum(areas) / positives as f64).min(1.0))
}

/// Largest distance between the score distributions of the positive and of the negative rows, in
/// [0, 1]: the most that any threshold's true positive rate exceeds its false positive rate, or
/// falls short of it.
///
/// Source: the two-sample Kolmogorov–Smirnov statistic (Smirnov 1948), as credit scoring reports
/// it. O(n log n) time; allocates one copy of the input.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::OneClass`].
pub fn ks_statistic(labels: &[bool], scores: &[f64]) -> Result<f64, Error> {
    let cuts = cuts(labels, scores)?;
    let last = *cuts.last().expect("there is at least one row, so at least one cut");
    if last.true_positives == 0 || last.false_positives == 0 {
        return Err(Error::OneClass { label: labels[0] });
    }
    let gaps = cuts.iter().map(|cut| {
        let found = cut.true_positives as f64 / last.true_positives as f64;
        let raised = cut.false_positives as f64 / last.false_positives as f64;
        (found - raised).abs()
    });
    Ok(gaps.fold(0.0, f64::max))
}

/// Gini coefficient of the ranking, 2 AUC − 1, in [−1, 1]; 0 is a random ranking.
///
/// Source: Somers' D of the score given the label, as credit scoring reports it. See
/// [`roc_auc`](super::roc_auc).
///
/// # Errors
/// As [`roc_auc`](super::roc_auc).
pub fn gini(labels: &[bool], scores: &[f64]) -> Result<f64, Error> {
    Ok(2.0 * super::roc_auc(labels, scores)? - 1.0)
}

fn cuts_with_positives(labels: &[bool], scores: &[f64]) -> Result<(Vec<Cut>, u64), Error> {
    let cuts = cuts(labels, scores)?;
    match cuts.last() {
        Some(last) if last.true_positives > 0 => Ok((cuts.clone(), last.true_positives)),
        _ => Err(Error::NoPositiveLabels),
    }
}

/// One cut for each distinct score, the highest first.
fn cuts(labels: &[bool], scores: &[f64]) -> Result<Vec<Cut>, Error> {
    check_paired(labels.len(), scores.len())?;
    check_finite("scores", scores)?;
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let mut cut = Cut { true_positives: 0, false_positives: 0 };
    // total_cmp puts -0.0 beside 0.0, and == ties them.
    let tied = rows.chunk_by(|a, b| a.0 == b.0).map(|tied| {
        let positives = tied.iter().filter(|row| row.1).count() as u64;
        cut.true_positives += positives;
        cut.false_positives += tied.len() as u64 - positives;
        cut
    });
    Ok(tied.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_scores_are_one_step() {
        let labels = [true, false, true, false];
        assert_eq!(average_precision(&labels, &[0.5; 4]), Ok(0.5));
        assert_eq!(pr_auc_trapezoid(&labels, &[0.5; 4]), Ok(0.75));
        assert_eq!(ks_statistic(&labels, &[0.0, -0.0, 0.0, -0.0]), Ok(0.0));
    }

    #[test]
    fn a_perfect_ranking_scores_one() {
        let (labels, scores) = ([false, true, true], [-4.0, 0.5, 30.0]);
        for metric in [average_precision, pr_auc_trapezoid, ks_statistic, gini] {
            assert_eq!(metric(&labels, &scores), Ok(1.0));
        }
    }

    #[test]
    fn hand_computed_values() {
        // In order of the score: +, -, +: precisions 1, 1/2, 2/3 at recalls 1/2, 1/2, 1.
        let (labels, scores) = ([true, false, true], [0.9, 0.5, 0.1]);
        let ap = average_precision(&labels, &scores).expect("a valid input");
        assert!((ap - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
        let area = pr_auc_trapezoid(&labels, &scores).expect("a valid input");
        assert!((area - (0.5 + 0.5 * (0.5 + 2.0 / 3.0) / 2.0)).abs() < 1e-15);
    }

    #[test]
    fn one_class_has_no_ranking() {
        for metric in [average_precision, pr_auc_trapezoid] {
            assert_eq!(metric(&[false; 2], &[0.1, 0.2]), Err(Error::NoPositiveLabels));
            assert_eq!(metric(&[true; 2], &[0.1, 0.2]), Ok(1.0));
        }
        for metric in [ks_statistic, gini] {
            assert_eq!(metric(&[true; 2], &[0.1, 0.2]), Err(Error::OneClass { label: true }));
            assert_eq!(metric(&[false; 2], &[0.1, 0.2]), Err(Error::OneClass { label: false }));
        }
    }

    #[test]
    fn bad_input_is_named() {
        for metric in [average_precision, pr_auc_trapezoid, ks_statistic, gini] {
            assert_eq!(metric(&[], &[]), Err(Error::Empty));
            let error = Error::LengthsDiffer { labels: 1, predictions: 0 };
            assert_eq!(metric(&[true], &[]), Err(error));
            let error = Error::NotFinite { input: "scores", index: 1 };
            assert_eq!(metric(&[true, false], &[0.5, f64::NAN]), Err(error));
        }
    }
}
