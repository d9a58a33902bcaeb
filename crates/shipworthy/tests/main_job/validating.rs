//! `shipworthy validate`: files of rows beside suites of expectations.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{Ran, run};

const FIXTURES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../shipworthy-contract/tests/validation");

fn validate(directory: &Path, data: &str, suite: &Value, more: &str) -> Ran {
    fs::write(directory.join("suite.json"), suite.to_string()).unwrap();
    let place = directory.display();
    run(&format!("validate {place}/{data} --expectations {place}/suite.json {more}"))
}

#[test]
fn a_suite_of_great_expectations_is_answered_as_it_answers() {
    let line = "--json --expectations";
    let ran = run(&format!("validate {FIXTURES}/data.parquet {line} {FIXTURES}/expectations.json"));
    ran.expect(1);
    let ours = ran.json();
    let text = fs::read_to_string(format!("{FIXTURES}/expected.json")).unwrap();
    let theirs: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(ours["success"], false);
    let pairs =
        ours["results"].as_array().unwrap().iter().zip(theirs["results"].as_array().unwrap());
    for (ours, theirs) in pairs {
        for name in ["id", "success", "exception", "element_count", "unexpected_count"] {
            assert_eq!(ours[name], *theirs.get(name).unwrap_or(&Value::Null), "{theirs}");
        }
    }
    assert_eq!(ours["statistics"]["evaluated_expectations"], 56);
}

#[test]
fn more_values_than_memory_may_hold_are_still_counted_exactly() {
    const DIFFERENT: u32 = 1_050_000;
    let directory = TempDir::new().unwrap();
    let mut rows = String::from("id\n");
    (0..DIFFERENT).for_each(|id| rows += &format!("{id}\n"));
    fs::write(directory.path().join("rows.csv"), rows + "17\n").unwrap();
    let suite = json!([
        {"expectation": "ExpectColumnValuesToBeUnique", "kwargs": {"column": "id"}},
        {"expectation": "ExpectColumnUniqueValueCountToBeBetween",
         "kwargs": {"column": "id", "min_value": DIFFERENT, "max_value": DIFFERENT}},
    ]);
    let ran = validate(directory.path(), "rows.csv", &suite, "--json");
    ran.expect(1);
    let results = &ran.json()["results"];
    assert_eq!(results[0]["unexpected_index_list"], json!([17, DIFFERENT]));
    assert_eq!(results[0]["partial_unexpected_list"], json!([17, 17]));
    assert_eq!(results[1]["success"], true);
}

#[test]
fn three_kinds_of_file_and_two_of_suite_say_the_same() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("rows.csv"), "a,b\n1,x\n,y\n3,\n").unwrap();
    let lines = "{\"a\": 1, \"b\": \"x\"}\n{\"b\": \"y\"}\n{\"a\": 3, \"b\": null}\n";
    fs::write(directory.path().join("rows.jsonl"), lines).unwrap();
    let new = json!({"name": "s", "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "mostly": 0.5}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "b", "value_set": ["x", "y"]}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "a", "max_value": 3}},
    ]});
    let text = new.to_string().replace("\"type\"", "\"expectation_type\"");
    let old: Value =
        serde_json::from_str(&text.replace("\"name\"", "\"expectation_suite_name\"")).unwrap();
    let first = validate(directory.path(), "rows.csv", &new, "--json").json();
    assert_eq!(first["success"], true);
    assert_eq!(first["results"][0]["unexpected_index_list"], json!([1]));
    assert_eq!(first, validate(directory.path(), "rows.jsonl", &new, "--json").json());
    assert_eq!(first, validate(directory.path(), "rows.csv", &old, "--json").json());
    let told = validate(directory.path(), "rows.csv", &new, "");
    assert!(told.expect(0).ends_with("rows.csv: 3 rows, 3 expectations hold\n"), "{told:?}");
}

#[test]
fn people_see_what_was_expected_and_the_first_rows_that_break_it() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("rows.csv"), "a\n1\n-5\n7\n-6\n").unwrap();
    let suite = json!([
        {"expectation": "ExpectColumnValuesToBeBetween", "kwargs": {"column": "a", "min_value": 0}},
        {"expectation": "ExpectColumnValuesToBeBetwixt", "kwargs": {"column": "a"}},
        {"expectation": "ExpectColumnToExist", "kwargs": {"column": "a"}},
    ]);
    let told = validate(directory.path(), "rows.csv", &suite, "");
    let told = told.expect(1);
    for part in ["column a, min_value 0", "2 of 4 rows", "1: -5, 3: -6", "2 of 3 expectations"] {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("is not supported"), "{told}");
    assert!(!told.contains("ExpectColumnToExist"), "{told}");
}

#[test]
fn what_cannot_be_read_ends_with_code_2() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("rows.csv"), "a\n1\n").unwrap();
    let refused = validate(directory.path(), "rows.csv", &json!({"a": 1}), "");
    refused.expect(2);
    refused.says("an object must have a list `expectations`");
    let refused = validate(directory.path(), "rows.txt", &json!([]), "");
    refused.expect(2);
    refused.says("not a .parquet, .csv or .jsonl file");
}
