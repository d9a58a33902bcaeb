//! A file of rows gets the numbers that requests get, bit for bit.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::export::{Score, scores};
use crate::project::{Project, but, rows, write_csv};
use crate::server::Server;

/// The rows of the source, some of them broken.
fn input() -> Vec<Value> {
    let mut rows = rows();
    for (number, row) in rows.iter_mut().enumerate() {
        *row = match number % 97 {
            11 => but(row.take(), "amount", 10_001),
            12 => but(but(row.take(), "channel", "fax"), "account_days", -1),
            13 => but(row.take(), "amount", Value::Null),
            _ => continue,
        };
    }
    rows
}

#[test]
fn scores_are_the_served_numbers_whatever_the_file_format() {
    let project = Project::new();
    let server = Server::start(&project);
    let rows = input();
    write_csv(&project.beside("rows.csv"), &rows);
    write_parquet(&project.beside("rows.parquet"), &rows);
    let score = |name: &str| {
        let line = "score PROJECT --state STATE --output BESIDE/scores.parquet --json --input";
        let ran = project.run(&format!("{line} BESIDE/{name}"));
        ran.expect(0);
        assert_eq!(ran.json()["release"], server.release());
        assert_eq!(ran.json()["rows"], rows.len());
        scores(&project.beside("scores.parquet"))
    };
    let from_csv = score("rows.csv");
    assert_eq!(from_csv.len(), rows.len());
    assert_eq!(score("rows.parquet"), from_csv);
    let served: Vec<Score> = rows.iter().map(|row| serve(&server, row)).collect();
    for ((row, scored), served) in rows.iter().zip(&from_csv).zip(&served) {
        let mut scored = scored.clone();
        renumber(&mut scored);
        assert_eq!(scored, *served, "{row}");
    }
    assert_eq!(from_csv.iter().filter(|score| score.status == "refused").count(), 63);
    server.terminate();
    let line = "score PROJECT --state STATE --input BESIDE/rows.csv --output BESIDE/scores.parquet";
    project.run(line).expect(0);
    assert_eq!(scores(&project.beside("scores.parquet")), from_csv, "no server is needed");
}

#[test]
fn scoring_records_no_decisions() {
    let project = Project::new();
    let _server = Server::start(&project);
    write_csv(&project.beside("rows.csv"), &rows()[..10]);
    let line = "score PROJECT --state STATE --input BESIDE/rows.csv --output BESIDE/scores.parquet";
    project.run(line).expect(0);
    assert!(crate::export::export(&project).is_empty());
}

#[test]
fn without_a_release_there_is_nothing_to_score_with() {
    let project = Project::new();
    write_csv(&project.beside("rows.csv"), &rows()[..10]);
    let line = "score PROJECT --state STATE --input BESIDE/rows.csv --output BESIDE/scores.parquet";
    let refused = project.run(line);
    refused.expect(2);
    refused.says("`shipworthy up` makes the first one");
    assert!(!project.beside("scores.parquet").exists() && !project.state().exists());
}

/// What the server says of one row, in the words of a score.
fn serve(server: &Server, row: &Value) -> Score {
    let response = server.predict(std::slice::from_ref(row));
    if response.status == 422 {
        let violations = Some(response.json()["violations"].clone());
        return Score { prediction: None, decision: None, status: "refused".into(), violations };
    }
    let answer = response.expect(200);
    Score {
        prediction: Some(answer["predictions"][0].as_f64().unwrap().to_bits()),
        decision: answer["decisions"][0].as_str().map(str::to_owned),
        status: "answered".to_owned(),
        violations: None,
    }
}

/// A row served alone is row 0 of its request; in a file it is not.
fn renumber(score: &mut Score) {
    for violation in score.violations.iter_mut().filter_map(Value::as_array_mut).flatten() {
        violation["row"] = json!(0);
    }
}

fn write_parquet(path: &Path, rows: &[Value]) {
    let floats = |name: &str| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row[name].as_f64()).collect::<Float64Array>())
    };
    let texts = |name: &str| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row[name].as_str()).collect::<StringArray>())
    };
    let days = rows.iter().map(|row| row["account_days"].as_i64()).collect::<Int64Array>();
    let columns = [
        ("memo", texts("memo")),
        ("amount", floats("amount")),
        ("account_days", Arc::new(days) as ArrayRef),
        ("channel", texts("channel")),
        ("rating", floats("rating")),
        ("card", texts("card")),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}
