//! Metrics, intervals and tests against scikit-learn, scipy, statsmodels and fairlearn on real
//! predictions: see `tests/data/README.md` and `tests/stats/README.md`.
#![allow(clippy::cast_possible_truncation, reason = "labels are written as 0 to 3")]
#![allow(clippy::unwrap_used, reason = "tests; clippy knows only the functions marked so")]

use serde_json::{Value, json};
use shipworthy_stats::bootstrap::Bootstrap;
use shipworthy_stats::classification::{self, ConfusionMatrix, Delong, DelongPair, Rate};
use shipworthy_stats::fairness::{Groups, Measure};
use shipworthy_stats::interval::{Coverage, Interval, Proportion};
use shipworthy_stats::multiclass::{self, ConfusionTable};
use shipworthy_stats::paired::{McNemar, TestResult, paired_t, wilcoxon_signed_rank};
use shipworthy_stats::{Error, regression};

/// The columns of a CSV file of plain text with a header line.
fn columns(csv: &str) -> Vec<Vec<&str>> {
    let mut lines = csv.lines();
    let names = lines.next().expect("a header line");
    let mut columns = vec![Vec::new(); names.split(',').count()];
    for line in lines {
        for (column, cell) in columns.iter_mut().zip(line.split(',')) {
            column.push(cell);
        }
    }
    columns
}

fn numbers(csv: &str) -> Vec<Vec<f64>> {
    let parse = |column: Vec<&str>| column.iter().map(|cell| cell.parse().unwrap()).collect();
    columns(csv).into_iter().map(parse).collect()
}

fn expected() -> Value {
    let all: Value = serde_json::from_str(include_str!("stats/expected.json")).unwrap();
    all["values"].clone()
}

#[track_caller]
fn near(expected: &Value, actual: f64, tolerance: f64) {
    let expected = expected.as_f64().expect("an expected number");
    let gap = (actual - expected).abs();
    assert!(gap <= tolerance * expected.abs(), "{actual}, expected {expected}");
}

#[track_caller]
fn check(expected: &Value, actual: Result<f64, Error>) {
    near(expected, actual.expect("a valid input"), 1e-9);
}

/// Labels, and the scores of two models.
fn scores() -> (Vec<bool>, Vec<f64>, Vec<f64>) {
    let [labels, a, b] = numbers(include_str!("data/scores.csv")).try_into().unwrap();
    (labels.iter().map(|&label| label > 0.5).collect(), a, b)
}

#[test]
fn binary_metrics_are_those_of_scikit_learn() {
    let (labels, a, b) = scores();
    for (model, scores) in [("model_a", a), ("model_b", b)] {
        let expected = &expected()[model];
        let (labels, scores) = (&labels[..], &scores[..]);
        check(&expected["roc_auc"], classification::roc_auc(labels, scores));
        check(&expected["gini"], classification::gini(labels, scores));
        check(&expected["average_precision"], classification::average_precision(labels, scores));
        check(&expected["pr_auc_trapezoid"], classification::pr_auc_trapezoid(labels, scores));
        check(&expected["ks_statistic"], classification::ks_statistic(labels, scores));
        check(&expected["log_loss"], classification::log_loss(labels, scores));
        check(&expected["brier"], classification::brier_score(labels, scores));
        let ece = classification::expected_calibration_error;
        check(&expected["ece_10_equal_width"], ece(labels, scores, 10));
        check(&expected["ece_15_equal_width"], ece(labels, scores, 15));
        let mce = classification::maximum_calibration_error(labels, scores, 15);
        check(&expected["mce_15_equal_width"], mce);
        let equal_mass = classification::equal_mass_calibration_error(labels, scores, 15);
        check(&expected["ece_15_equal_mass"], equal_mass);

        let threshold = expected["threshold"].as_f64().unwrap();
        let counts = ConfusionMatrix::at_threshold(labels, scores, threshold).unwrap();
        check(&expected["accuracy"], counts.accuracy());
        check(&expected["balanced_accuracy"], counts.balanced_accuracy());
        check(&expected["precision"], counts.precision());
        check(&expected["recall"], counts.recall());
        check(&expected["f1"], counts.f1());
        check(&expected["mcc"], counts.mcc());
        check(&expected["cohen_kappa"], counts.cohen_kappa());
    }
}

#[test]
fn regression_metrics_are_those_of_scikit_learn_and_scipy() {
    let [targets, predictions]: [Vec<f64>; 2] =
        numbers(include_str!("data/regression.csv")).try_into().unwrap();
    type Metric = fn(&[f64], &[f64]) -> Result<f64, Error>;
    let metrics: [(&str, Metric); 12] = [
        ("rmse", regression::rmse),
        ("mae", regression::mae),
        ("median_ae", regression::median_absolute_error),
        ("r2", regression::r2),
        ("mape_excluding_zero", regression::mape_excluding_zero),
        ("smape", regression::smape),
        ("max_error", regression::max_error),
        ("explained_variance", regression::explained_variance),
        ("pearson", regression::pearson),
        ("spearman", regression::spearman),
        ("kendall_tau_b", regression::kendall_tau_b),
        ("d2_pinball_median", regression::d2_absolute_error),
    ];
    let expected = &expected()["regression"];
    assert_eq!(metrics.len(), expected.as_object().unwrap().len());
    for (name, metric) in metrics {
        check(&expected[name], metric(&targets, &predictions));
    }
}

#[test]
fn multiclass_metrics_are_those_of_scikit_learn() {
    let data = numbers(include_str!("data/multiclass.csv"));
    let labels: Vec<usize> = data[0].iter().map(|&label| label as usize).collect();
    let rows = (0..labels.len()).flat_map(|row| data[1..].iter().map(move |column| column[row]));
    let probabilities: Vec<f64> = rows.collect();
    let predictions = multiclass::most_probable(&probabilities, 4).unwrap();
    let table = ConfusionTable::of(&labels, &predictions, 4).unwrap();

    let expected = &expected()["multiclass"];
    check(&expected["log_loss"], multiclass::log_loss(&labels, &probabilities, 4));
    check(&expected["accuracy"], Ok(table.accuracy()));
    check(&expected["f1_micro"], Ok(table.accuracy()));
    check(&expected["f1_macro"], Ok(table.macro_f1()));
    check(&expected["f1_weighted"], Ok(table.weighted_f1()));
    check(&expected["precision_macro"], Ok(table.macro_precision()));
    check(&expected["recall_macro"], Ok(table.macro_recall()));
    check(&expected["quadratic_kappa"], table.quadratic_kappa());
    let ovr = multiclass::roc_auc_ovr_macro(&labels, &probabilities, 4);
    check(&expected["roc_auc_ovr_macro"], ovr);
    let ovo = multiclass::roc_auc_ovo_macro(&labels, &probabilities, 4);
    check(&expected["roc_auc_ovo_macro"], ovo);
    let top2 = multiclass::top_k_accuracy(&labels, &probabilities, 4, 2);
    check(&expected["top2_accuracy"], top2);
    assert_eq!(json!(table.rows().collect::<Vec<_>>()), expected["confusion"]);
}

fn at(level: f64) -> Coverage {
    Coverage::two_sided(level).unwrap()
}

#[track_caller]
fn check_interval(expected: &Value, actual: Interval) {
    near(&expected[0], actual.lower, 1e-9);
    near(&expected[1], actual.upper, 1e-9);
}

#[track_caller]
fn check_test(expected: &Value, actual: Result<TestResult, Error>) {
    let actual = actual.expect("a valid input");
    let statistic = expected.get("statistic").unwrap_or_else(|| &expected["z"]);
    near(statistic, actual.statistic, 1e-9);
    near(&expected["pvalue"], actual.p_value, 1e-7);
}

#[test]
fn areas_and_their_difference_vary_as_delong_says() {
    let (labels, a, b) = scores();
    let expected = &expected()["delong"];
    let pair = DelongPair::of(&labels, &a, &b).unwrap();
    near(&expected["auc_a"], pair.auc_a, 1e-9);
    near(&expected["auc_b"], pair.auc_b, 1e-9);
    for (row, expected) in pair.covariance.iter().zip(expected["covariance"].as_array().unwrap()) {
        near(&expected[0], row[0], 1e-9);
        near(&expected[1], row[1], 1e-9);
    }
    check_test(expected, pair.test());
    let alone = Delong::of(&labels, &a).unwrap();
    near(&expected["var_a"], alone.variance, 1e-9);
    check_interval(&expected["ci95_a"], alone.interval(at(0.95)).unwrap());
    // The log odds, and what they are off by the delta method, in the same words as Pepe.
    let odds = |area: f64| (area / (1.0 - area)).ln();
    let logit = alone.logit_interval(at(0.95)).unwrap();
    let half = 1.959_963_984_540_054 * alone.variance.sqrt() / (alone.auc * (1.0 - alone.auc));
    assert!((odds(logit.lower) - odds(alone.auc) + half).abs() < 1e-9);
    assert!((odds(logit.upper) - odds(alone.auc) - half).abs() < 1e-9);
}

#[test]
fn paired_tests_are_those_of_statsmodels_and_scipy() {
    let (labels, a, b) = scores();
    let all = expected();
    let right = |scores: &[f64]| -> Vec<bool> {
        labels.iter().zip(scores).map(|(&label, &score)| label == (score >= 0.3)).collect()
    };
    let table = McNemar::of(&right(&a), &right(&b)).unwrap();
    let expected = &all["mcnemar"];
    let counts = json!([[table.both, table.only_a], [table.only_b, table.neither]]);
    assert_eq!(counts, expected["table_correct"]);
    check_test(&expected["exact"], table.exact());
    check_test(&expected["chi2"], table.chi_squared());
    check_test(&expected["chi2_corrected"], table.chi_squared_corrected());

    let squares = |scores: &[f64]| -> Vec<f64> {
        let errors = labels.iter().zip(scores).map(|(&label, score)| f64::from(label) - score);
        errors.map(|error| error * error).collect()
    };
    let (a, b) = (squares(&a), squares(&b));
    check_test(&all["paired_t_squared_error"], paired_t(&a, &b));
    check_test(&all["wilcoxon_squared_error"], wilcoxon_signed_rank(&a, &b));
}

#[test]
fn intervals_of_proportions_are_those_of_statsmodels() {
    let expected = expected();
    let (labels, a, _) = scores();
    let counts = ConfusionMatrix::at_threshold(&labels, &a, 0.3).unwrap();
    let accuracy = counts.proportion(Rate::Accuracy).unwrap();
    check_interval(&expected["wilson_ci95_accuracy_a"], accuracy.wilson(at(0.95)));
    let exact = accuracy.clopper_pearson(at(0.95)).unwrap();
    check_interval(&expected["clopper_pearson_ci95_accuracy_a"], exact);
    let expected = &expected["two_proportion_z"];
    let of = |at: usize| {
        let count = |name: &str| expected[name][at].as_u64().unwrap();
        Proportion::new(count("successes"), count("n")).unwrap()
    };
    check_interval(&expected["diff_ci95_newcombe"], of(0).difference(of(1), at(0.95)));
}

#[test]
fn group_measures_are_those_of_fairlearn() {
    let (labels, a, _) = scores();
    let decisions: Vec<bool> = a.iter().map(|&score| score >= 0.3).collect();
    let columns = columns(include_str!("stats/groups.csv"));
    for (at, name) in ["flights_origin", "flights_carrier"].into_iter().enumerate() {
        check_groups(&expected()["fairness"][name], &labels, &decisions, &columns[at]);
    }
}

fn check_groups(expected: &Value, labels: &[bool], decisions: &[bool], column: &[&str]) {
    let mut names = column.to_vec();
    names.sort_unstable();
    names.dedup();
    let numbers: Vec<usize> =
        column.iter().map(|name| names.binary_search(name).unwrap()).collect();
    let groups = Groups::of(labels, decisions, &numbers, names.len()).unwrap();
    for (name, counts) in names.iter().zip(groups.counts()) {
        check_rates(&expected["by_group"][name], counts);
    }
    check_rates(&expected["overall"], &ConfusionMatrix::of(labels, decisions).unwrap());
    type Of = fn(&Groups, Coverage) -> Result<Measure, Error>;
    let measures: [(&str, Of); 7] = [
        ("demographic_parity_difference", Groups::demographic_parity_difference),
        ("demographic_parity_ratio", Groups::demographic_parity_ratio),
        ("equalized_odds_difference", Groups::equalized_odds_difference),
        ("equalized_odds_ratio", Groups::equalized_odds_ratio),
        ("equalized_odds_difference_mean", Groups::equalized_odds_difference_mean),
        ("equal_opportunity_difference", Groups::equal_opportunity_difference),
        ("equal_opportunity_ratio", Groups::equal_opportunity_ratio),
    ];
    for (name, measure) in measures {
        check(&expected[name], measure(&groups, at(0.95)).map(|measure| measure.value));
    }
    let rule = groups.four_fifths_rule(at(0.95)).unwrap();
    assert_eq!(json!(rule), expected["disparate_impact_80_percent_rule"]);
}

fn check_rates(expected: &Value, counts: &ConfusionMatrix) {
    let rates = [
        ("selection_rate", Rate::Selection),
        ("tpr", Rate::TruePositive),
        ("fpr", Rate::FalsePositive),
        ("fnr", Rate::FalseNegative),
        ("accuracy", Rate::Accuracy),
    ];
    assert_eq!(expected["count"], counts.rows() as f64);
    for (name, rate) in rates {
        match counts.proportion(rate) {
            Ok(proportion) => near(&expected[name], proportion.value(), 1e-9),
            // Where fairlearn answers 0 for a rate that does not exist.
            Err(error) => {
                assert!(matches!(error, Error::NoPositiveLabels | Error::OneClass { .. }));
                assert_eq!(expected[name], 0.0);
            }
        }
    }
}

#[test]
fn resampled_intervals_are_those_of_an_independent_program() {
    let (labels, a, b) = scores();
    let expected: Value = serde_json::from_str(include_str!("stats/bootstrap.json")).unwrap();
    let number = |name: &str| expected[name].as_u64().unwrap();
    let bootstrap = Bootstrap::new(number("seed"), number("resamples") as usize).unwrap();
    let brier = classification::brier_score;
    let precision = classification::average_precision;
    let interval = bootstrap.of_scores(&labels, &a, at(0.9), brier);
    check_interval(&expected["brier_a_90"], interval.unwrap());
    let interval = bootstrap.of_scores(&labels, &a, at(0.95), precision);
    check_interval(&expected["average_precision_a_95"], interval.unwrap());
    let interval = bootstrap.of_scores(&labels[..150], &a[..150], at(0.95), precision);
    check_interval(&expected["average_precision_a_95_of_150_rows"], interval.unwrap());
    let interval = bootstrap.of_difference(&labels, [&a, &b], at(0.95), brier);
    check_interval(&expected["brier_a_less_b_95"], interval.unwrap());
}
