//! Metrics, intervals and tests against scikit-learn, scipy, statsmodels and fairlearn on real
//! predictions: see `tests/data/README.md` and `tests/stats/README.md`.
#![allow(clippy::cast_possible_truncation, reason = "labels are written as 0 to 3")]

use serde_json::{Value, json};
use shipworthy_stats::classification::{self, ConfusionMatrix};
use shipworthy_stats::multiclass::{self, ConfusionTable};
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
