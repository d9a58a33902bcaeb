//! What is caught at which price.

use shipworthy_stats::classification::roc_auc;

use super::Whose;
use crate::gate::judge::Known;

/// Steps of either axis: a point stands at least one of them from the point before it.
const STEPS: f64 = 100.0;

/// The ROC curve of a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Roc {
    /// Whose it is.
    pub whose: Whose,
    /// The area below it.
    pub auc: f64,
    /// False and true positive rates, from (0, 0) to (1, 1); at most 203.
    pub points: Vec<(f64, f64)>,
}

impl Roc {
    /// Of the candidate and of stable, where there are rows of both classes.
    pub(super) fn of_each(labels: &[f64], known: &Known<'_>) -> Vec<Self> {
        let labels: Vec<bool> = labels.iter().map(|label| *label > 0.5).collect();
        let stable = known.stable.iter().map(|stable| (Whose::Stable, stable));
        let each = [(Whose::Candidate, &known.candidate)].into_iter().chain(stable);
        each.filter_map(|(whose, answers)| Self::of(whose, &labels, &answers.values)).collect()
    }

    /// `None` unless both classes are there, and every answer is a number.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    pub(super) fn of(whose: Whose, labels: &[bool], scores: &[f64]) -> Option<Self> {
        let auc = roc_auc(labels, scores).ok()?;
        let mut rows: Vec<(f64, bool)> =
            scores.iter().copied().zip(labels.iter().copied()).collect();
        rows.sort_by(|one, two| two.0.total_cmp(&one.0));
        let positives = labels.iter().filter(|label| **label).count() as f64;
        let negatives = labels.len() as f64 - positives;
        let (mut points, mut caught, mut wrong) = (vec![(0.0, 0.0)], 0.0, 0.0);
        for group in rows.chunk_by(|one, two| one.0.total_cmp(&two.0).is_eq()) {
            let caught_here = group.iter().filter(|(_, label)| *label).count() as f64;
            caught += caught_here;
            wrong += group.len() as f64 - caught_here;
            let next = (wrong / negatives, caught / positives);
            let last = points.last().copied().unwrap_or_default();
            if (next.0 - last.0).max(next.1 - last.1) * STEPS >= 1.0 {
                points.push(next);
            }
        }
        if points.last() != Some(&(1.0, 1.0)) {
            points.push((1.0, 1.0));
        }
        Some(Self { whose, auc, points })
    }
}
