//! `[[expect]]`.

use serde_json::json;

use super::{check, extended, parse};
use crate::project::OnFailure;

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
    assert_eq!(answers, (OnFailure::Flag, OnFailure::Reject));
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
