//! Model files without a project: served as they are, and asked for a whole file of rows.

use std::fs::File;
use std::path::PathBuf;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::command::{self, run};
use crate::project::Project;
use crate::server::Server;

/// A file among the models' fixtures.
pub(crate) fn fixture(file: &str) -> String {
    let models = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shipworthy-models/tests/data");
    models.join(file).display().to_string()
}

/// A column of floats of a Parquet file.
fn column(project: &Project, file: &str, name: &str) -> Vec<f64> {
    let file = File::open(project.beside(file)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches = reader.map(|batch| batch.unwrap());
    let column = |batch: arrow::array::RecordBatch| {
        let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
        column.as_primitive::<Float64Type>().values().to_vec()
    };
    batches.flat_map(column).collect()
}

#[allow(clippy::cast_possible_truncation, reason = "it was single before it was widened")]
fn expected_single(value: f64) -> f32 {
    value as f32
}

/// The rows of a fixture as records; an empty cell is left out.
pub(crate) fn records(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture(file)).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let record = |line: &str| {
        let cells = names.iter().zip(line.split(',')).filter(|(_, cell)| !cell.is_empty());
        cells
            .map(|(name, cell)| {
                let number = cell.parse::<f64>().map(Value::from);
                ((*name).to_owned(), number.unwrap_or_else(|_| cell.into()))
            })
            .collect::<serde_json::Map<_, _>>()
    };
    lines.map(|line| record(line).into()).collect()
}

#[test]
fn a_model_file_is_served_under_its_own_names_with_the_numbers_of_predict() {
    let project = Project::new();
    let models = [
        ("late", "xgb_binary_num/model.json", "flights_numeric.csv", "FP32"),
        ("credit", "lgb_tabular_cat/model.txt", "credit.csv", "FP64"),
        ("wine", "cb_multiclass/model.json", "wine.csv", "FP64"),
    ];
    let named = models.map(|(name, file, ..)| format!("--model {name}={}", fixture(file)));
    let server = Server::start_bare(&project, &named.join(" "));
    for (name, file, rows, datatype) in models {
        let out = project.beside("out.parquet").display().to_string();
        run(&format!("predict --model {} --input {} --output {out}", fixture(file), fixture(rows)))
            .expect(0);
        let metadata = server.get(&format!("/v2/models/{name}")).expect(200);
        assert_eq!(metadata["outputs"][0]["datatype"], datatype);
        let body = json!({"instances": records(rows)});
        let served = server.post(&format!("/v1/models/{name}:predict"), &body).expect(200);
        for (row, found) in served["predictions"].as_array().unwrap().iter().enumerate() {
            let found = found.as_array().cloned().unwrap_or_else(|| vec![found.clone()]);
            for (class, found) in found.iter().enumerate() {
                let one = if name == "wine" { format!("pred_{class}") } else { "pred".to_owned() };
                let expected = column(&project, "out.parquet", &one)[row];
                // A single-precision number is served in as few digits as name it.
                let expected = match datatype {
                    "FP32" => {
                        let shortest = serde_json::to_string(&expected_single(expected)).unwrap();
                        serde_json::from_str(&shortest).unwrap()
                    }
                    _ => json!(expected),
                };
                assert_eq!(*found, expected, "{name} row {row}");
            }
        }
    }
    server.terminate();
    let ran = project.run("ledger tail --state STATE --json");
    assert!(ran.expect(0).contains("\"prediction\":"), "every answer is recorded");
}

#[test]
fn trees_after_the_best_iteration_are_used_on_request() {
    let project = Project::new();
    let (model, rows) = (fixture("xgb_binary_num/model.json"), fixture("flights_numeric.csv"));
    let predict = |options: &str| {
        let out = project.beside("out.parquet").display().to_string();
        run(&format!("predict --model {model} --input {rows} --output {out} {options}")).expect(0);
        column(&project, "out.parquet", "margin")
    };
    assert_ne!(predict(""), predict("--all-trees"));
}

#[test]
fn a_wrong_file_is_refused_with_what_to_do() {
    let project = Project::new();
    let pickle = project.beside("model.pkl");
    std::fs::write(&pickle, [0x80, 4, 0x95, 0, 0]).unwrap();
    let ran = project.run("serve --model m=BESIDE/model.pkl --state STATE");
    ran.expect(2);
    ran.says("a Python pickle");
    ran.says("save_model");
    let twice = fixture("cb_binary/model.json");
    let ran = project.run(&format!("serve --model m={twice} --model m={twice} --state STATE"));
    ran.expect(2);
    ran.says("two models are called `m`");
    let ran = project.run(&format!("serve --model a/b={twice}"));
    ran.expect(2);
    ran.says("cannot be a name in a URL");
    let nothing = project.run("serve --state STATE");
    nothing.expect(2);
    nothing.says("<--model <NAME=FILE>|--release <RELEASE>>");
}

#[test]
fn rows_that_do_not_feed_the_model_are_refused_by_name() {
    let project = Project::new();
    let predict = |rows: &str| {
        let model = fixture("xgb_binary_num/model.json");
        let out = project.beside("out.parquet").display().to_string();
        let ran: command::Ran =
            run(&format!("predict --model {model} --input {rows} --output {out}"));
        ran.expect(2);
        ran
    };
    predict(&fixture("wine.csv")).says("the model takes `hour`, `minute`");
    let text = std::fs::read_to_string(fixture("flights_numeric.csv")).unwrap();
    let rows = project.beside("rows.csv");
    let second = text.lines().nth(2).unwrap();
    let broken = second.split_once(',').unwrap().1;
    std::fs::write(&rows, text.replacen(second, &format!("noon,{broken}"), 1)).unwrap();
    let ran = predict(&rows.display().to_string());
    ran.says("row 1 of the input has \"noon\" in column `hour`, where the model takes a float");
}

#[test]
fn an_onnx_model_that_reads_text_is_served_and_predicts() {
    let project = Project::new();
    let (model, rows) = (fixture("onnx_logreg_pipeline/model.onnx"), fixture("credit_onnx.csv"));
    let out = project.beside("out.parquet").display().to_string();
    run(&format!("predict --model {model} --input {rows} --output {out}")).expect(0);
    let predicted = column(&project, "out.parquet", "probabilities_1");
    let expected = std::fs::read_to_string(fixture("onnx_logreg_pipeline/expected.csv")).unwrap();
    for (line, found) in expected.lines().skip(1).zip(&predicted) {
        let expected: f64 = line.rsplit_once(',').unwrap().1.parse().unwrap();
        assert!((expected - found).abs() < 1e-5, "{found} != {expected}");
    }
    let server = Server::start_bare(&project, &format!("--model credit={model}"));
    let metadata = server.get("/v2/models/credit").expect(200);
    assert_eq!(metadata["inputs"][1]["name"], "Home");
    assert_eq!(metadata["inputs"][1]["datatype"], "BYTES");
    let records = records("credit_onnx.csv");
    let body = json!({"instances": records});
    let served = server.post("/v1/models/credit:predict", &body).expect(200);
    assert_eq!(served["predictions"].as_array().unwrap().len(), records.len());
    let mut incomplete = records[0].clone();
    incomplete.as_object_mut().unwrap().remove("Home");
    let refused = server.post("/v1/models/credit:predict", &json!({"instances": [incomplete]}));
    assert!(refused.text().contains("Home"), "the column is named");
}

#[test]
fn an_onnx_model_without_its_library_is_refused_with_the_command_that_gets_it() {
    let project = Project::new();
    let model = fixture("onnx_cnn/model.onnx");
    let mut command = command::program();
    // Neither a variable, nor a Python, nor a library of the system.
    command.env_remove("SHIPWORTHY_ONNXRUNTIME").env_remove("ORT_DYLIB_PATH");
    command.env("PATH", project.beside("nothing"));
    let line = project.line(&format!("serve --model digits={model} --state STATE"));
    let ran = command::finish(command.args(line.split_whitespace()));
    ran.expect(2);
    ran.says("pip install onnxruntime");
    ran.says("SHIPWORTHY_ONNXRUNTIME");
}

#[test]
fn an_onnx_graph_without_end_or_measure_is_refused_before_it_harms_this_program() {
    let project = Project::new();
    let refused = |case: &str| {
        let model = fixture(&format!("{case}/model.onnx"));
        let ran = project.run(&format!("serve --model m={model} --state STATE"));
        ran.expect(2);
        ran
    };
    refused("onnx_endless").says("computes for more than 20 s to load and answer one row");
    refused("onnx_huge").says("more than 2048 MiB to load and answer one row");
}
