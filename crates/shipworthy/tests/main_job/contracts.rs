//! `shipworthy contract`: contracts from elsewhere, from data, and beside one another.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::command::run;

#[test]
fn a_suite_is_printed_as_sections_and_what_is_left_out_is_told() {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("suite.json");
    let suite = json!({"name": "s", "expectations": [
        {"type": "expect_column_values_to_be_between",
            "kwargs": {"column": "amount", "min_value": 0, "max_value": 2.5}},
        {"type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "code", "regex": "^\\d", "mostly": 0.9}},
        {"type": "expect_column_values_to_be_splendid", "kwargs": {"column": "amount"}},
    ]});
    fs::write(&place, suite.to_string()).unwrap();
    let ran = run(&format!("contract import {}", place.display()));
    let expect = r#"[[column]]
name = "amount"
type = "float"  # a guess from its rules
required = false
min = 0
max = 2.5

[[column]]
name = "code"
type = "string"  # a guess from its rules
required = false

[[expect]]
type = "ExpectColumnValuesToMatchRegex"
kwargs = { column = "code", mostly = 0.9, regex = "^\\d" }
"#;
    assert_eq!(ran.expect(0), expect);
    ran.says("expect_column_values_to_be_splendid {\"column\":\"amount\"}: ");
    fs::write(&place, "{}").unwrap();
    run(&format!("contract import {}", place.display())).expect(2);
}

#[test]
fn data_suggests_its_contract_with_the_evidence() {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("rows.csv");
    let rows: String = (0..100).map(|row| format!("{},{}\n", row % 7, row % 2)).collect();
    fs::write(&place, format!("visits,bought\n{rows}")).unwrap();
    let ran = run(&format!("contract infer {} --target bought", place.display()));
    let text = ran.expect(0);
    assert!(text.contains("# 0 to 6 in the data, 7 different values; never missing."), "{text}");
    assert!(text.contains("[[column]]\nname = \"visits\"\ntype = \"integer\""), "{text}");
    assert!(!text.contains("name = \"bought\""), "{text}");
}

#[test]
fn a_breaking_change_ends_with_code_1() {
    let directory = TempDir::new().unwrap();
    let file = |name: &str, max: u32| {
        let place = directory.path().join(name);
        let column = json!({"name": "a", "type": "float", "role": "feature", "required": true,
            "max": max, "on_violation": "reject"});
        fs::write(&place, json!({"columns": [column]}).to_string()).unwrap();
        place.display().to_string()
    };
    let (old, new) = (file("old.json", 5), file("new.json", 4));
    let ran = run(&format!("contract diff {old} {new}"));
    let told = "breaking  a  has the max 4 now, and had 5\n1 changed, 1 breaking\n";
    assert_eq!(ran.expect(1), told);
    let back = run(&format!("contract diff {new} {old} --json"));
    back.expect(0);
    assert_eq!(back.json()["breaking"], false);
    assert_eq!(
        run(&format!("contract diff {old} {old}")).expect(0),
        "the contracts are the same\n"
    );
    run(&format!("contract diff {old} {old}.gone")).expect(2);
}
