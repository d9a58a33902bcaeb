//! `key` and `testers` in `[rollout]`.

use super::{check, extended};
use crate::project::Project;

#[test]
fn a_rollout_splits_by_a_declared_column() {
    check(
        &extended(
            r#"
[rollout]
key = "orign"
"#,
        ),
        r#"
  × there is no [[column]] "orign"
    ╭─[shipworthy.toml:22:7]
 21 │ [rollout]
 22 │ key = "orign"
    ·       ───┬───
    ·          ╰── expected a declared column
    ╰────
  help: did you mean `origin`?
"#,
    );
    check(
        &extended(
            r#"
[rollout]
strategy = "blue-green"
key = "customer"
"#,
        ),
        r#"
  × `strategy` in [rollout] is "blue-green"
    ╭─[shipworthy.toml:22:12]
 21 │ [rollout]
 22 │ strategy = "blue-green"
    ·            ──────┬─────
    ·                  ╰── expected `shadow`, `canary` or `blue_green`
 23 │ key = "customer"
    ╰────
  help: did you mean `blue_green`?

  × there is no [[column]] "customer"
    ╭─[shipworthy.toml:23:7]
 22 │ strategy = "blue-green"
 23 │ key = "customer"
    ·       ─────┬────
    ·            ╰── expected a declared column
    ╰────
  help: declare it, with role = "key" if the model must not see it
"#,
    );
}

#[test]
fn testers_are_values_of_the_key() {
    check(
        &extended("\n[rollout]\ntesters = [\"JFK\"]\n"),
        r#"
  × `testers` in [rollout] are values of `key`, and there is none
    ╭─[shipworthy.toml:22:11]
 21 │ [rollout]
 22 │ testers = ["JFK"]
    ·           ───┬───
    ·              ╰── expected `key` beside it
    ╰────
  help: name the column that has them: key = "…"
"#,
    );
    check(
        &extended("\n[rollout]\nkey = \"origin\"\ntesters = [\"JFK\", 7, \"JFK\"]\n"),
        r#"
  × `testers` in [rollout] holds 7
    ╭─[shipworthy.toml:23:19]
 22 │ key = "origin"
 23 │ testers = ["JFK", 7, "JFK"]
    ·                   ┬
    ·                   ╰── expected a string
    ╰────

  × `testers` lists "JFK" twice
    ╭─[shipworthy.toml:23:22]
 22 │ key = "origin"
 23 │ testers = ["JFK", 7, "JFK"]
    ·                      ──┬──
    ·                        ╰── remove it here
    ╰────
"#,
    );
}

#[test]
fn testers_are_few_and_short() {
    let testers = |testers: &[String]| {
        let text = format!("[rollout]\nkey = \"origin\"\ntesters = {testers:?}\n");
        let read = Project::parse(&extended(&text), "shipworthy.toml");
        read.map(|_| ()).map_err(|diagnosis| diagnosis.places()[0].message.clone())
    };
    let numbered: Vec<_> = (0..=1_000).map(|number| number.to_string()).collect();
    assert_eq!(testers(&numbered[1..]), Ok(()));
    let message = "`testers` in [rollout] lists 1001 values: expected at most 1000";
    assert_eq!(testers(&numbered), Err(message.to_owned()));
    assert_eq!(testers(&["é".repeat(128)]), Ok(()));
    let message = "`testers` in [rollout] holds a value of 257 bytes: expected at most 256 of each";
    assert_eq!(testers(&["x".repeat(257)]), Err(message.to_owned()));
}
