//! `[[expect]]`.

use serde_json::json;
use shipworthy_contract::{Default, Door, OnViolation};

use super::{check, edited, extended, parse};
use crate::project::{Place, Project};

#[test]
fn an_expectation_has_a_name_and_arguments() {
    let project = parse(&extended(
        r#"
[[expect]]
type = "expect_column_values_to_match_regex"
kwargs = { column = "origin", regex = "^[A-Z]{3}$", mostly = 0.9 }
on_violation = "flag"

[[expect]]
type = "ExpectTableRowCountToBeBetween"
kwargs = { min_value = 1 }
"#,
    ));
    let [first, second] = &project.expectations[..] else { panic!("{project:?}") };
    assert_eq!(first.declared.name, "expect_column_values_to_match_regex");
    assert_eq!(first.declared.kwargs["mostly"], json!(0.9));
    let answers = (first.on_violation, second.on_violation);
    assert_eq!(answers, (OnViolation::Flag, OnViolation::Reject));
}

#[test]
fn an_unknown_expectation_is_shown_the_nearest() {
    check(
        &extended(
            r#"
[[expect]]
type = "expect_column_value_to_be_unique"
"#,
        ),
        r#"
  × `type` in [[expect]] is "expect_column_value_to_be_unique"
    ╭─[shipworthy.toml:22:8]
 21 │ [[expect]]
 22 │ type = "expect_column_value_to_be_unique"
    ·        ─────────────────┬────────────────
    ·                         ╰── expected a known expectation
    ╰────
  help: did you mean `ExpectColumnValuesToBeUnique`?
"#,
    );
}

/// Where the only expectation of a project is looked at.
fn places(project: &Project) -> Vec<Place> {
    let [expectation] = &project.expectations[..] else { panic!("{project:?}") };
    expectation.at.clone()
}

#[test]
fn an_expectation_is_looked_at_wherever_it_has_a_meaning() {
    let check = |kind: &str, kwargs: &str, expect: &[Place]| {
        let text = format!("\n[[expect]]\ntype = \"{kind}\"\nkwargs = {{ {kwargs} }}\n");
        assert_eq!(places(&parse(&extended(&text))), expect, "{kind} {kwargs}");
    };
    let (source, request) = (Place::Source, Place::Row(Door::Request));
    let not_null = "ExpectColumnValuesToNotBeNull";
    check(not_null, r#"column = "origin""#, &[source, request]);
    check(not_null, r#"column = "origin", mostly = 0.9"#, &[source]);
    check(not_null, r#"column = "tailnum""#, &[source]);
    check("ExpectColumnMeanToBeBetween", r#"column = "distance", min_value = 1"#, &[source]);
}

#[test]
fn the_contract_has_what_is_expected_of_rows() {
    let project = parse(&extended(
        r#"
[[expect]]
type = "ExpectColumnValuesToBeBetween"
kwargs = { column = "distance", min_value = 10 }
at = ["source", "request", "model_input"]
on_violation = "default"
default = 500

[[expect]]
type = "ExpectColumnValuesToBeBetween"
kwargs = { column = "prediction", max_value = 0.99 }
at = "model_output"
on_violation = "flag"

[[expect]]
type = "ExpectColumnDistinctValuesToEqualSet"
kwargs = { column = "late", value_set = ["late", "not_late"] }
at = "training_set"
"#,
    ));
    let expectations = project.contract().expectations;
    let told: Vec<_> = expectations.iter().map(|e| (e.at, e.on_violation)).collect();
    assert_eq!(
        told,
        [
            (Door::Request, OnViolation::Default),
            (Door::ModelInput, OnViolation::Default),
            (Door::ModelOutput, OnViolation::Flag),
        ]
    );
    assert_eq!(expectations[0].default, Some(Default::Integer(500)));
    assert_eq!(project.expectations[2].at, [Place::TrainingSet]);
}

#[test]
fn what_cannot_be_judged_there_is_told_with_its_place() {
    check(
        &extended(
            r#"
[[expect]]
type = "ExpectColumnMeanToBeBetween"
kwargs = { column = "distance", min_value = 10 }
at = "request"

[[expect]]
type = "ExpectColumnValuesToMatchRegex"
kwargs = { column = "origin", regex = "[A-Z" }

[[expect]]
type = "ExpectColumnMeanToBeBetween"
kwargs = { column = "distance", min_value = 10 }
on_violation = "quarantine"
"#,
        ),
        r#"
  × ExpectColumnMeanToBeBetween at request: it is about a whole table, and a row cannot meet it by
  │ itself
    ╭─[shipworthy.toml:24:6]
 23 │ kwargs = { column = "distance", min_value = 10 }
 24 │ at = "request"
    ·      ────┬────
    ·          ╰── expected what fits there
 25 │
    ╰────
  help: at = "source" looks at the source alone, as a whole

  × ExpectColumnValuesToMatchRegex at request: the pattern `[A-Z` cannot be used: unclosed
  │ character class
    ╭─[shipworthy.toml:26:1]
 25 │
 26 │ [[expect]]
    · ─────┬────
    ·      ╰── expected what fits there
 27 │ type = "ExpectColumnValuesToMatchRegex"
    ╰────

  × a whole table is rejected or told, not mended or set aside
    ╭─[shipworthy.toml:33:16]
 32 │ kwargs = { column = "distance", min_value = 10 }
 33 │ on_violation = "quarantine"
    ·                ──────┬─────
    ·                      ╰── expected `reject` or `flag`
    ╰────
"#,
    );
}

#[test]
fn without_a_source_requests_are_looked_at() {
    let given = |more: &str| {
        let text = edited(
            "[source]\npath = \"data/flights.parquet\"\nevent_timestamp = \"time_hour\"\n",
            "",
        );
        text + "\n[train]\ntrainer = \"file\"\nmodel = \"model.onnx\"\n" + more
    };
    let null = "\n[[expect]]\ntype = \"ExpectColumnValuesToNotBeNull\"\nkwargs = { column = \"origin\" }\n";
    let project = parse(&given(null));
    assert_eq!(places(&project), [Place::Row(Door::Request)]);
    let of_source = format!("{null}at = [\"source\", \"request\"]\n");
    assert!(Project::parse(&given(&of_source), "shipworthy.toml").is_err());
}
