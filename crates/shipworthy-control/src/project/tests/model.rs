//! `[model]`.

use super::{check, edited};

#[test]
fn a_task_is_one_of_three() {
    check(
        &edited(r#""binary""#, r#""Binary""#),
        r#"
  × `task` in [model] is "Binary"
    ╭─[shipworthy.toml:9:8]
  8 │ [model]
  9 │ task = "Binary"
    ·        ────┬───
    ·            ╰── expected `binary`, `multiclass` or `regression`
 10 │ target = "late"
    ╰────
  help: did you mean `binary`?
"#,
    );
    check(
        &edited(
            r#"task = "binary"
"#,
            "",
        ),
        r#"
  × `task` is missing in [model]
   ╭─[shipworthy.toml:8:1]
 7 │
 8 │ [model]
   · ───┬───
   ·    ╰── expected `task`: `binary`, `multiclass` or `regression`
 9 │ target = "late"
   ╰────
"#,
    );
}

#[test]
fn a_label_is_underlined_where_it_stops_making_sense() {
    check(
        &edited("arr_delay > 15", "arr_delay"),
        r#"
  × "arr_delay" is not a label
    ╭─[shipworthy.toml:11:10]
 10 │ target = "late"
 11 │ label = "arr_delay"
    ·          ────┬────
    ·              ╰── expected a comparison: >, >=, <, <=, == or !=
 12 │
    ╰────
  help: a label is a column, a comparison and a literal: arr_delay > 15
"#,
    );
    check(
        &edited("arr_delay > 15", "arr_delay = 15"),
        r#"
  × "arr_delay = 15" is not a label
    ╭─[shipworthy.toml:11:20]
 10 │ target = "late"
 11 │ label = "arr_delay = 15"
    ·                    ┬
    ·                    ╰── expected one of >, >=, <, <=, == and !=
 12 │
    ╰────
  help: did you mean `==` or `!=`?
"#,
    );
    check(
        &edited(r#""arr_delay > 15""#, "'status == bad'"),
        r#"
  × "status == bad" is not a label
    ╭─[shipworthy.toml:11:20]
 10 │ target = "late"
 11 │ label = 'status == bad'
    ·                    ─┬─
    ·                     ╰── expected a number or a 'text' after the comparison
 12 │
    ╰────
  help: text stands in single quotes: 'bad'
"#,
    );
    check(
        &edited("arr_delay > 15", "status > 'bad'"),
        r#"
  × "status > 'bad'" is not a label
    ╭─[shipworthy.toml:11:17]
 10 │ target = "late"
 11 │ label = "status > 'bad'"
    ·                 ┬
    ·                 ╰── expected == or != before a text
 12 │
    ╰────
  help: a label is a column, a comparison and a literal: arr_delay > 15
"#,
    );
    check(
        &edited("arr_delay > 15", r#"arr\u005Fdelay >"#),
        r#"
  × "arr_delay >" is not a label
    ╭─[shipworthy.toml:11:9]
 10 │ target = "late"
 11 │ label = "arr\u005Fdelay >"
    ·         ─────────┬────────
    ·                  ╰── expected a number or a 'text' after the comparison
 12 │
    ╰────
  help: a label is a column, a comparison and a literal: arr_delay > 15
"#,
    );
}

#[test]
fn label_and_positive_are_for_binary_tasks() {
    check(
        &edited(r#""binary""#, r#""regression""#),
        r#"
  × `label` has no meaning for a regression task
    ╭─[shipworthy.toml:11:9]
  8 │ [model]
  9 │ task = "regression"
    ·        ──────┬─────
    ·              ╰── the task
 10 │ target = "late"
 11 │ label = "arr_delay > 15"
    ·         ────────┬───────
    ·                 ╰── expected only for a binary task
 12 │
    ╰────
"#,
    );
    check(
        &edited(
            r#"label = "arr_delay > 15""#,
            r#"label = "arr_delay > 15"
positive = "late""#,
        ),
        r#"
  × `positive` has no meaning beside `label`
    ╭─[shipworthy.toml:12:12]
 10 │ target = "late"
 11 │ label = "arr_delay > 15"
    ·         ────────┬───────
    ·                 ╰── rows where this holds are positive
 12 │ positive = "late"
    ·            ───┬──
    ·               ╰── expected only for a text target
 13 │
    ╰────
  help: remove `positive`
"#,
    );
}

#[test]
fn classes_fit_the_task() {
    check(
        &edited(
            r#"target = "late""#,
            r#"target = "late"
classes = ["a", "b", "c"]"#,
        ),
        r#"
  × `classes` names 3 for a binary task
    ╭─[shipworthy.toml:11:11]
  8 │ [model]
  9 │ task = "binary"
    ·        ────┬───
    ·            ╰── the task
 10 │ target = "late"
 11 │ classes = ["a", "b", "c"]
    ·           ───────┬───────
    ·                  ╰── expected two classes: the negative, then the positive
 12 │ label = "arr_delay > 15"
    ╰────
"#,
    );
    check(
        &edited(
            r#"task = "binary"
target = "late"
label = "arr_delay > 15""#,
            r#"task = "regression"
target = "late"
classes = ["a", "b"]"#,
        ),
        r#"
  × `classes` names 2 for a regression task
    ╭─[shipworthy.toml:11:11]
  8 │ [model]
  9 │ task = "regression"
    ·        ──────┬─────
    ·              ╰── the task
 10 │ target = "late"
 11 │ classes = ["a", "b"]
    ·           ─────┬────
    ·                ╰── expected no classes: the answer is a number
 12 │
    ╰────
"#,
    );
}

#[test]
fn names_of_classes_are_different_and_agree_with_positive() {
    check(
        &edited(
            r#"label = "arr_delay > 15""#,
            r#"positive = "good"
classes = ["good", "bad"]"#,
        ),
        r#"
  × `positive` is "good", `classes` says otherwise
    ╭─[shipworthy.toml:11:12]
 10 │ target = "late"
 11 │ positive = "good"
    ·            ───┬──
    ·               ╰── expected the second of the classes
 12 │ classes = ["good", "bad"]
    ·           ───────┬───────
    ·                  ╰── the negative class, then the positive
 13 │
    ╰────
"#,
    );
    check(
        &edited(
            r#"target = "late""#,
            r#"target = "late"
classes = ["a", "a", 1]"#,
        ),
        r#"
  × `classes` lists "a" twice
    ╭─[shipworthy.toml:11:17]
 10 │ target = "late"
 11 │ classes = ["a", "a", 1]
    ·                 ─┬─
    ·                  ╰── remove it here
 12 │ label = "arr_delay > 15"
    ╰────

  × `classes` in [model] holds 1
    ╭─[shipworthy.toml:11:22]
 10 │ target = "late"
 11 │ classes = ["a", "a", 1]
    ·                      ┬
    ·                      ╰── expected a string
 12 │ label = "arr_delay > 15"
    ╰────
"#,
    );
}

#[test]
fn a_feature_must_not_give_the_answer_away() {
    check(
        &edited(r#"name = "distance""#, r#"name = "arr_delay""#),
        r#"
  × feature "arr_delay" gives the answer away
    ╭─[shipworthy.toml:18:8]
 10 │ target = "late"
 11 │ label = "arr_delay > 15"
    ·         ────────┬───────
    ·                 ╰── the label is made from it
 12 │
 13 │ [[column]]
 14 │ name = "origin"
 15 │ type = "string"
 16 │
 17 │ [[column]]
 18 │ name = "arr_delay"
    ·        ─────┬─────
    ·             ╰── expected no feature of this name
 19 │ type = "float"
    ╰────
  help: remove the [[column]], or change its role
"#,
    );
    check(
        &edited(r#"name = "distance""#, r#"name = "late""#),
        r#"
  × feature "late" gives the answer away
    ╭─[shipworthy.toml:18:8]
  9 │ task = "binary"
 10 │ target = "late"
    ·          ───┬──
    ·             ╰── it is the target
 11 │ label = "arr_delay > 15"
 12 │
 13 │ [[column]]
 14 │ name = "origin"
 15 │ type = "string"
 16 │
 17 │ [[column]]
 18 │ name = "late"
    ·        ───┬──
    ·           ╰── expected no feature of this name
 19 │ type = "float"
    ╰────
  help: remove the [[column]], or change its role
"#,
    );
}
