//! A command of the project's own that trains: `trainer = "command"`.

use std::time::Duration;

use serde_json::json;

use super::{check, extended, parse};
use crate::project::{Command, Trainer, Validation};

const BEGIN: &str = "[train]\ntrainer = \"command\"\n";

/// A section with what a command needs.
fn of_a_command(more: &str) -> String {
    let command = "command = [\"python3\", \"train.py\", \"-v\", \"-v\"]\n";
    extended(&format!("{BEGIN}{command}lock = \"uv.lock\"\n{more}"))
}

fn command(text: &str) -> Command {
    match parse(text).train.trainer {
        Trainer::Command(command) => command,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_has_words_a_lock_file_and_an_hour() {
    let read = command(&of_a_command(""));
    assert_eq!(read.words, ["python3", "train.py", "-v", "-v"]);
    assert_eq!(read.lock.to_str(), Some("uv.lock"));
    assert_eq!(read.timeout, Duration::from_hours(1));
    assert!(read.parameters.is_empty());
    let read = parse(&of_a_command("timeout = \"5m\"\nseed = 17\nvalidation = { share = 0.3 }\n"));
    assert_eq!((read.train.seed, read.train.validation), (17, Validation::Share(0.3)));
}

#[test]
fn what_a_command_is_told_is_whatever_json_has() {
    let more = "[train.parameters]\neta = 1_0.5\ndepth = 0x10\nrate = 1.0\n\"a b\" = [1, [true]]\n\
                [train.parameters.nested]\ntext = 'é'\n";
    let told = serde_json::Value::Object(command(&of_a_command(more)).parameters);
    let expected = json!({
        "eta": 10.5, "depth": 16, "rate": 1.0, "a b": [1, [true]], "nested": {"text": "é"},
    });
    assert_eq!(told, expected);
}

#[test]
fn what_json_does_not_have_is_refused() {
    check(
        &of_a_command("[train.parameters]\nrate = inf\ndays = [2013-01-01]\n"),
        r#"
  × `parameters` in [train] holds inf
    ╭─[shipworthy.toml:25:8]
 24 │ [train.parameters]
 25 │ rate = inf
    ·        ─┬─
    ·         ╰── expected what JSON has too
 26 │ days = [2013-01-01]
    ╰────
  help: write it in quotes, and let the command read it

  × `parameters` in [train] holds 2013-01-01
    ╭─[shipworthy.toml:26:9]
 25 │ rate = inf
 26 │ days = [2013-01-01]
    ·         ─────┬────
    ·              ╰── expected what JSON has too
    ╰────
  help: write it in quotes, and let the command read it
"#,
    );
}

#[test]
fn a_command_without_a_lock_file_is_refused() {
    check(
        &extended(BEGIN),
        r#"
  × `command` is missing in [train]
    ╭─[shipworthy.toml:21:11]
 20 │ [train]
 21 │ trainer = "command"
    ·           ────┬────
    ·               ╰── expected `command` beside it
    ╰────
  help: say what is run: command = ["python3", "train.py"]

  × `lock` is missing in [train]
    ╭─[shipworthy.toml:21:11]
 20 │ [train]
 21 │ trainer = "command"
    ·           ────┬────
    ·               ╰── expected `lock` beside it
    ╰────
  help: name the file that pins what it runs with: lock = "requirements.lock"
"#,
    );
}

#[test]
fn a_command_is_a_list_that_begins_with_a_program() {
    for (words, from, line) in [
        ("[]", "an array", "─┬\n    ·            ╰──"),
        ("[\"\"]", "an array", "──┬─\n    ·             ╰──"),
        ("[1]", "an array", "─┬─\n    ·            ╰──"),
        ("\"sh\"", "\"sh\"", "──┬─\n    ·             ╰──"),
    ] {
        check(
            &extended(&format!("{BEGIN}command = {words}\nlock = \"uv.lock\"\n")),
            &format!(
                "
  × `command` in [train] is {from}
    ╭─[shipworthy.toml:22:11]
 21 │ trainer = \"command\"
 22 │ command = {words}
    ·           {line} expected a list of words, a program first
 23 │ lock = \"uv.lock\"
    ╰────
  help: a shell is not asked: command = [\"python3\", \"train.py\"]
"
            ),
        );
    }
}

#[test]
fn the_keys_of_other_trainers_have_no_meaning_for_a_command() {
    check(
        &of_a_command("rounds = 7\nmodel = \"m.json\"\n"),
        r#"
  × `rounds` has no meaning for a command that trains
    ╭─[shipworthy.toml:24:10]
 20 │ [train]
 21 │ trainer = "command"
    ·           ────┬────
    ·               ╰── the command trains
 22 │ command = ["python3", "train.py", "-v", "-v"]
 23 │ lock = "uv.lock"
 24 │ rounds = 7
    ·          ┬
    ·          ╰── expected only for the built-in trainer
 25 │ model = "m.json"
    ╰────
  help: tell the command in [train.parameters]

  × `model` in [train] is for a model that is there already
    ╭─[shipworthy.toml:25:9]
 20 │ [train]
 21 │ trainer = "command"
    ·           ────┬────
    ·               ╰── the command trains
 22 │ command = ["python3", "train.py", "-v", "-v"]
 23 │ lock = "uv.lock"
 24 │ rounds = 7
 25 │ model = "m.json"
    ·         ────┬───
    ·             ╰── expected only for a file
    ╰────
  help: to take the file: trainer = "file"
"#,
    );
}

#[test]
fn the_keys_of_a_command_have_no_meaning_for_another_trainer() {
    check(
        &extended("[train]\nlock = \"uv.lock\"\ncommad = []\n"),
        r#"
  × `lock` in [train] is for a command that trains
    ╭─[shipworthy.toml:21:8]
 20 │ [train]
 21 │ lock = "uv.lock"
    ·        ────┬────
    ·            ╰── expected only for a command
 22 │ commad = []
    ╰────
  help: to run the command: trainer = "command"

  × unknown key `commad` in [train]
    ╭─[shipworthy.toml:22:1]
 21 │ lock = "uv.lock"
 22 │ commad = []
    · ───┬──
    ·    ╰── expected a known key
    ╰────
  help: did you mean `command`?
"#,
    );
}

#[test]
fn a_release_says_by_its_own_names_how_it_was_trained() {
    check(
        &of_a_command("parameters = { lock = 1 }\n"),
        r#"
  × `lock` in [train.parameters] is no name for a parameter
    ╭─[shipworthy.toml:24:14]
 23 │ lock = "uv.lock"
 24 │ parameters = { lock = 1 }
    ·              ──────┬─────
    ·                    ╰── expected another name
    ╰────
  help: a release says by `command`, `interpreter`, `lock`, `validation` how it was trained
"#,
    );
}
