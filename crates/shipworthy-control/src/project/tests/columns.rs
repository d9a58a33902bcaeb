//! `[[column]]`.

use super::{check, edited};

#[test]
fn a_column_has_a_name_of_its_own() {
    check(
        &edited(r#"name = "distance""#, r#"name = "origin""#),
        r#"
  × column "origin" is declared twice
    ╭─[shipworthy.toml:18:8]
 13 │ [[column]]
 14 │ name = "origin"
    ·        ────┬───
    ·            ╰── declared here first
 15 │ type = "string"
 16 │
 17 │ [[column]]
 18 │ name = "origin"
    ·        ────┬───
    ·            ╰── expected another name
 19 │ type = "float"
    ╰────
"#,
    );
    check(
        &edited(
            r#"name = "distance"
"#,
            "",
        ),
        r#"
  × `name` is missing in [[column]]
    ╭─[shipworthy.toml:17:1]
 16 │
 17 │ [[column]]
    · ─────┬────
    ·      ╰── expected `name`: the name of a column
 18 │ type = "float"
    ╰────
"#,
    );
}

#[test]
fn a_type_is_one_of_five() {
    check(
        &edited(r#""float""#, r#""double""#),
        r#"
  × `type` in [[column]] is "double"
    ╭─[shipworthy.toml:19:8]
 18 │ name = "distance"
 19 │ type = "double"
    ·        ────┬───
    ·            ╰── expected `boolean`, `integer`, `float`, `string` or `timestamp`
    ╰────
"#,
    );
    check(
        &edited(r#""string""#, r#""str""#),
        r#"
  × `type` in [[column]] is "str"
    ╭─[shipworthy.toml:15:8]
 14 │ name = "origin"
 15 │ type = "str"
    ·        ──┬──
    ·          ╰── expected `boolean`, `integer`, `float`, `string` or `timestamp`
 16 │
    ╰────
  help: did you mean `string`?
"#,
    );
}

#[test]
fn at_least_one_column_is_a_feature() {
    check(
        &edited(
            r#"type = "string"

[[column]]
name = "distance"
type = "float"
"#,
            r#"type = "string"
role = "key"
"#,
        ),
        r#"
  × no column has the role `feature`
    ╭─[shipworthy.toml:13:1]
 12 │
 13 │ [[column]]
    · ─────┬────
    ·      ╰── expected at least one feature
 14 │ name = "origin"
    ╰────
"#,
    );
}

#[test]
fn a_rule_fits_the_type() {
    check(
        &edited(
            r#"type = "string""#,
            r#"type = "string"
max = 3"#,
        ),
        r#"
  × column `origin` is string: a range (min, max) has no meaning for it
    ╭─[shipworthy.toml:16:7]
 14 │ name = "origin"
 15 │ type = "string"
    ·        ────┬───
    ·            ╰── the column's type
 16 │ max = 3
    ·       ┬
    ·       ╰── expected only for integers and floats
 17 │
    ╰────
"#,
    );
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "float"
one_of = [1, 2]"#,
        ),
        r#"
  × column `distance` is float: a set (one_of) has no meaning for it
    ╭─[shipworthy.toml:20:10]
 18 │ name = "distance"
 19 │ type = "float"
    ·        ───┬───
    ·           ╰── the column's type
 20 │ one_of = [1, 2]
    ·          ───┬──
    ·             ╰── expected only for strings
    ╰────
"#,
    );
}

#[test]
fn every_rule_that_does_not_fit_is_found() {
    check(
        &edited(
            r#"type = "string""#,
            r#"type = "boolean"
min = 1
one_of = ["a"]"#,
        ),
        r#"
  × column `origin` is boolean: a range (min, max) has no meaning for it
    ╭─[shipworthy.toml:16:7]
 14 │ name = "origin"
 15 │ type = "boolean"
    ·        ────┬────
    ·            ╰── the column's type
 16 │ min = 1
    ·       ┬
    ·       ╰── expected only for integers and floats
 17 │ one_of = ["a"]
    ╰────

  × column `origin` is boolean: a set (one_of) has no meaning for it
    ╭─[shipworthy.toml:17:10]
 14 │ name = "origin"
 15 │ type = "boolean"
    ·        ────┬────
    ·            ╰── the column's type
 16 │ min = 1
 17 │ one_of = ["a"]
    ·          ──┬──
    ·            ╰── expected only for strings
 18 │
    ╰────
"#,
    );
}

#[test]
fn a_range_is_not_empty() {
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "float"
min = 2.5
max = 1"#,
        ),
        r#"
  × column `distance`: min 2.5 is above max 1
    ╭─[shipworthy.toml:21:7]
 19 │ type = "float"
 20 │ min = 2.5
    ·       ─┬─
    ·        ╰── `min`
 21 │ max = 1
    ·       ┬
    ·       ╰── expected a number that is at least `min`
    ╰────
"#,
    );
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "float"
min = nan"#,
        ),
        r#"
  × `min` in [[column]] is nan
    ╭─[shipworthy.toml:20:7]
 19 │ type = "float"
 20 │ min = nan
    ·       ─┬─
    ·        ╰── expected a finite number
    ╰────
"#,
    );
}

#[test]
fn a_default_passes_the_rules_that_it_mends() {
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "float"
max = 1
on_violation = "default"
default = 2"#,
        ),
        r#"
  × column `distance`: the default must be a value that the column's own rules allow
    ╭─[shipworthy.toml:22:11]
 21 │ on_violation = "default"
 22 │ default = 2
    ·           ┬
    ·           ╰── expected a value that passes the column's own rules
    ╰────
"#,
    );
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "float"
on_violation = "default""#,
        ),
        r#"
  × column `distance`: the default must be a value that the column's own rules allow
    ╭─[shipworthy.toml:20:16]
 19 │ type = "float"
 20 │ on_violation = "default"
    ·                ────┬────
    ·                    ╰── expected a `default` in this column
    ╰────
"#,
    );
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "float"
on_violation = "default"
default = "2""#,
        ),
        r#"
  × `default` in [[column]] is "2"
    ╭─[shipworthy.toml:21:11]
 20 │ on_violation = "default"
 21 │ default = "2"
    ·           ─┬─
    ·            ╰── expected a finite number
    ╰────
  help: write it without quotes: 2
"#,
    );
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "timestamp"
default = 2013-01-01"#,
        ),
        r#"
  × `default` in [[column]] is 2013-01-01
    ╭─[shipworthy.toml:20:11]
 19 │ type = "timestamp"
 20 │ default = 2013-01-01
    ·           ─────┬────
    ·                ╰── expected no default: a made-up time would pass for a real one
    ╰────
"#,
    );
}

#[test]
fn flags_and_sets_are_read_strictly() {
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "float"
required = "true""#,
        ),
        r#"
  × `required` in [[column]] is "true"
    ╭─[shipworthy.toml:20:12]
 19 │ type = "float"
 20 │ required = "true"
    ·            ───┬──
    ·               ╰── expected true or false
    ╰────
  help: write it without quotes: true
"#,
    );
    check(
        &edited(
            r#"type = "string""#,
            r#"type = "string"
one_of = []"#,
        ),
        r#"
  × `one_of` in [[column]] is an array
    ╭─[shipworthy.toml:16:10]
 15 │ type = "string"
 16 │ one_of = []
    ·          ─┬
    ·           ╰── expected a list of strings, at least one
 17 │
    ╰────
"#,
    );
    check(
        &edited(
            r#"type = "float""#,
            r#"type = "float"
on_violation = "drop""#,
        ),
        r#"
  × `on_violation` in [[column]] is "drop"
    ╭─[shipworthy.toml:20:16]
 19 │ type = "float"
 20 │ on_violation = "drop"
    ·                ───┬──
    ·                   ╰── expected `reject`, `default`, `flag` or `quarantine`
    ╰────
"#,
    );
}
