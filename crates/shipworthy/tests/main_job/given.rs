//! Projects whose model is a file that was made elsewhere.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::bare::{fixture, records};
use crate::command;
use crate::export::scores;
use crate::project::{NAME, Project, rows};
use crate::server::{ANY_PORTS, Server};

const ONNX: &str = "onnx_logreg_pipeline/model.onnx";

/// Where the built-in trainer of the usual project was told what to do.
const TRAIN: &str = r#"seed = 7
rounds = 10
early_stopping_rounds = 0
validation = { share = 0.2 }
test = { share = 0.2 }

[train.parameters]
max_depth = 3
"#;

/// The usual project, with the file that its trainer would make.
fn of_trees() -> Project {
    let project = Project::new();
    let made = project.run("train PROJECT --output PROJECT/model.json --json");
    made.expect(0);
    project.edit(TRAIN, "trainer = \"file\"\nmodel = \"model.json\"\n");
    project
}

/// A project around an ONNX pipeline that reads text, with the answers of its own library as
/// labels.
fn of_onnx() -> Project {
    let project = Project::new();
    fs::copy(fixture(ONNX), project.path().join("model.onnx")).unwrap();
    let rows = fs::read_to_string(fixture("credit_onnx.csv")).unwrap();
    let answers = fs::read_to_string(fixture("onnx_logreg_pipeline/expected.csv")).unwrap();
    let labelled = rows.lines().zip(answers.lines()).enumerate().map(|(line, (row, answer))| {
        let label = if line == 0 { "default" } else { answer.split(',').next().unwrap() };
        let branch = if line == 0 { "branch" } else { "north" };
        format!("{row},{label},{branch}\n")
    });
    fs::write(project.path().join("rows.csv"), labelled.collect::<String>()).unwrap();
    let columns = rows.lines().next().unwrap().split(',').map(|name| {
        let rules = match name {
            "Home" | "Marital" | "Records" | "Job" => "type = \"string\"",
            _ => "type = \"float\"\nrequired = false\nmin = 0\nmax = 1e5",
        };
        format!("[[column]]\nname = \"{name}\"\n{rules}\n\n")
    });
    let text = format!(
        "[project]\nname = \"{NAME}\"\n\n[source]\npath = \"rows.csv\"\n\n[model]\ntask = \
         \"binary\"\ntarget = \"default\"\n\n{}[[column]]\nname = \"branch\"\ntype = \"string\"\n\
         role = \"context\"\nrequired = false\n\n[train]\ntrainer = \"file\"\nmodel = \
         \"model.onnx\"\n",
        columns.collect::<String>()
    );
    fs::write(project.file(), text).unwrap();
    project
}

/// Runs the program where nothing has a library of ONNX Runtime.
fn without_library(project: &Project, line: &str) -> command::Ran {
    let mut command = command::program();
    command.env_remove("SHIPWORTHY_ONNXRUNTIME").env_remove("ORT_DYLIB_PATH");
    // git is asked which commit it is; python3 has no library.
    let bin = project.beside("bin");
    fs::create_dir_all(&bin).unwrap();
    let git = command::path_of("git");
    if !bin.join("git").exists() {
        std::os::unix::fs::symlink(git, bin.join("git")).unwrap();
    }
    command.env("PATH", bin);
    command::finish(command.args(project.line(line).split_whitespace()))
}

#[test]
fn a_model_file_becomes_a_release_with_no_invented_past() {
    let project = of_trees();
    let commit = project.commit();
    let made = project.run("release PROJECT --state STATE --json");
    made.expect(0);
    assert_eq!(made.json()["commit"], commit);
    let id = made.json()["release"].as_str().unwrap().to_owned();
    project.run(&format!("release verify {id} --state STATE")).expect(0);
    let shown = project.run(&format!("release show {id} --state STATE --json")).json();
    let manifest = &shown["manifest"];
    assert_eq!(manifest["format"], 3);
    assert_eq!(
        manifest["trainer"],
        json!({"name": "given", "parameters": {"format": "xgboost_json"}})
    );
    assert_eq!(manifest["training_set"], Value::Null);
    assert_eq!(manifest["model"]["name"], "model.json");
    project.run(&format!("release show {id} --state STATE")).expect(0).contains("made elsewhere");

    let server = Server::start(&project);
    let asked = rows().into_iter().take(20).collect::<Vec<_>>();
    let served = server.predict(&asked).expect(200);
    server.terminate();
    let trained = Project::new();
    let server = Server::start(&trained);
    assert_eq!(server.predict(&asked).expect(200)["predictions"], served["predictions"]);
}

#[test]
fn a_model_file_is_measured_where_there_are_labels() {
    let project = of_trees();
    let line = "train PROJECT --output BESIDE/copy.json --json";
    let measured = project.run(line);
    measured.expect(0);
    let report = measured.json();
    assert_eq!(report["rows"]["test"], report["rows"]["source"]);
    assert!(report["test"]["metrics"]["roc_auc"].as_f64().unwrap() > 0.8, "{report}");
    assert_eq!(report["validation"], Value::Null);
    let copy = fs::read(project.beside("copy.json")).unwrap();
    assert_eq!(copy, fs::read(project.path().join("model.json")).unwrap());

    project.edit("[source]\npath = \"payments.csv\"\n\n", "");
    let made = project.run(line);
    made.expect(0);
    assert_eq!(made.json().get("test"), None, "nothing to measure it on");
    drop(Server::start(&project));
}

#[test]
fn a_model_that_git_does_not_have_follows_from_no_commit() {
    let project = of_trees();
    fs::write(project.path().join(".gitignore"), "model.json\n").unwrap();
    project.commit();
    let refused = project.run("release PROJECT --state STATE");
    refused.expect(2);
    refused.says("the commit does not have model.json as it is");
    let made = project.run("release PROJECT --state STATE --allow-dirty --json");
    made.expect(0);
    assert_eq!(made.json()["reproducible"], false);
}

#[test]
fn a_model_that_does_not_fit_its_project_is_refused_by_name() {
    let refused = |edit: (&str, &str)| {
        let project = of_trees();
        project.edit(edit.0, edit.1);
        let ran = project.run("release PROJECT --state STATE --allow-dirty");
        ran.expect(2);
        ran
    };
    let context = "name = \"rating\"\ntype = \"float\"\nrole = \"context\"";
    refused(("name = \"rating\"\ntype = \"float\"", context))
        .says("the model reads column `rating`, which is no feature");
    let feature = "name = \"card\"\ntype = \"string\"\nrole = \"feature\"";
    refused(("name = \"card\"\ntype = \"string\"\nrole = \"key\"", feature))
        .says("column `card` is a feature, and the model does not read it");
    refused(("model = \"model.json\"", "model = \"nothing.json\"")).says("nothing.json");
}

#[test]
fn margins_are_not_taken_for_probabilities() {
    let project = Project::new();
    let margins = fs::read_to_string(fixture("xgb_regression/model.json")).unwrap();
    fs::write(project.path().join("model.json"), &margins).unwrap();
    let model: Value = serde_json::from_str(&margins).unwrap();
    let names = model["learner"]["feature_names"].as_array().unwrap().clone();
    let columns =
        names.iter().map(|name| format!("[[column]]\nname = {name}\ntype = \"float\"\n\n"));
    let text = format!(
        "[project]\nname = \"{NAME}\"\n[model]\ntask = \"binary\"\ntarget = \"late\"\n{}[train]\n\
         trainer = \"file\"\nmodel = \"model.json\"\n",
        columns.collect::<String>()
    );
    fs::write(project.file(), text).unwrap();
    let refused = project.run("release PROJECT --state STATE --allow-dirty");
    refused.expect(2);
    refused.says("where a probability is expected");
}

#[test]
fn an_onnx_model_is_released_verified_served_recorded_and_scored() {
    let project = of_onnx();
    let commit = project.commit();
    let made = project.run("release PROJECT --state STATE --json");
    made.expect(0);
    let id = made.json()["release"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["commit"], commit);
    made_again_elsewhere(&project, &id);
    let shown = project.run(&format!("release show {id} --state STATE --json")).json();
    assert_eq!(shown["manifest"]["model"]["name"], "model.onnx");
    project.run(&format!("release verify {id} --state STATE")).expect(0);

    let server = Server::start(&project);
    assert_eq!(server.release(), id);
    let asked = records("credit_onnx.csv");
    let served = server.predict(&asked).expect(200);
    let answers = fs::read_to_string(fixture("onnx_logreg_pipeline/expected.csv")).unwrap();
    let served = served["predictions"].as_array().unwrap();
    for (found, line) in served.iter().zip(answers.lines().skip(1)) {
        let expected: f64 = line.rsplit_once(',').unwrap().1.parse().unwrap();
        assert!((found.as_f64().unwrap() - expected).abs() < 1e-5, "{found} for {line}");
    }
    let score = "score PROJECT --state STATE --output BESIDE/scores.parquet --input";
    project.run(&format!("{score} PROJECT/rows.csv")).expect(0);
    let scored = scores(&project.beside("scores.parquet"));
    assert_eq!(scored.len(), served.len());
    server.terminate();
    let recorded = project.run("ledger tail --state STATE --json -n 200");
    assert_eq!(recorded.expect(0).matches("\"status\":\"answered\"").count(), served.len());
    let checklist = project.run("checklist PROJECT --state STATE --json").json();
    let items = checklist["items"].as_array().unwrap().clone();
    let commit = items.into_iter().find(|item| item["id"] == "commit").unwrap();
    assert_eq!(commit["state"], "met", "{commit}");
}

/// The same commit gives the same release in another directory.
fn made_again_elsewhere(project: &Project, id: &str) {
    let clone = project.beside("clone").display().to_string();
    let mut git = std::process::Command::new("git");
    let cloned = git.args(["clone", "--quiet"]).arg(project.path()).arg(&clone).status().unwrap();
    assert!(cloned.success());
    let again = project.run("release BESIDE/clone --state BESIDE/other --json");
    again.expect(0);
    assert_eq!(again.json()["release"], id);
    assert!(Path::new(&clone).is_dir());
}

#[test]
fn an_onnx_project_without_the_library_ends_with_the_command_that_gets_it() {
    let project = of_onnx();
    project.commit();
    let line = "release PROJECT --state STATE --json";
    let refused = without_library(&project, line);
    refused.expect(2);
    refused.says("pip install onnxruntime");
    let id = project.run(line).json()["release"].as_str().unwrap().to_owned();
    let verify = without_library(&project, &format!("release verify {id} --state STATE"));
    verify.expect(2);
    verify.says("pip install onnxruntime");
    for line in
        [format!("up PROJECT --state STATE {ANY_PORTS}"), "train PROJECT -o BESIDE/m".into()]
    {
        let refused = without_library(&project, &line);
        refused.expect(2);
        refused.says("pip install onnxruntime");
    }
    without_library(&project, &format!("release show {id} --state STATE")).expect(0);
    without_library(&project, "checklist PROJECT --state STATE").expect(0);
}
