//! A model that is there already: `trainer = "file"`.

use super::{check, edited, extended, parse};
use crate::project::Trainer;

/// The usual file without data, and with its model in a file.
fn of_a_file(train: &str) -> String {
    let source = "[source]\npath = \"data/flights.parquet\"\nevent_timestamp = \"time_hour\"\n\n";
    let train = format!("[train]\ntrainer = \"file\"\nmodel = \"model.onnx\"\n{train}");
    edited(source, "") + &train
}

#[test]
fn a_model_that_is_there_already_needs_no_source() {
    let project = parse(&of_a_file(""));
    assert_eq!(project.source, None);
    assert_eq!(project.train.trainer, Trainer::File { model: "model.onnx".into() });
    assert_eq!(project.model.classes_without_data(), ["not_late", "late"]);
    let measured = extended("[train]\ntrainer = \"file\"\nmodel = \"m/model.ubj\"\n");
    assert!(parse(&measured).source.is_some(), "with data it is measured");
}

#[test]
fn what_is_said_to_a_trainer_has_no_meaning_for_a_file() {
    check(
        &of_a_file("rounds = 7\ntest = { share = 0.5 }\n"),
        r#"
  × `rounds` has no meaning for a model that is there already
    ╭─[shipworthy.toml:19:10]
 16 │ [train]
 17 │ trainer = "file"
    ·           ───┬──
    ·              ╰── nothing is trained
 18 │ model = "model.onnx"
 19 │ rounds = 7
    ·          ┬
    ·          ╰── expected only for the built-in trainer
 20 │ test = { share = 0.5 }
    ╰────

  × the model is tested on rows of the source, and there is none
    ╭─[shipworthy.toml:20:8]
 19 │ rounds = 7
 20 │ test = { share = 0.5 }
    ·        ───────┬───────
    ·               ╰── expected only beside [source]
    ╰────
  help: add a section [source], or remove `test`

  × a share of the rows may be what the model was trained on
    ╭─[shipworthy.toml:20:18]
 19 │ rounds = 7
 20 │ test = { share = 0.5 }
    ·                  ─┬─
    ·                   ╰── expected a time window
    ╰────
  help: without `test` it is measured on all rows of the source
"#,
    );
}

#[test]
fn a_file_is_named_and_only_for_the_trainer_that_takes_one() {
    check(
        &extended("[train]\ntrainer = \"file\"\n"),
        r#"
  × `model` is missing in [train]
    ╭─[shipworthy.toml:21:11]
 20 │ [train]
 21 │ trainer = "file"
    ·           ───┬──
    ·              ╰── expected `model` beside it
    ╰────
  help: name the file: model = "model.onnx"
"#,
    );
    check(
        &extended("[train]\nmodel = \"model.onnx\"\n"),
        r#"
  × `model` in [train] is for a model that is there already
    ╭─[shipworthy.toml:21:9]
 20 │ [train]
 21 │ model = "model.onnx"
    ·         ──────┬─────
    ·               ╰── expected only for a file
    ╰────
  help: to take the file: trainer = "file"
"#,
    );
    check(
        &extended("[train]\ntrainer = \"file\"\nmodel = \"../model.onnx\"\n"),
        r#"
  × "../model.onnx" is outside of the project
    ╭─[shipworthy.toml:22:9]
 21 │ trainer = "file"
 22 │ model = "../model.onnx"
    ·         ───────┬───────
    ·                ╰── expected a path relative to the project file, inside its directory
    ╰────
  help: copy or link the model file into the project's directory
"#,
    );
}

#[test]
fn without_data_the_classes_must_be_named() {
    let label = "label = \"arr_delay > 15\"\n";
    let text = of_a_file("").replace("binary", "multiclass").replace(label, "");
    check(
        &text,
        r#"
  × the classes are in no data: there is no [source]
   ╭─[shipworthy.toml:5:8]
 4 │ [model]
 5 │ task = "multiclass"
   ·        ──────┬─────
   ·              ╰── expected `classes` beside it
 6 │ target = "late"
   ╰────
  help: name them in the order of the model's answers: classes = […]
"#,
    );
    let named = text.replace("target =", "classes = [\"on_time\", \"late\", \"lost\"]\ntarget =");
    assert_eq!(parse(&named).model.classes_without_data().len(), 3);
}
