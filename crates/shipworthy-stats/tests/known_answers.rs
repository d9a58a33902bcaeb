//! The metrics against scikit-learn, on real predictions: see `tests/data/README.md`.
#![allow(clippy::cast_possible_truncation, reason = "labels are written as 0 to 3")]

use serde_json::Value;
use shipworthy_stats::classification::{
    ConfusionMatrix, brier_score, expected_calibration_error, log_loss, reliability_table, roc_auc,
};
use shipworthy_stats::{multiclass, regression};

/// The columns of a CSV file of plain numbers with a header line.
fn columns(csv: &str) -> Vec<Vec<f64>> {
    let mut lines = csv.lines();
    let names = lines.next().expect("a header line");
    let mut columns = vec![Vec::new(); names.split(',').count()];
    for line in lines {
        for (column, cell) in columns.iter_mut().zip(line.split(',')) {
            column.push(cell.parse().expect("a number"));
        }
    }
    columns
}

fn expected(section: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("data/expected.json")).expect("valid JSON");
    all[section].clone()
}

#[track_caller]
fn check(expected: &Value, metric: &str, actual: Result<f64, shipworthy_stats::Error>) {
    let expected = expected[metric].as_f64().expect("an expected number");
    let actual = actual.expect("a valid input");
    let gap = (actual - expected).abs();
    assert!(gap <= 1e-9 * expected.abs(), "{metric}: {actual}, expected {expected}");
}

#[track_caller]
fn check_binary(model: &str, labels: &[bool], scores: &[f64]) {
    let expected = expected(model);
    let tenths: Vec<f64> = scores.iter().map(|score| (score * 10.0).floor()).collect();
    check(&expected, "roc_auc", roc_auc(labels, scores));
    check(&expected, "roc_auc_of_tenths", roc_auc(labels, &tenths));
    check(&expected, "log_loss", log_loss(labels, scores));
    check(&expected, "brier", brier_score(labels, scores));
    check(&expected, "ece_10_equal_width", expected_calibration_error(labels, scores, 10));
    check(&expected, "ece_15_equal_width", expected_calibration_error(labels, scores, 15));
    check_reliability(&expected["reliability_10"], labels, scores);

    let threshold = expected["threshold"].as_f64().expect("a threshold");
    let matrix = ConfusionMatrix::at_threshold(labels, scores, threshold).expect("a valid input");
    let counts = serde_json::json!({
        "tp": matrix.true_positives, "fp": matrix.false_positives,
        "tn": matrix.true_negatives, "fn": matrix.false_negatives,
    });
    assert_eq!(counts, expected["confusion"]);
    check(&expected, "accuracy", matrix.accuracy());
    check(&expected, "precision", matrix.precision());
    check(&expected, "recall", matrix.recall());
    check(&expected, "f1", matrix.f1());
}

#[track_caller]
fn check_reliability(expected: &Value, labels: &[bool], scores: &[f64]) {
    let table = reliability_table(labels, scores, 10).expect("a valid input");
    let expected = expected.as_array().expect("a table");
    assert_eq!(table.len(), expected.len());
    for (row, expected) in table.iter().zip(expected) {
        assert_eq!(expected["bin"], row.bin);
        assert_eq!(expected["count"], row.count);
        check(expected, "mean_predicted", Ok(row.mean_predicted));
        check(expected, "observed_rate", Ok(row.observed_rate));
    }
}

#[test]
fn binary_metrics_equal_scikit_learn() {
    let data = columns(include_str!("data/scores.csv"));
    let labels: Vec<bool> = data[0].iter().map(|&label| label > 0.5).collect();
    check_binary("model_a", &labels, &data[1]);
    check_binary("model_b", &labels, &data[2]);
}

#[test]
fn multiclass_metrics_equal_scikit_learn() {
    let data = columns(include_str!("data/multiclass.csv"));
    let labels: Vec<usize> = data[0].iter().map(|&label| label as usize).collect();
    let classes = data.len() - 1;
    let rows = (0..labels.len()).flat_map(|row| data[1..].iter().map(move |column| column[row]));
    let probabilities: Vec<f64> = rows.collect();
    let predicted = multiclass::most_probable(&probabilities, classes).expect("a valid input");

    let expected = expected("multiclass");
    check(&expected, "log_loss", multiclass::log_loss(&labels, &probabilities, classes));
    check(&expected, "accuracy", multiclass::accuracy(&labels, &predicted));
    check(&expected, "f1_macro", multiclass::macro_f1(&labels, &predicted, classes));
}

#[test]
fn regression_metrics_equal_scikit_learn() {
    let data = columns(include_str!("data/regression.csv"));
    let expected = expected("regression");
    check(&expected, "rmse", regression::rmse(&data[0], &data[1]));
    check(&expected, "mae", regression::mae(&data[0], &data[1]));
    check(&expected, "r2", regression::r2(&data[0], &data[1]));
}
