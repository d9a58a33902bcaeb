//! `[project]` and `[source]`.

use super::{check, edited};

#[test]
fn a_name_must_fit_a_url() {
    check(
        &edited(r#""flight-delay""#, r#""Flight Delay""#),
        r#"
  × "Flight Delay" cannot be the name of an endpoint in a URL
   ╭─[shipworthy.toml:2:8]
 1 │ [project]
 2 │ name = "Flight Delay"
   ·        ───────┬──────
   ·               ╰── expected a letter, then letters, digits and `-`, all small, at most 63
 3 │
   ╰────
  help: for example "flight-delay"
"#,
    );
    check(
        &edited(r#""flight-delay""#, r#""2nd""#),
        r#"
  × "2nd" cannot be the name of an endpoint in a URL
   ╭─[shipworthy.toml:2:8]
 1 │ [project]
 2 │ name = "2nd"
   ·        ──┬──
   ·          ╰── expected a letter, then letters, digits and `-`, all small, at most 63
 3 │
   ╰────
"#,
    );
    check(
        &edited(r#"name = "flight-delay""#, "owner = 7"),
        r#"
  × `name` is missing in [project]
   ╭─[shipworthy.toml:1:1]
 1 │ [project]
   · ────┬────
   ·     ╰── expected `name`: a name such as "flight-delay"
 2 │ owner = 7
   ╰────

  × `owner` in [project] is 7
   ╭─[shipworthy.toml:2:9]
 1 │ [project]
 2 │ owner = 7
   ·         ┬
   ·         ╰── expected a string
 3 │
   ╰────
"#,
    );
}

#[test]
fn a_risk_class_is_one_of_three() {
    check(
        &edited(
            r#"name = "flight-delay""#,
            r#"name = "flight-delay"
risk_class = "hihg""#,
        ),
        r#"
  × `risk_class` in [project] is "hihg"
   ╭─[shipworthy.toml:3:14]
 2 │ name = "flight-delay"
 3 │ risk_class = "hihg"
   ·              ───┬──
   ·                 ╰── expected `minimal`, `limited` or `high`
 4 │
   ╰────
  help: did you mean `high`?
"#,
    );
}

#[test]
fn the_source_is_inside_the_project() {
    check(
        &edited(r#""data/flights.parquet""#, r#""data/../../flights.parquet""#),
        r#"
  × "data/../../flights.parquet" is outside of the project
   ╭─[shipworthy.toml:5:8]
 4 │ [source]
 5 │ path = "data/../../flights.parquet"
   ·        ──────────────┬─────────────
   ·                      ╰── expected a path relative to the project file, inside its directory
 6 │ event_timestamp = "time_hour"
   ╰────
  help: copy or link the data into the project's directory
"#,
    );
    check(
        &edited(r#""data/flights.parquet""#, r#""/data/flights.parquet""#),
        r#"
  × "/data/flights.parquet" is outside of the project
   ╭─[shipworthy.toml:5:8]
 4 │ [source]
 5 │ path = "/data/flights.parquet"
   ·        ───────────┬───────────
   ·                   ╰── expected a path relative to the project file, inside its directory
 6 │ event_timestamp = "time_hour"
   ╰────
  help: copy or link the data into the project's directory
"#,
    );
    check(
        &edited(r#""data/flights.parquet""#, r#""""#),
        r#"
  × `path` in [source] is ""
   ╭─[shipworthy.toml:5:8]
 4 │ [source]
 5 │ path = ""
   ·        ─┬
   ·         ╰── expected a string that is not empty
 6 │ event_timestamp = "time_hour"
   ╰────
"#,
    );
}
