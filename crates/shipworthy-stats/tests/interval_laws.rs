//! What must hold of every interval and every test of two models.
#![allow(clippy::float_cmp, reason = "results that are promised exactly are compared exactly")]
#![allow(clippy::cast_possible_truncation, reason = "counts are cast")]
#![allow(clippy::unwrap_used, reason = "tests; clippy knows only the functions marked so")]

use proptest::collection::vec;
use proptest::prelude::*;
use shipworthy_stats::Error;
use shipworthy_stats::bootstrap::Bootstrap;
use shipworthy_stats::classification::{self, Delong, DelongPair};
use shipworthy_stats::fairness::{Groups, Measure};
use shipworthy_stats::interval::{Coverage, Interval, Proportion};
use shipworthy_stats::paired::{McNemar, paired_t, wilcoxon_signed_rank};
use shipworthy_stats::{multiclass, regression};

/// Label, scores of two models, and group of each row.
type Row = (bool, f64, f64, usize);

/// Rows of both classes in any order; scores on a grid, so that ties are common.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = |label| (Just(label), 0_u32..=20, 0_u32..=20, 0_usize..4);
    (vec(row(true), 2..40), vec(row(false), 2..40))
        .prop_map(|(positive, negative)| {
            let rows = positive.into_iter().chain(negative);
            rows.map(|(label, a, b, group)| (label, share(a), share(b), group)).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn share(twentieths: u32) -> f64 {
    f64::from(twentieths) / 20.0
}

fn columns(rows: &[Row]) -> (Vec<bool>, Vec<f64>, Vec<f64>, Vec<usize>) {
    let labels = rows.iter().map(|row| row.0).collect();
    let (a, b) = (rows.iter().map(|row| row.1).collect(), rows.iter().map(|row| row.2).collect());
    (labels, a, b, rows.iter().map(|row| row.3).collect())
}

fn at(level: f64) -> Coverage {
    Coverage::two_sided(level).unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-11 * (1.0 + a.abs().max(b.abs()))
}

fn same(a: Interval, b: Interval) -> bool {
    near(a.lower, b.lower) && near(a.upper, b.upper)
}

fn holds(interval: Interval, value: f64) -> bool {
    interval.lower <= value && value <= interval.upper
}

/// Whether the second holds the first.
fn widens(narrow: Interval, wide: Interval) -> bool {
    wide.lower <= narrow.lower && narrow.upper <= wide.upper
}

proptest! {
    #[test]
    fn an_interval_of_a_proportion_holds_it_and_widens_with_the_level(
        trials in 1_u64..5_000, part in 0.0..=1.0, level in 0.01..0.98, more in 0.001..0.02,
    ) {
        let successes = (part * trials as f64) as u64;
        let proportion = Proportion::new(successes, trials)?;
        let complement = Proportion::new(trials - successes, trials)?;
        let intervals = |proportion: Proportion, level: f64| -> Result<[Interval; 2], Error> {
            let coverage = Coverage::two_sided(level)?;
            Ok([proportion.wilson(coverage), proportion.clopper_pearson(coverage)?])
        };
        let (narrow, wide) = (intervals(proportion, level)?, intervals(proportion, level + more)?);
        let mirrored = intervals(complement, level)?;
        for ((narrow, wide), mirrored) in narrow.into_iter().zip(wide).zip(mirrored) {
            prop_assert!(0.0 <= wide.lower && wide.upper <= 1.0);
            prop_assert!(holds(narrow, proportion.value()) && widens(narrow, wide));
            let back = Interval { lower: 1.0 - mirrored.upper, upper: 1.0 - mirrored.lower };
            prop_assert!(same(narrow, back));
        }
        let apart = proportion.difference(complement, at(level));
        prop_assert!(holds(apart, proportion.value() - complement.value()));
        prop_assert!(widens(apart, proportion.difference(complement, at(level + more))));
    }

    #[test]
    fn a_one_sided_bound_is_an_end_of_a_narrower_two_sided_interval(
        trials in 1_u64..1_000, part in 0.0..=1.0, level in 0.51..0.999,
    ) {
        let proportion = Proportion::new((part * trials as f64) as u64, trials)?;
        let one_sided = proportion.wilson(Coverage::one_sided(level)?);
        prop_assert!(same(one_sided, proportion.wilson(at(2.0 * level - 1.0))));
        prop_assert!(widens(one_sided, proportion.wilson(at(level))));
    }

    #[test]
    fn delong_ignores_order_and_the_names_of_the_classes(rows in rows(), level in 0.1..0.98) {
        let (labels, a, b, _) = columns(&rows);
        let delong = Delong::of(&labels, &a)?;
        let swapped: Vec<bool> = labels.iter().map(|label| !label).collect();
        let negated = |scores: &[f64]| scores.iter().map(|score| -score).collect::<Vec<f64>>();
        let mirrored = Delong::of(&swapped, &negated(&a))?;
        prop_assert!(near(delong.auc, mirrored.auc) && near(delong.variance, mirrored.variance));
        let reversed: Vec<Row> = rows.iter().rev().copied().collect();
        let (back_labels, back_a, back_b, _) = columns(&reversed);
        prop_assert!(near(delong.variance, Delong::of(&back_labels, &back_a)?.variance));
        if let Ok(interval) = delong.interval(at(level)) {
            prop_assert!(holds(interval, delong.auc));
            prop_assert!(widens(interval, delong.interval(at(level + 0.01))?));
        }
        let pair = DelongPair::of(&labels, &a, &b)?;
        let back = DelongPair::of(&back_labels, &back_b, &back_a)?;
        prop_assert!(near(pair.difference(), -back.difference()));
        prop_assert!(near(pair.variance_of_difference, back.variance_of_difference));
        let [[a, ab], [ba, b]] = pair.covariance;
        prop_assert!(near(pair.variance_of_difference, a + b - ab - ba));
        if let Ok(interval) = pair.interval(at(level)) {
            prop_assert!(holds(interval, pair.difference()));
            let test = pair.test()?;
            prop_assert!((0.0..=1.0).contains(&test.p_value));
        }
    }

    #[test]
    fn resampling_ignores_order_and_widens_with_the_level(
        rows in rows(), seed in any::<u64>(), level in 0.1..0.95,
    ) {
        let bootstrap = Bootstrap::new(seed, 100)?;
        let (labels, a, b, _) = columns(&rows);
        let reversed: Vec<Row> = rows.iter().rev().copied().collect();
        let (back_labels, back_a, back_b, _) = columns(&reversed);
        let brier = classification::brier_score;
        let interval = bootstrap.of_scores(&labels, &a, at(level), brier);
        prop_assert_eq!(&interval, &bootstrap.of_scores(&back_labels, &back_a, at(level), brier));
        if let Ok(narrow) = interval {
            prop_assert!(narrow.lower <= narrow.upper);
            if let Ok(wide) = bootstrap.of_scores(&labels, &a, at(level + 0.04), brier) {
                prop_assert!(widens(narrow, wide));
            }
        }
        let difference = bootstrap.of_difference(&labels, [&a, &b], at(level), brier);
        let back = bootstrap.of_difference(&back_labels, [&back_a, &back_b], at(level), brier);
        prop_assert_eq!(difference, back);
        let mae = regression::mae;
        let interval = bootstrap.of_predictions(&b, &a, at(level), mae);
        prop_assert_eq!(interval, bootstrap.of_predictions(&back_b, &back_a, at(level), mae));
    }

    #[test]
    fn group_measures_ignore_names_and_order_and_lie_in_their_intervals(
        rows in rows(), level in 0.1..0.98,
    ) {
        let (labels, a, _, groups) = columns(&rows);
        let decisions: Vec<bool> = a.iter().map(|&score| score >= 0.5).collect();
        let named = Groups::of(&labels, &decisions, &groups, 4)?;
        let renamed: Vec<usize> = groups.iter().map(|group| 3 - group).collect();
        let renamed = Groups::of(&labels, &decisions, &renamed, 4)?;
        type Of = fn(&Groups, Coverage) -> Result<Measure, Error>;
        let measures: [Of; 7] = [
            Groups::demographic_parity_difference,
            Groups::demographic_parity_ratio,
            Groups::equalized_odds_difference,
            Groups::equalized_odds_ratio,
            Groups::equalized_odds_difference_mean,
            Groups::equal_opportunity_difference,
            Groups::equal_opportunity_ratio,
        ];
        for measure in measures {
            let found = measure(&named, at(level));
            prop_assert_eq!(&found, &measure(&renamed, at(level)));
            let Ok(narrow) = found else { continue };
            let wide = measure(&named, at(level + 0.01))?;
            prop_assert!(holds(narrow.interval, narrow.value));
            prop_assert!(widens(narrow.interval, wide.interval));
            prop_assert!(0.0 <= wide.interval.lower && wide.interval.upper <= 1.0);
        }
    }

    #[test]
    fn tests_of_two_models_do_not_prefer_a_side(rows in rows()) {
        let (labels, a, b, _) = columns(&rows);
        let right = |scores: &[f64]| -> Vec<bool> {
            labels.iter().zip(scores).map(|(&label, &score)| label == (score >= 0.5)).collect()
        };
        let (ab, ba) = (McNemar::of(&right(&a), &right(&b))?, McNemar::of(&right(&b), &right(&a))?);
        prop_assert_eq!(ab.exact()?, ba.exact()?);
        prop_assert_eq!(ab.chi_squared(), ba.chi_squared());
        prop_assert!((0.0..=1.0).contains(&ab.exact()?.p_value));
        prop_assert_eq!(wilcoxon_signed_rank(&a, &b), wilcoxon_signed_rank(&b, &a));
        prop_assert_eq!(paired_t(&a, &b).map(|t| t.p_value), paired_t(&b, &a).map(|t| t.p_value));
    }

    #[test]
    fn whatever_comes_is_a_finite_number_or_an_error(
        labels in vec(any::<bool>(), 0..8),
        classes in vec(0_usize..4, 0..8),
        a in vec(any::<f64>(), 0..8),
        b in vec(any::<f64>(), 0..8),
    ) {
        let mut results = vec![
            classification::average_precision(&labels, &a),
            classification::pr_auc_trapezoid(&labels, &a),
            classification::ks_statistic(&labels, &a),
            classification::gini(&labels, &a),
            classification::maximum_calibration_error(&labels, &a, 3),
            classification::equal_mass_calibration_error(&labels, &a, 3),
            Delong::of(&labels, &a).map(|delong| delong.variance),
            DelongPair::of(&labels, &a, &b).map(|pair| pair.variance_of_difference),
            paired_t(&a, &b).map(|test| test.p_value),
            paired_t(&a, &b).map(|test| test.statistic),
            wilcoxon_signed_rank(&a, &b).map(|test| test.p_value),
            multiclass::roc_auc_ovr_macro(&classes, &a, 3),
            multiclass::roc_auc_ovo_macro(&classes, &a, 3),
            multiclass::top_k_accuracy(&classes, &a, 3, 2),
            Coverage::two_sided(a.first().copied().unwrap_or_default()).map(Coverage::tail),
            Coverage::one_sided(a.first().copied().unwrap_or_default()).map(Coverage::tail),
        ];
        let regressions = [
            regression::median_absolute_error,
            regression::max_error,
            regression::mape_excluding_zero,
            regression::smape,
            regression::explained_variance,
            regression::d2_absolute_error,
            regression::pearson,
            regression::spearman,
            regression::kendall_tau_b,
        ];
        results.extend(regressions.map(|metric| metric(&a, &b)));
        let bootstrap = Bootstrap::new(1, 100)?;
        let ends = |interval: Result<Interval, Error>| {
            [interval.clone().map(|interval| interval.lower), interval.map(|interval| interval.upper)]
        };
        results.extend(ends(bootstrap.of_predictions(&a, &b, at(0.9), regression::mae)));
        results.extend(ends(bootstrap.of_scores(&labels, &a, at(0.9), classification::roc_auc)));
        for result in results {
            prop_assert!(result.as_ref().map_or(true, |value| value.is_finite()), "{:?}", result);
        }
    }
}
