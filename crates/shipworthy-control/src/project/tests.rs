//! Every mistake and what is said about it, every default, and texts that nobody would write.

mod arbitrary;
mod columns;
mod command;
mod decision;
mod defaults;
mod documentation;
mod expect;
mod gate;
mod given;
mod guard;
mod identity;
mod key;
mod model;
mod policy;
mod releases;
mod rollout;
mod syntax;
mod train;

use super::Project;

/// A project file with nothing wrong. Most tests change one thing of it.
const BASE: &str = r#"[project]
name = "flight-delay"

[source]
path = "data/flights.parquet"
event_timestamp = "time_hour"

[model]
task = "binary"
target = "late"
label = "arr_delay > 15"

[[column]]
name = "origin"
type = "string"

[[column]]
name = "distance"
type = "float"
"#;

/// [`BASE`] with the first `old` replaced.
fn edited(old: &str, new: &str) -> String {
    assert!(BASE.contains(old), "{old}");
    BASE.replacen(old, new, 1)
}

/// [`BASE`] with more at the end.
fn extended(more: &str) -> String {
    BASE.to_owned() + more
}

fn parse(text: &str) -> Project {
    match Project::parse(text, "shipworthy.toml") {
        Ok(project) => project,
        Err(diagnosis) => panic!("{}", crate::diagnose::render(&diagnosis, false)),
    }
}

/// Checks that the mistakes of `text` are rendered as `expected`. The heading, which counts them,
/// and the word before each are left out.
#[track_caller]
fn check(text: &str, expected: &str) {
    let diagnosis = Project::parse(text, "shipworthy.toml").expect_err("the file has mistakes");
    let rendered = crate::diagnose::render(&diagnosis, false);
    let (heading, mistakes) = rendered.split_once("\n\n").expect("a heading");
    assert!(heading.starts_with("  × shipworthy.toml has "), "{heading}");
    assert_eq!(mistakes.matches("Error:\n").count(), diagnosis.count(), "{mistakes}");
    let mistakes = mistakes.replace("Error:\n", "");
    assert_eq!(mistakes.trim_matches('\n'), expected.trim_matches('\n'), "\n{mistakes}");
}

#[test]
fn a_diagnosis_counts_its_mistakes_and_shows_each() {
    let text = edited("\"late\"", "7") + "[limits]\nmax_row = 5\n";
    let diagnosis = Project::parse(&text, "flights/shipworthy.toml").unwrap_err();
    let expected = r#"  × flights/shipworthy.toml has 2 mistakes

Error:
  × `target` in [model] is 7
    ╭─[flights/shipworthy.toml:10:10]
  9 │ task = "binary"
 10 │ target = 7
    ·          ┬
    ·          ╰── expected a string
 11 │ label = "arr_delay > 15"
    ╰────

Error:
  × unknown key `max_row` in [limits]
    ╭─[flights/shipworthy.toml:21:1]
 20 │ [limits]
 21 │ max_row = 5
    · ───┬───
    ·    ╰── expected a known key
    ╰────
  help: did you mean `max_rows`?
"#;
    assert_eq!(crate::diagnose::render(&diagnosis, false), expected);
    let coloured = crate::diagnose::render(&diagnosis, true);
    assert!(coloured.contains("\u{1b}[") && !expected.contains("\u{1b}["));
}

#[test]
fn a_diagnosis_is_json_for_machines() {
    let text = edited("arr_delay > 15", "é = 15").replace("[project]\nname = \"flight-delay\"", "");
    let diagnosis = Project::parse(&text, "shipworthy.toml").unwrap_err();
    let expected = serde_json::json!([
        {
            "line": 10,
            "column": 12,
            "message": "\"é = 15\" is not a label: expected one of >, >=, <, <=, == and !=",
            "help": "did you mean `==` or `!=`?",
        },
        {
            "line": 1,
            "column": 1,
            "message": "[project] is missing",
            "help": "add a section [project]",
        },
    ]);
    assert_eq!(crate::diagnose::json(&diagnosis), expected);
}
