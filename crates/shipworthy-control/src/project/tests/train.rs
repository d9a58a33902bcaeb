//! `[train]`.

use super::{BASE, check, extended};

#[test]
fn another_trainer_is_refused() {
    check(
        &extended(
            r#"
[train]
trainer = "xgboost"
"#,
        ),
        r#"
  × there is no trainer "xgboost"
    ╭─[shipworthy.toml:22:11]
 21 │ [train]
 22 │ trainer = "xgboost"
    ·           ────┬────
    ·               ╰── expected `builtin`, `command` or `file`
    ╰────
  help: a program of your own trains with trainer = "command"
"#,
    );
}

#[test]
fn windows_go_forward() {
    check(
        &extended(
            r#"
[train]
from = 2013-04-01
until = "2013-01-01T00:00:00Z"
"#,
        ),
        r#"
  × a time window ends before it begins
    ╭─[shipworthy.toml:23:9]
 21 │ [train]
 22 │ from = 2013-04-01
    ·        ─────┬────
    ·             ╰── `from`
 23 │ until = "2013-01-01T00:00:00Z"
    ·         ───────────┬──────────
    ·                    ╰── expected an instant after `from`
    ╰────
"#,
    );
    check(
        &extended(
            r#"
[train]
from = "april"
"#,
        ),
        r#"
  × `from` in [train] is "april"
    ╭─[shipworthy.toml:22:8]
 21 │ [train]
 22 │ from = "april"
    ·        ───┬───
    ·           ╰── expected an instant such as 2013-04-01T00:00:00Z
    ╰────
"#,
    );
}

#[test]
fn time_windows_need_to_know_the_time_of_a_row() {
    let text = BASE.replace(
        r#"event_timestamp = "time_hour"
"#,
        "",
    ) + r#"
[train]
validation = { last = "7d" }
"#;
    check(
        &text,
        r#"
  × training takes rows by their time, and rows have none
    ╭─[shipworthy.toml:21:23]
 20 │ [train]
 21 │ validation = { last = "7d" }
    ·                       ──┬─
    ·                         ╰── expected `event_timestamp` in [source]
    ╰────
  help: name the column that orders the rows: event_timestamp = "…" in [source]
"#,
    );
    let text = BASE.replace(
        r#"event_timestamp = "time_hour"
"#,
        "",
    ) + "\n[train]\nuntil = 2013-04-01\n";
    check(
        &text,
        r#"
  × training takes rows by their time, and rows have none
    ╭─[shipworthy.toml:21:9]
 20 │ [train]
 21 │ until = 2013-04-01
    ·         ─────┬────
    ·              ╰── expected `event_timestamp` in [source]
    ╰────
  help: name the column that orders the rows: event_timestamp = "…" in [source]
"#,
    );
}

#[test]
fn the_test_window_is_apart_from_training() {
    check(
        &extended(
            "\n[train]\nuntil = 2013-04-01\ntest = { from = 2013-03-31, until = 2013-05-01 }\n",
        ),
        r#"
  × the test window overlaps the training window
    ╭─[shipworthy.toml:23:8]
 21 │ [train]
 22 │ until = 2013-04-01
    ·         ─────┬────
    ·              ╰── the training window
 23 │ test = { from = 2013-03-31, until = 2013-05-01 }
    ·        ────────────────────┬────────────────────
    ·                            ╰── expected rows that training never sees
    ╰────
  help: a window has its `from` in it, and its `until` not
"#,
    );
    check(
        &extended("\n[train]\ntest = { from = 2013-03-31 }\n"),
        r#"
  × the test window overlaps the training window
    ╭─[shipworthy.toml:22:8]
 21 │ [train]
 22 │ test = { from = 2013-03-31 }
    ·        ──────────┬──────────
    ·                  ╰── expected rows that training never sees
    ╰────
  help: end the training window before it: until = 2013-03-31T00:00:00Z
"#,
    );
}

#[test]
fn validation_and_test_leave_rows_to_train_on() {
    check(
        &extended("\n[train]\nvalidation = { share = 0.6 }\ntest = { share = 0.5 }\n"),
        r#"
  × validation and test leave nothing to train on
    ╭─[shipworthy.toml:23:18]
 21 │ [train]
 22 │ validation = { share = 0.6 }
    ·                        ─┬─
    ·                         ╰── validation
 23 │ test = { share = 0.5 }
    ·                  ─┬─
    ·                   ╰── expected less than what validation leaves
    ╰────
"#,
    );
    check(
        &extended("\n[train]\ntest = { share = 0.9 }\n"),
        r#"
  × validation and test leave nothing to train on
    ╭─[shipworthy.toml:22:18]
 21 │ [train]
 22 │ test = { share = 0.9 }
    ·                  ─┬─
    ·                   ╰── expected less than what validation leaves
    ╰────
  help: without `validation` its share is 0.2
"#,
    );
    check(
        &extended(
            r#"
[train]
from = 2013-04-01
until = 2013-04-08
validation = { last = "7d" }
"#,
        ),
        r#"
  × validation leaves nothing to train on
    ╭─[shipworthy.toml:24:23]
 23 │ until = 2013-04-08
 24 │ validation = { last = "7d" }
    ·                       ──┬─
    ·                         ╰── expected less than the time between `from` and `until`
    ╰────
"#,
    );
}

#[test]
fn validation_and_test_are_said_in_one_way() {
    check(
        &extended(
            r#"
[train]
validation = { last = "7d", share = 0.2 }
"#,
        ),
        r#"
  × `validation` takes the last rows or a share of them
    ╭─[shipworthy.toml:22:14]
 21 │ [train]
 22 │ validation = { last = "7d", share = 0.2 }
    ·              ──────────────┬─────────────
    ·                            ╰── expected `last` or `share`, one of them
    ╰────
  help: validation = { share = 0.2 }
"#,
    );
    check(
        &extended("\n[train]\nvalidation = {}\n"),
        r#"
  × `validation` takes the last rows or a share of them
    ╭─[shipworthy.toml:22:14]
 21 │ [train]
 22 │ validation = {}
    ·              ─┬
    ·               ╰── expected `last` or `share`, one of them
    ╰────
  help: validation = { share = 0.2 }
"#,
    );
}

#[test]
fn a_share_or_a_span_stands_in_a_table() {
    check(
        &extended("\n[train]\nvalidation = 0.2\n"),
        r#"
  × `validation` in [train] is 0.2
    ╭─[shipworthy.toml:22:14]
 21 │ [train]
 22 │ validation = 0.2
    ·              ─┬─
    ·               ╰── expected a table, [train.validation]
    ╰────
"#,
    );
}

#[test]
fn a_test_is_a_window_or_a_share() {
    check(
        &extended("\n[train]\ntest = { from = 2013-04-01, share = 0.2 }\n"),
        r#"
  × `test` takes a time window or a share of the rows
    ╭─[shipworthy.toml:22:8]
 21 │ [train]
 22 │ test = { from = 2013-04-01, share = 0.2 }
    ·        ─────────────────┬────────────────
    ·                         ╰── expected `share`, or `from` and `until`
    ╰────
  help: test = { share = 0.2 }
"#,
    );
}

#[test]
fn a_span_has_a_known_unit() {
    check(
        &extended(
            r#"
[train]
validation = { last = "1 week" }
"#,
        ),
        r#"
  × `last` in [train.validation] is "1 week"
    ╭─[shipworthy.toml:22:23]
 21 │ [train]
 22 │ validation = { last = "1 week" }
    ·                       ────┬───
    ·                           ╰── expected a time span such as "10s", from 1s to 3650d
    ╰────
  help: units of time are `ms`, `s`, `m`, `h` or `d`
"#,
    );
}

#[test]
fn numbers_are_in_their_ranges() {
    check(
        &extended("\n[train]\nrounds = 0\nseed = -1\nearly_stopping_rounds = 1.5\n"),
        r#"
  × `rounds` in [train] is 0
    ╭─[shipworthy.toml:22:10]
 21 │ [train]
 22 │ rounds = 0
    ·          ┬
    ·          ╰── expected a whole number from 1 to 100000
 23 │ seed = -1
    ╰────

  × `seed` in [train] is -1
    ╭─[shipworthy.toml:23:8]
 22 │ rounds = 0
 23 │ seed = -1
    ·        ─┬
    ·         ╰── expected a whole number from 0 to 9223372036854775807
 24 │ early_stopping_rounds = 1.5
    ╰────

  × `early_stopping_rounds` in [train] is 1.5
    ╭─[shipworthy.toml:24:25]
 23 │ seed = -1
 24 │ early_stopping_rounds = 1.5
    ·                         ─┬─
    ·                          ╰── expected a whole number from 0 to 100000
    ╰────
"#,
    );
    check(
        &extended(
            r#"
[train.parameters]
learning_rate = 0
max_depth = "6"
eta = 0.1
"#,
        ),
        r#"
  × `learning_rate` in [train.parameters] is 0
    ╭─[shipworthy.toml:22:17]
 21 │ [train.parameters]
 22 │ learning_rate = 0
    ·                 ┬
    ·                 ╰── expected a number above 0 and at most 1
 23 │ max_depth = "6"
    ╰────

  × `max_depth` in [train.parameters] is "6"
    ╭─[shipworthy.toml:23:13]
 22 │ learning_rate = 0
 23 │ max_depth = "6"
    ·             ─┬─
    ·              ╰── expected a whole number from 1 to 32
 24 │ eta = 0.1
    ╰────
  help: write it without quotes: 6

  × unknown key `eta` in [train.parameters]
    ╭─[shipworthy.toml:24:1]
 23 │ max_depth = "6"
 24 │ eta = 0.1
    · ─┬─
    ·  ╰── expected a known key
    ╰────
  help: [train.parameters] takes `learning_rate`, `max_depth`, `min_child_weight`, `subsample`,
        `colsample_bytree`, `reg_lambda`, `reg_alpha`, `gamma` or `max_bin`
"#,
    );
}
