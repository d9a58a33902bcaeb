//! Models that were made elsewhere become releases, and are served with a contract.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::bare::{fixture, records};
use crate::command::Ran;
use crate::project::Project;
use crate::server::Server;

/// Runs git in what lies beside a project, which must do it.
fn git(project: &Project, line: &str) {
    let mut git = Command::new("git");
    git.current_dir(project.beside("")).args(["-c", "user.name=a", "-c", "user.email=a@b.example"]);
    let ran = git.args(line.split_whitespace()).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

/// The directory of an MLflow model: a model file and what `MLmodel` says.
fn mlflow(project: &Project, file: &str, mlmodel: &str) -> PathBuf {
    let directory = project.beside("mlflow");
    fs::create_dir_all(&directory).unwrap();
    let name = PathBuf::from(file);
    let name = name.file_name().unwrap();
    fs::copy(fixture(file), directory.join(name)).unwrap();
    fs::write(directory.join("MLmodel"), mlmodel).unwrap();
    directory
}

/// An `MLmodel` as MLflow writes it.
fn mlmodel(flavour: &str, data: &str, inputs: &Value) -> String {
    format!(
        "flavors:\n  python_function:\n    data: {data}\n    loader_module: mlflow.{flavour}\n  \
         {flavour}:\n    code: null\n    data: {data}\nmlflow_version: 3.17.2\nmodel_uuid: \
         5c2f\nrun_id: 8a6f\nsignature:\n  inputs: '{inputs}'\n  outputs: '[{{\"type\": \
         \"tensor\", \"tensor-spec\": {{\"dtype\": \"float32\", \"shape\": [-1]}}}}]'\n  params: \
         null\nutc_time_created: '2026-11-24 19:58:43.212676'\n"
    )
}

/// Columns of the credit data, as MLflow infers them.
fn credit() -> Value {
    let text = fs::read_to_string(fixture("credit.csv")).unwrap();
    let columns = text.lines().next().unwrap().split(',').map(|name| {
        let (data_type, required) = match name {
            "Home" | "Marital" | "Records" | "Job" => ("string", false),
            "Income" | "Assets" | "Debt" => ("double", false),
            _ => ("long", true),
        };
        json!({"type": data_type, "name": name, "required": required})
    });
    columns.collect()
}

/// Numbers as the model has them, however many digits name them.
#[allow(clippy::cast_possible_truncation, reason = "they were single before they were widened")]
fn singles(numbers: &Value) -> Vec<f32> {
    numbers.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

fn import(project: &Project, line: &str) -> Ran {
    project.run(&format!("release import --state STATE --json {line}"))
}

#[test]
fn an_mlflow_model_is_imported_and_served_with_its_signature_as_the_contract() {
    let project = Project::new();
    let model = mlmodel("xgboost", "model.ubj", &credit());
    mlflow(&project, "xgb_tabular_cat/model.ubj", &model);
    let imported = import(&project, "BESIDE/mlflow --name credit");
    imported.expect(0);
    let said = imported.json();
    assert_eq!(said["output"]["task"], "binary");
    assert_eq!(said["output"]["classes"], json!(["not_credit", "credit"]));
    assert_eq!(said["mlflow"]["run_id"], "8a6f");
    assert_eq!((&said["columns"], &said["notes"]), (&json!(13), &json!([])));
    let id = said["release"].as_str().unwrap();
    assert_eq!(import(&project, "BESIDE/mlflow --name credit").json()["release"], id);
    project.run(&format!("release verify {id} --state STATE")).expect(0);
    let shown = project.run(&format!("release show {id} --state STATE --json")).json();
    assert_eq!(shown["manifest"]["model"]["name"], "model.ubj");
    assert!(!shown["manifest"].to_string().contains("8a6f"), "a run is no part of a release");

    let (rows, file) = (records("credit.csv"), fixture("xgb_tabular_cat/model.ubj"));
    let bare = Project::new();
    let server = Server::start_bare(&bare, &format!("--model credit={file}"));
    let body = json!({"instances": rows});
    let expected = server.post("/v1/models/credit:predict", &body).expect(200);
    server.terminate();
    let server = Server::start_bare(&project, &format!("--release {}", &id[..19]));
    let served = server.post("/v1/models/credit:predict", &body).expect(200);
    assert_eq!(singles(&served["predictions"]), singles(&expected["predictions"]));
    assert_eq!(served["release"], id);
    let mut broken = rows[0].clone();
    broken["Time"] = "soon".into();
    let refused = server.post("/v1/models/credit:predict", &json!({"instances": [broken]}));
    assert!(refused.expect(422).to_string().contains("Time"));
    let stable = project.run("release show credit@stable --state STATE --json");
    assert_eq!(stable.json()["release"], id);
    server.terminate();
    let recorded = project.run("ledger tail --state STATE --json -n 500");
    assert!(recorded.expect(0).contains("\"status\":\"refused\""));
}

#[test]
fn an_import_names_the_commit_that_has_its_files() {
    let project = Project::new();
    fs::copy(fixture("lgb_regression/model.txt"), project.beside("late.txt")).unwrap();
    let alone = import(&project, "BESIDE/late.txt").json();
    assert_eq!((&alone["reproducible"], &alone["name"]), (&json!(false), &json!("late")));
    assert!(alone["unreproducible_reason"].as_str().unwrap().contains("no git repository"));
    git(&project, "init --quiet");
    git(&project, "add late.txt");
    git(&project, "commit --quiet --no-gpg-sign --message late");
    fs::write(project.beside(".gitignore"), "*\n").unwrap();
    git(&project, "add --force .gitignore");
    git(&project, "commit --quiet --no-gpg-sign --message ignore");
    let tied = import(&project, "BESIDE/late.txt").json();
    assert_eq!(tied["reproducible"], true, "{tied}");
    assert_ne!(tied["release"], alone["release"], "the commit is part of the name");
    fs::copy(fixture("lgb_poisson/model.txt"), project.beside("ignored.txt")).unwrap();
    let ignored = import(&project, "BESIDE/ignored.txt").json();
    let reason = ignored["unreproducible_reason"].as_str().unwrap();
    assert!(reason.contains("does not have ignored.txt"), "{reason}");

    let shown = project.run("release list --state STATE --json").json();
    let id = shown["releases"][0]["release"].as_str().unwrap().to_owned();
    let server = Server::start_bare(&project, &format!("--release {id}"));
    let checklist = project.run("checklist PROJECT --state STATE --json").json();
    let items = checklist["items"].as_array().unwrap().clone();
    let commit = items.into_iter().find(|item| item["id"] == "commit").unwrap();
    assert_eq!(commit["state"], "failing", "an unreproducible release is told: {commit}");
    server.terminate();
}

#[test]
fn what_cannot_be_taken_is_refused_with_what_to_do() {
    let project = Project::new();
    let refused = |text: &str, says: &str| {
        mlflow(&project, "lgb_regression/model.txt", text);
        let ran = import(&project, "BESIDE/mlflow --name m");
        ran.expect(2);
        ran.says(says);
    };
    let pickle = mlmodel("lightgbm", "model.pkl", &json!([]));
    refused(&pickle, "mlflow.lightgbm.save_model(model.booster_, …)");
    let sklearn = mlmodel("sklearn", "model.pkl", &json!([]));
    refused(&sklearn, "its flavours are python_function, sklearn");
    refused(&sklearn, "skl2onnx");
    refused("flavors:\n  python_function:\n    loader_module: a\n", "which only Python runs");
    refused(&mlmodel("lightgbm", "../../etc/passwd", &json!([])), "outside of its directory");
    let column = |data_type: &str| json!([{"type": data_type, "name": "a"}]);
    let binary = mlmodel("lightgbm", "model.txt", &column("binary"));
    refused(&binary, "`a` is of MLflow's type binary");
    let other = mlmodel("lightgbm", "model.txt", &column("double"));
    refused(&other, "which is not in the signature");
    refused("a: &a [1]\nflavors: *a\n", "an alias is not read");
    refused("- [\n", "MLmodel cannot be taken");
    refused(&"#".repeat(5 << 20), "longer than 4194304 bytes");
    fs::remove_file(project.beside("mlflow/MLmodel")).unwrap();
    let ran = import(&project, "BESIDE/mlflow");
    ran.expect(2);
    ran.says("it has no file MLmodel");
    fs::write(project.beside("model.cbm"), b"CBM1\0\0\0\0").unwrap();
    let ran = import(&project, "BESIDE/model.cbm");
    ran.expect(2);
    ran.says("format=\"json\"");
    assert!(!project.state().exists(), "what is refused leaves nothing");
}

#[test]
fn what_has_no_place_in_a_release_is_listed() {
    let project = Project::new();
    let text = mlmodel("catboost", "model.json", &json!([]));
    let text = text.replace("params: null", "params: '[{\"name\": \"temperature\"}]'");
    let text = text
        .replace("code: null", "code: src")
        .replace("  catboost:\n", "  spark:\n    a: 1\n  catboost:\n");
    mlflow(&project, "cb_multiclass/model.json", &(text + "metadata:\n  team: wine\n"));
    let imported = import(&project, "BESIDE/mlflow --name wine");
    imported.expect(0);
    let notes = imported.json()["notes"].to_string();
    for part in ["temperature", "spark", "`code`", "`metadata`"] {
        assert!(notes.contains(part), "no {part} in {notes}");
    }
    assert_eq!(imported.json()["output"]["classes"], json!(["0", "1", "2"]));
}

#[test]
fn what_a_file_does_not_say_is_asked_for() {
    let project = Project::new();
    let onnx = fixture("onnx_logreg_pipeline/model.onnx");
    let ran = import(&project, &format!("{onnx} --name credit"));
    ran.expect(2);
    ran.says("--task binary, multiclass or regression");
    let told = import(&project, &format!("{onnx} --name credit --task binary --target default"));
    told.expect(0);
    assert_eq!(told.json()["output"]["classes"], json!(["not_default", "default"]));
    let named = import(&project, &format!("{onnx} --name Credit --task binary"));
    named.expect(2);
    named.says("--name");
    let ran = import(&project, &fixture("xgb_multiclass_softmax/model.json"));
    ran.expect(2);
    ran.says("multi:softprob");
}

#[test]
fn classes_that_no_model_has_are_refused() {
    let project = Project::new();
    let model = fixture("xgb_binary_num/model.json");
    for options in ["--classes a,a", "--classes ,b", "--classes a,b,c", "--task multiclass"] {
        let refused = import(&project, &format!("{model} --name late {options}"));
        refused.expect(2);
        refused.says("cannot have the classes");
    }
}

#[test]
fn a_model_file_behind_a_link_lies_outside_too() {
    let project = Project::new();
    let place = project.beside("ml");
    fs::create_dir(&place).unwrap();
    std::os::unix::fs::symlink(fixture("xgb_binary_num/model.json"), place.join("model.json"))
        .unwrap();
    let text = "flavors:\n  xgboost:\n    data: model.json\n    model_format: json\n";
    fs::write(place.join("MLmodel"), text).unwrap();
    let refused = import(&project, &place.display().to_string());
    refused.expect(2);
    refused.says("lies outside of its directory");
}

#[test]
fn a_contract_of_ones_own_takes_the_place_of_what_the_model_says() {
    let project = Project::new();
    let model = fixture("xgb_tabular_cat/model.json");
    let first = import(&project, &format!("{model} --name credit")).json();
    let id = first["release"].as_str().unwrap();
    let bundle = project.state().join("bundles").join(&id[7..]).join("contract.json");
    let contract = fs::read_to_string(bundle).unwrap();
    let mut contract: Value = serde_json::from_str(&contract).unwrap();
    let time = contract["columns"].as_array_mut().unwrap().iter_mut();
    let time = time.into_iter().find(|column| column["name"] == "Time").unwrap();
    (time["required"], time["max"]) = (true.into(), 60.into());
    fs::write(project.beside("contract.json"), contract.to_string()).unwrap();
    let own = format!("{model} --name credit --contract BESIDE/contract.json --classes good,bad");
    let second = import(&project, &own);
    second.expect(0);
    let id = second.json()["release"].as_str().unwrap().to_owned();
    let server = Server::start_bare(&project, &format!("--release {id}"));
    let mut row = records("credit.csv")[0].clone();
    row["Time"] = 61.into();
    let refused = server.post("/v1/models/credit:predict", &json!({"instances": [row]}));
    assert!(refused.expect(422).to_string().contains("Time"));
    server.terminate();
    fs::write(project.beside("contract.json"), "{\"columns\": 1}").unwrap();
    let ran = import(&project, &own);
    ran.expect(2);
    ran.says("is no contract");
}

#[test]
fn an_onnx_file_is_imported_and_served() {
    let project = Project::new();
    let onnx = fixture("onnx_mlp/model.onnx");
    let imported = import(&project, &format!("{onnx} --name digits --task multiclass"));
    imported.expect(0);
    let id = imported.json()["release"].as_str().unwrap().to_owned();
    assert_eq!(imported.json()["output"]["classes"].as_array().unwrap().len(), 10);
    let server = Server::start_bare(&project, &format!("--release {id}"));
    let metadata = server.get("/v2/models/digits").expect(200);
    assert_eq!(metadata["versions"][0], id);
    server.terminate();
    let notes = imported.json()["notes"].to_string();
    assert!(notes.contains("without a value the model answers no number"), "{notes}");
}
