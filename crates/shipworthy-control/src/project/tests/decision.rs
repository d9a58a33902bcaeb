//! `[decision]`.

use super::{BASE, check, extended};

#[test]
fn a_threshold_is_for_binary_tasks_and_between_0_and_1() {
    check(
        &extended("\n[decision]\nthreshold = 1\n"),
        r#"
  × `threshold` in [decision] is 1
    ╭─[shipworthy.toml:22:13]
 21 │ [decision]
 22 │ threshold = 1
    ·             ┬
    ·             ╰── expected a number above 0 and below 1
    ╰────
"#,
    );
    check(
        &extended(
            r#"
[decision]
threshold = "0.4"
"#,
        ),
        r#"
  × `threshold` in [decision] is "0.4"
    ╭─[shipworthy.toml:22:13]
 21 │ [decision]
 22 │ threshold = "0.4"
    ·             ──┬──
    ·               ╰── expected a number above 0 and below 1
    ╰────
  help: write it without quotes: 0.4
"#,
    );
    let text =
        BASE.replace(
            r#"task = "binary"
"#,
            r#"task = "regression"
"#,
        )
        .replace(
            r#"label = "arr_delay > 15"
"#,
            "",
        ) + "\n[decision]\nthreshold = 0.4\n";
    check(
        &text,
        r#"
  × `threshold` has no meaning for a regression task
    ╭─[shipworthy.toml:9:8]
  8 │ [model]
  9 │ task = "regression"
    ·        ──────┬─────
    ·              ╰── the task
 10 │ target = "late"
    ╰────
    ╭─[shipworthy.toml:21:13]
 20 │ [decision]
 21 │ threshold = 0.4
    ·             ─┬─
    ·              ╰── expected only for a binary task
    ╰────
"#,
    );
}

#[test]
fn a_safe_answer_is_a_class() {
    check(
        &extended(
            r#"
[decision]
safe_answer = "not-late"
"#,
        ),
        r#"
  × "not-late" is not a class of this model
    ╭─[shipworthy.toml:22:15]
 21 │ [decision]
 22 │ safe_answer = "not-late"
    ·               ─────┬────
    ·                    ╰── expected `not_late` or `late`
    ╰────
  help: did you mean `not_late`?
"#,
    );
    let text =
        BASE.replace(
            r#"task = "binary"
"#,
            r#"task = "regression"
"#,
        )
        .replace(
            r#"label = "arr_delay > 15"
"#,
            "",
        ) + r#"
[decision]
safe_answer = "late"
"#;
    check(
        &text,
        r#"
  × `safe_answer` has no meaning for a regression task
    ╭─[shipworthy.toml:9:8]
  8 │ [model]
  9 │ task = "regression"
    ·        ──────┬─────
    ·              ╰── the task
 10 │ target = "late"
    ╰────
    ╭─[shipworthy.toml:21:15]
 20 │ [decision]
 21 │ safe_answer = "late"
    ·               ───┬──
    ·                  ╰── expected only for classes
    ╰────
"#,
    );
}
