//! Expectations beside what Great Expectations 1.24.1 found on the same table.

#![allow(clippy::unwrap_used, reason = "tests; clippy knows only the functions marked so")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use shipworthy_contract::expectations::{Evaluation, ExpectationResult, Suite};
use shipworthy_rows::files::RowFile;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validation").join(name)
}

fn evaluate(data: &str) -> Vec<ExpectationResult> {
    let suite = std::fs::read_to_string(fixture("expectations.json")).unwrap();
    let suite = Suite::parse(&suite).unwrap();
    let file = RowFile::open(&fixture(data)).unwrap();
    let schema = Arc::new(file.schema().clone());
    let mut evaluation = Evaluation::new(&suite, &schema);
    loop {
        let mut row = 0;
        // Small chunks, so that states go over from one to the next.
        for batch in file.batches(&schema, 64).unwrap() {
            let (batch, _) = batch.unwrap();
            evaluation.see(row, &batch);
            row += batch.rows() as u64;
        }
        if !evaluation.another_pass() {
            return evaluation.finish();
        }
    }
}

fn expected() -> Vec<Value> {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    let mut expected: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(expected["results"].take()).unwrap()
}

/// Whether two values are one: numbers to 1e-9 of their size.
fn agree(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * b.abs()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && agree(a.1, b.1))
        }
        _ => ours == theirs,
    }
}

/// What differs in one result, by its name.
fn differences(ours: &ExpectationResult, theirs: &Value) -> Vec<String> {
    let ours = serde_json::to_value(ours).unwrap();
    let id = &theirs["id"];
    let mut different = Vec::new();
    let mut compare = |name: &str, ours: &Value, theirs: &Value| {
        if !agree(ours, theirs) {
            different.push(format!("{id}: {name} is {ours}, not {theirs}"));
        }
    };
    let exact = ["success", "exception", "element_count", "missing_count", "unexpected_count"];
    let rest = ["observed_value", "unexpected_percent", "partial_unexpected_list"];
    for name in exact.into_iter().chain(rest) {
        compare(name, &ours[name], theirs.get(name).unwrap_or(&Value::Null));
    }
    if let Some(rows) = theirs.get("unexpected_index_list_first50") {
        let first: Vec<_> =
            ours["unexpected_index_list"].as_array().unwrap().iter().take(50).collect();
        compare("unexpected_index_list", &first.into_iter().cloned().collect(), rows);
    }
    different
}

#[test]
fn parquet_agrees_with_great_expectations_in_every_field() {
    let (ours, theirs) = (evaluate("data.parquet"), expected());
    assert_eq!(ours.len(), theirs.len());
    let different: Vec<_> =
        ours.iter().zip(&theirs).flat_map(|(ours, theirs)| differences(ours, theirs)).collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// In CSV the two empty destinations are missing values, so that the three expectations of their
/// text pass them over.
#[test]
fn csv_agrees_where_an_empty_text_is_no_matter() {
    let (ours, theirs) = (evaluate("data.csv"), expected());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        if matches!(theirs["id"].as_u64(), Some(42..=44)) {
            assert_eq!((ours.missing_count, ours.unexpected_count), (Some(2), Some(0)));
        } else {
            assert_eq!(differences(ours, theirs), [""; 0]);
        }
    }
}
