//! What is no TOML, no section and no key.

use super::{check, edited, extended};

#[test]
fn text_that_is_no_toml_is_shown_where_it_breaks() {
    check(
        r#"[project]
name = flight-delay
owner = "ops
"#,
        r#"
  × this is not TOML
   ╭─[shipworthy.toml:2:8]
 1 │ [project]
 2 │ name = flight-delay
   ·        ──────┬─────
   ·              ╰── invalid boolean, expected `false`
 3 │ owner = "ops
   ╰────
  help: text stands in quotes: "flight-delay"

  × this is not TOML
   ╭─[shipworthy.toml:3:13]
 2 │ name = flight-delay
 3 │ owner = "ops
   ·             ▲
   ·             ╰── invalid basic string, expected `"`
   ╰────
"#,
    );
    check(
        "a = 1\na = 2\n",
        r#"
  × this is not TOML
   ╭─[shipworthy.toml:2:1]
 1 │ a = 1
 2 │ a = 2
   · ┬
   · ╰── duplicate key
   ╰────
"#,
    );
}

#[test]
fn a_missing_section_is_named() {
    check(
        "",
        r#"
  × [project] is missing
  help: add a section [project]

  × [source] is missing
  help: add a section [source]

  × [model] is missing
  help: add a section [model]

  × [[column]] is missing
  help: add a section [[column]]
"#,
    );
}

#[test]
fn an_unknown_section_gets_the_nearest_known_one() {
    check(
        &extended("\n[limit]\nmax_rows = 5\n"),
        r#"
  × unknown key `limit` in the project file
    ╭─[shipworthy.toml:21:2]
 20 │
 21 │ [limit]
    ·  ──┬──
    ·    ╰── expected a known key
 22 │ max_rows = 5
    ╰────
  help: did you mean `limits`?
"#,
    );
}

#[test]
fn an_unknown_key_gets_the_nearest_known_one() {
    check(
        &extended("\n[decision]\ntreshold = 0.4\n"),
        r#"
  × unknown key `treshold` in [decision]
    ╭─[shipworthy.toml:22:1]
 21 │ [decision]
 22 │ treshold = 0.4
    · ────┬───
    ·     ╰── expected a known key
    ╰────
  help: did you mean `threshold`?
"#,
    );
}

#[test]
fn a_key_of_another_section_is_sent_there() {
    check(
        &edited(
            r#"target = "late""#,
            r#"target = "late"
threshold = 0.4"#,
        ),
        r#"
  × unknown key `threshold` in [model]
    ╭─[shipworthy.toml:11:1]
 10 │ target = "late"
 11 │ threshold = 0.4
    · ────┬────
    ·     ╰── expected a known key
 12 │ label = "arr_delay > 15"
    ╰────
  help: `threshold` belongs in [decision]
"#,
    );
}

#[test]
fn an_unknown_key_like_no_other_gets_the_whole_list() {
    check(
        &extended(
            r#"
[ledger]
colour = "red"
"#,
        ),
        r#"
  × unknown key `colour` in [ledger]
    ╭─[shipworthy.toml:22:1]
 21 │ [ledger]
 22 │ colour = "red"
    · ───┬──
    ·    ╰── expected a known key
    ╰────
  help: [ledger] takes `max_size` or `segment_size`
"#,
    );
}

#[test]
fn what_is_not_built_yet_is_refused_by_name() {
    check(
        &extended(
            r#"
[[feature_view]]
name = "x"
"#,
        ),
        r#"
  × [[feature_view]] is not supported yet in this version
    ╭─[shipworthy.toml:21:3]
 20 │
 21 │ [[feature_view]]
    ·   ──────┬─────
    ·         ╰── not built yet
 22 │ name = "x"
    ╰────
  help: remove it, and send every feature with the request as a [[column]]
"#,
    );
}

#[test]
fn a_section_of_the_wrong_shape_is_shown_the_right_one() {
    check(
        &extended("\n[[limits]]\nmax_rows = 5\n"),
        r#"
  × `limits` in the project file is an array
    ╭─[shipworthy.toml:21:1]
 20 │
 21 │ [[limits]]
    · ─────┬────
    ·      ╰── expected a table, [limits]
 22 │ max_rows = 5
    ╰────
"#,
    );
    check(
        &edited(
            r#"[[column]]
name = "origin"
type = "string"

[[column]]"#,
            "[column]",
        ),
        r#"
  × `column` in the project file is a table
    ╭─[shipworthy.toml:13:1]
 12 │
 13 │ [column]
    · ────┬───
    ·     ╰── expected [[column]]
 14 │ name = "distance"
    ╰────
  help: write [[column]] with two brackets, once for each
"#,
    );
}
