//! What must hold of the metrics for every input.
#![allow(clippy::float_cmp, reason = "results that are promised exactly are compared exactly")]

use proptest::collection::vec;
use proptest::prelude::*;
use shipworthy_stats::classification::{
    ConfusionMatrix, brier_score, expected_calibration_error, log_loss, reliability_table, roc_auc,
};
use shipworthy_stats::{Error, multiclass, regression};

type Rows = (Vec<bool>, Vec<f64>);

/// Rows of both classes in any order, half of the scores on a coarse grid so that ties are common.
fn rows() -> impl Strategy<Value = Rows> {
    let score = || prop_oneof![(0_u32..=10).prop_map(|k| f64::from(k) / 10.0), 0.0..=1.0];
    (vec(score(), 1..60), vec(score(), 1..60))
        .prop_map(|(positive, negative)| {
            let positive = positive.into_iter().map(|score| (true, score));
            positive.chain(negative.into_iter().map(|score| (false, score))).collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_map(|rows| rows.into_iter().unzip())
}

fn targets_and_predictions() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    vec((-1e6..1e6, -1e6..1e6), 2..60).prop_map(|rows| rows.into_iter().unzip())
}

fn reversed<T: Clone>(values: &[T]) -> Vec<T> {
    values.iter().rev().cloned().collect()
}

fn map(values: &[f64], by: impl Fn(f64) -> f64) -> Vec<f64> {
    values.iter().map(|&value| by(value)).collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #[test]
    fn auc_is_the_share_of_pairs_in_order((labels, scores) in rows()) {
        let of = |class| labels.iter().zip(&scores).filter(move |(label, _)| **label == class);
        let (mut won, mut pairs) = (0.0, 0.0);
        for (_, positive) in of(true) {
            for (_, negative) in of(false) {
                pairs += 1.0;
                won += if positive > negative { 1.0 } else if positive == negative { 0.5 } else { 0.0 };
            }
        }
        prop_assert_eq!(roc_auc(&labels, &scores)?, won / pairs);
    }

    #[test]
    fn auc_ignores_a_strictly_monotone_transform((labels, scores) in rows()) {
        // Multiples of 2⁻³⁰, so that no transform rounds two scores into a tie.
        let scores = map(&scores, |score| (score * 2_f64.powi(30)).round() / 2_f64.powi(30));
        let auc = roc_auc(&labels, &scores)?;
        prop_assert_eq!(roc_auc(&labels, &map(&scores, |score| 2.0 * score - 8.0))?, auc);
        prop_assert_eq!(roc_auc(&labels, &map(&scores, |score| score * 1e300))?, auc);
        prop_assert_eq!(roc_auc(&labels, &map(&scores, f64::exp))?, auc);
    }

    #[test]
    fn auc_of_swapped_labels_or_negated_scores_is_the_complement((labels, scores) in rows()) {
        let auc = roc_auc(&labels, &scores)?;
        let swapped: Vec<bool> = labels.iter().map(|label| !label).collect();
        prop_assert!(near(roc_auc(&swapped, &scores)?, 1.0 - auc));
        prop_assert!(near(roc_auc(&labels, &map(&scores, |score| -score))?, 1.0 - auc));
    }

    #[test]
    fn the_order_of_rows_does_not_matter((labels, scores) in rows(), bins in 1_usize..40) {
        let (back_labels, back_scores) = (reversed(&labels), reversed(&scores));
        prop_assert_eq!(roc_auc(&labels, &scores)?, roc_auc(&back_labels, &back_scores)?);
        prop_assert!(near(log_loss(&labels, &scores)?, log_loss(&back_labels, &back_scores)?));
        prop_assert!(near(brier_score(&labels, &scores)?, brier_score(&back_labels, &back_scores)?));
        prop_assert!(near(
            expected_calibration_error(&labels, &scores, bins)?,
            expected_calibration_error(&back_labels, &back_scores, bins)?,
        ));
    }

    #[test]
    fn binary_metrics_stay_in_their_ranges((labels, scores) in rows(), bins in 1_usize..40) {
        let unit = 0.0..=1.0;
        prop_assert!(unit.contains(&roc_auc(&labels, &scores)?));
        prop_assert!(unit.contains(&brier_score(&labels, &scores)?));
        prop_assert!(unit.contains(&expected_calibration_error(&labels, &scores, bins)?));
        let loss = log_loss(&labels, &scores)?;
        prop_assert!(loss > 0.0 && loss < 36.05);
    }

    #[test]
    fn the_base_rate_is_calibrated((labels, _) in rows(), bins in 1_usize..40) {
        let rate = labels.iter().filter(|label| **label).count() as f64 / labels.len() as f64;
        let scores = vec![rate; labels.len()];
        prop_assert!(expected_calibration_error(&labels, &scores, bins)? < 1e-15);
        prop_assert!(near(brier_score(&labels, &scores)?, rate * (1.0 - rate)));
    }

    #[test]
    fn a_reliability_table_holds_every_row_once((labels, scores) in rows(), bins in 1_usize..40) {
        let table = reliability_table(&labels, &scores, bins)?;
        prop_assert_eq!(table.iter().map(|row| row.count).sum::<usize>(), labels.len());
        prop_assert!(table.is_sorted_by(|a, b| a.bin < b.bin));
        for row in &table {
            let inside = |score: &&f64| {
                (**score > row.lower || (row.bin == 0 && **score == 0.0)) && **score <= row.upper
            };
            prop_assert_eq!(scores.iter().filter(inside).count(), row.count);
            prop_assert!((row.lower..=row.upper).contains(&row.mean_predicted));
        }
    }

    #[test]
    fn a_higher_threshold_finds_no_more(
        (labels, scores) in rows(), low in 0.0..=1.0, rise in 0.0..=1.0,
    ) {
        let at = |threshold| ConfusionMatrix::at_threshold(&labels, &scores, threshold);
        let (low, high) = (at(low)?, at(low + rise)?);
        prop_assert!(high.true_positives <= low.true_positives);
        prop_assert!(high.false_positives <= low.false_positives);
        prop_assert!(high.recall()? <= low.recall()?);
        if let (Ok(precision), Ok(recall)) = (low.precision(), low.recall()) {
            let f1 = low.f1()?;
            prop_assert!(f1 >= precision.min(recall) - 1e-15 && f1 <= precision.max(recall) + 1e-15);
        }
    }

    #[test]
    fn two_classes_are_a_binary_classifier((labels, scores) in rows()) {
        let classes: Vec<usize> = labels.iter().map(|&label| usize::from(label)).collect();
        let pairs: Vec<f64> = scores.iter().flat_map(|&score| [1.0 - score, score]).collect();
        prop_assert!(near(multiclass::log_loss(&classes, &pairs, 2)?, log_loss(&labels, &scores)?));

        let predicted = multiclass::most_probable(&pairs, 2)?;
        // A tie goes to class 0, so the threshold is the next float above one half.
        let matrix = ConfusionMatrix::at_threshold(&labels, &scores, 0.5_f64.next_up())?;
        prop_assert_eq!(multiclass::accuracy(&classes, &predicted)?, matrix.accuracy()?);
    }

    #[test]
    fn macro_f1_ignores_the_names_of_the_classes(rows in vec((0_usize..5, 0_usize..5), 1..60)) {
        let (labels, predicted): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let renamed = |values: &[usize]| values.iter().map(|class| 4 - class).collect::<Vec<_>>();
        let f1 = multiclass::macro_f1(&labels, &predicted, 5)?;
        prop_assert!((0.0..=1.0).contains(&f1));
        prop_assert!(near(multiclass::macro_f1(&renamed(&labels), &renamed(&predicted), 5)?, f1));
        prop_assert_eq!(multiclass::macro_f1(&labels, &labels, 5)?, 1.0);
    }

    #[test]
    fn mae_is_at_most_rmse((targets, predictions) in targets_and_predictions()) {
        let (mae, rmse) = (regression::mae(&targets, &predictions)?, regression::rmse(&targets, &predictions)?);
        prop_assert!(mae >= 0.0 && mae <= rmse * (1.0 + 1e-15));
        prop_assert!(rmse <= mae * (targets.len() as f64).sqrt() * (1.0 + 1e-15));
    }

    #[test]
    fn regression_metrics_follow_the_unit(
        (targets, predictions) in targets_and_predictions(), exponent in -900_i32..900,
    ) {
        let unit = 2_f64.powi(exponent);
        let scaled = (map(&targets, |value| value * unit), map(&predictions, |value| value * unit));
        let error = |metric: fn(&[f64], &[f64]) -> Result<f64, Error>| {
            Ok::<_, Error>((metric(&targets, &predictions)?, metric(&scaled.0, &scaled.1)?))
        };
        let (rmse, scaled_rmse) = error(regression::rmse)?;
        prop_assert!(near(scaled_rmse / unit, rmse));
        let (mae, scaled_mae) = error(regression::mae)?;
        prop_assert!(near(scaled_mae / unit, mae));
        let (r2, scaled_r2) = error(regression::r2)?;
        prop_assert!(near(scaled_r2, r2));
    }

    #[test]
    fn r2_is_one_for_the_target_and_zero_for_its_mean((targets, _) in targets_and_predictions()) {
        let mean = targets.iter().sum::<f64>() / targets.len() as f64;
        let means = vec![mean; targets.len()];
        prop_assert_eq!(regression::r2(&targets, &targets)?, 1.0);
        prop_assert!(regression::r2(&targets, &means)?.abs() < 1e-9);
    }
}
