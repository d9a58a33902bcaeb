//! Recorded scores are measured, with intervals, tests and groups.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use shipworthy_rows::files::{RowFile, write_parquet};
use tempfile::TempDir;

use crate::command::{Ran, run};

/// A file among the fixtures of the statistics.
fn fixture(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shipworthy-stats/tests").join(file)
}

fn expected() -> Value {
    let text = fs::read_to_string(fixture("stats/expected.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["values"].take()
}

/// Asserts that all the expected numbers are there, under their names.
#[track_caller]
fn check(expected: &Value, found: &Value) {
    match expected {
        Value::Object(expected) => {
            for (name, expected) in expected {
                // What a number is about, and what another tool says of it, is not repeated.
                if !["rule", "layout", "data", "sensitive", "mlstatkit"].contains(&name.as_str()) {
                    check(expected, &found[name]);
                }
            }
        }
        Value::Array(expected) => {
            expected.iter().enumerate().for_each(|(at, expected)| check(expected, &found[at]));
        }
        Value::Number(number) => {
            let (expected, found) = (number.as_f64().unwrap(), found.as_f64().expect("a number"));
            assert!((expected - found).abs() <= 1e-7 * expected.abs(), "{found}, not {expected}");
        }
        other => assert_eq!(other, found),
    }
}

fn evaluate(file: &Path, line: &str) -> Ran {
    run(&format!("evaluate {} --json --resamples 100 {line}", file.display()))
}

/// The fixture's scores with its groups beside them.
fn scores_with_groups(directory: &TempDir) -> PathBuf {
    let read = |file: &str| fs::read_to_string(fixture(file)).unwrap();
    let (scores, groups) = (read("data/scores.csv"), read("stats/groups.csv"));
    let lines = scores.lines().zip(groups.lines()).map(|(a, b)| format!("{a},{b}\n"));
    let path = directory.path().join("scores.csv");
    fs::write(&path, lines.collect::<String>()).unwrap();
    path
}

fn write(directory: &TempDir, text: &str) -> PathBuf {
    let path = directory.path().join("rows.csv");
    fs::write(&path, text).unwrap();
    path
}

const TWO_MODELS: &str =
    "--task binary --label y_true --score score_a --compare score_b --threshold 0.3";

#[test]
fn two_classifiers_have_the_numbers_of_the_tools_that_teams_know() {
    let directory = TempDir::new().unwrap();
    let file = scores_with_groups(&directory);
    let found = evaluate(&file, &format!("{TWO_MODELS} --group group_carrier"));
    found.expect(0);
    let (found, expected) = (found.json(), expected());
    let names = [
        "model_a",
        "model_b",
        "delong",
        "mcnemar",
        "paired_t_squared_error",
        "wilcoxon_squared_error",
        "wilson_ci95_accuracy_a",
        "clopper_pearson_ci95_accuracy_a",
    ];
    for name in names {
        check(&expected[name], &found[name]);
    }
    check(&expected["fairness"]["flights_carrier"], &found["fairness"]["group_carrier"]);
    let without = &found["fairness"]["group_carrier"]["by_group"]["F9"]["undefined"];
    assert_eq!(*without, json!(["tpr", "fnr"]), "fairlearn's 0 is told");
    for (name, interval) in found["intervals"]["model_a"].as_object().unwrap() {
        let value = found["model_a"][name].as_f64().unwrap();
        let (lower, upper) = (interval["lower"].as_f64(), interval["upper"].as_f64());
        assert!(lower < upper, "{name}");
        if interval["method"] != "bca" {
            assert!(lower <= Some(value) && Some(value) <= upper, "{name}");
        }
    }
    assert_eq!(found["intervals"]["differences"]["roc_auc"]["method"], "delong");
    let gap = &found["intervals"]["fairness"]["demographic_parity_difference"];
    assert!(gap["lower"].as_f64() < Some(0.45) && gap["upper"].as_f64() > Some(0.45), "{gap}");
}

#[test]
fn several_classes_and_numbers_have_theirs() {
    let line = "--task multiclass --label y_true --score p0 p1 p2 p3";
    let found = evaluate(&fixture("data/multiclass.csv"), line);
    found.expect(0);
    check(&expected()["multiclass"], &found.json()["multiclass"]);
    let line = "--task regression --label y_true --score y_pred";
    let found = evaluate(&fixture("data/regression.csv"), line);
    found.expect(0);
    check(&expected()["regression"], &found.json()["regression"]);
    assert!(found.json()["intervals"]["regression"].get("max_error").is_none());
}

#[test]
fn parquet_and_csv_give_the_same_bits() {
    let directory = TempDir::new().unwrap();
    let csv = scores_with_groups(&directory);
    let file = RowFile::open(&csv).unwrap();
    let schema = Arc::new(file.schema().clone());
    let (rows, misfits) = file.batches(&schema, 4_000).unwrap().next().unwrap().unwrap();
    assert!(misfits.is_empty());
    let parquet = directory.path().join("scores.parquet");
    write_parquet(&parquet, &rows).unwrap();
    let line = format!("{TWO_MODELS} --group group_origin --one-sided --level 0.9");
    let (from_csv, from_parquet) = (evaluate(&csv, &line), evaluate(&parquet, &line));
    assert_eq!(from_csv.expect(0), from_parquet.expect(0));
    assert!(from_csv.stderr.is_empty());
}

#[test]
fn people_get_a_table() {
    let file = fixture("data/scores.csv");
    let line = "--task binary --label y_true --score score_a --compare score_b --resamples 100";
    let found = run(&format!("evaluate {} {line}", file.display()));
    let text = found.expect(0);
    for word in ["model_a", "roc_auc", "0.6889", "delong", "differences", "mcnemar exact"] {
        assert!(text.contains(word), "no {word} in\n{text}");
    }
}

#[test]
fn what_has_no_value_is_null_and_says_why() {
    let directory = TempDir::new().unwrap();
    let file = write(&directory, "y,s\n1,3.5\n0,-1\n1,0.5\n0,-2\n1,0.75\n0,-1.5\n");
    let found = evaluate(&file, "--task binary --label y --score s --threshold 9");
    found.expect(0);
    let found = found.json();
    let (values, why) = (&found["model_a"], &found["undefined"]["model_a"]);
    assert_eq!(values["roc_auc"], 1.0);
    assert!(why["roc_auc"].as_str().unwrap().starts_with("no interval: "), "{why}");
    assert!(values["precision"].is_null());
    assert_eq!(why["precision"], "no row is predicted positive");
    assert!(values["log_loss"].is_null());
    assert_eq!(why["log_loss"], "the probability at 0 is 3.5, outside [0, 1]");
}

#[test]
fn mistakes_are_told_in_words() {
    let directory = TempDir::new().unwrap();
    let file = write(
        &directory,
        "y,one,odd,gap,s,t,word\n1,1,0,0.1,0.5,0.5,a\n0,1,2,,0.25,0.75,b\n1,1,1,0.5,0.5,0.25,c\n",
    );
    let mistakes = [
        ("binary --label late --score s", "no column `late`; it has y, one, odd"),
        ("binary --label one --score s", "every row of `one` is 1"),
        ("binary --label odd --score s", "`2` in row 2 of column `odd` is no label: 0 or 1"),
        ("binary --label word --score s", "`a` in row 1 of column `word` is no label"),
        ("binary --label y --score gap", "row 2 has no value in column `gap`"),
        ("binary --label y --score word", "`a` in row 1 of column `word` is no finite number"),
        ("binary --label y --score s t", "a second model goes to --compare"),
        ("binary --label y --score s --compare s", "column `s` is named twice"),
        ("binary --label y --score s --level 1.5", "a confidence level lies between 0 and 1"),
        ("binary --label y --score s --threshold nan", "threshold"),
        ("multiclass --label y --score s", "several classes have several score columns"),
        ("multiclass --label odd --score s t", "`2` in row 2 of column `odd` is no class"),
        ("multiclass --label y --score s one", "not the probabilities of the classes"),
        ("multiclass --label y --score s t --compare odd", "as many columns as --score, 2, not 1"),
        ("regression --label y --score s --group word", "--task binary"),
    ];
    for (line, words) in mistakes {
        let ran = run(&format!("evaluate {} --json --task {line}", file.display()));
        assert!(ran.expect(2).is_empty());
        ran.says(words);
    }
    let empty = write(&directory, "y,s\n");
    let ran = run(&format!("evaluate {} --task binary --label y --score s", empty.display()));
    ran.expect(2);
    ran.says("has no row");
    run("evaluate nowhere.csv --task binary --label y --score s").expect(2);
}
