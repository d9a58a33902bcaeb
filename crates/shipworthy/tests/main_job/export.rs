//! Reads Parquet files that the program wrote: the ledger's export, and scores.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::project::Project;

/// A decision as it is exported.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) id: String,
    pub(crate) endpoint: String,
    pub(crate) release: String,
    pub(crate) slot: String,
    pub(crate) status: String,
    pub(crate) input: Value,
    pub(crate) output: Value,
    pub(crate) latency_us: i64,
}

/// Exports the ledger of a project with the program, whether its server runs or not.
#[track_caller]
pub(crate) fn export(project: &Project) -> Vec<Exported> {
    project.run("ledger export --state STATE --output BESIDE/decisions.parquet").expect(0);
    let mut decisions = Vec::new();
    for batch in read(&project.beside("decisions.parquet")) {
        for row in 0..batch.num_rows() {
            let of = |column| text(&batch, column, row).unwrap();
            let json = |column| serde_json::from_str(&of(column)).unwrap();
            decisions.push(Exported {
                id: of("decision_id"),
                endpoint: of("endpoint"),
                release: of("release"),
                slot: of("slot"),
                status: of("status"),
                input: json("input"),
                output: json("output"),
                latency_us: column(&batch, "latency_us").as_primitive::<Int64Type>().value(row),
            });
        }
    }
    decisions
}

/// The decisions by their ids, each of which must stand there once.
#[track_caller]
pub(crate) fn by_id(decisions: Vec<Exported>) -> HashMap<String, Exported> {
    let count = decisions.len();
    let decisions: HashMap<_, _> =
        decisions.into_iter().map(|decision| (decision.id.clone(), decision)).collect();
    assert_eq!(decisions.len(), count, "an id stands twice");
    decisions
}

/// A row's score.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Score {
    /// The bits of the probability.
    pub(crate) prediction: Option<u64>,
    pub(crate) decision: Option<String>,
    pub(crate) status: String,
    pub(crate) violations: Option<Value>,
}

/// The scores in a file.
pub(crate) fn scores(path: &Path) -> Vec<Score> {
    let mut scores = Vec::new();
    for batch in read(path) {
        let predictions = column(&batch, "prediction").as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            let violations = text(&batch, "violations", row);
            scores.push(Score {
                prediction: predictions.is_valid(row).then(|| predictions.value(row).to_bits()),
                decision: text(&batch, "decision", row),
                status: text(&batch, "status", row).unwrap(),
                violations: violations.map(|text| serde_json::from_str(&text).unwrap()),
            });
        }
    }
    scores
}

fn read(path: &Path) -> Vec<RecordBatch> {
    let file = File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a dyn Array {
    batch.column_by_name(name).unwrap_or_else(|| panic!("no {name} in {:?}", batch.schema()))
}

fn text(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = column(batch, name);
    assert_eq!(*column.data_type(), DataType::Utf8, "{name}");
    let column = column.as_string::<i32>();
    column.is_valid(row).then(|| column.value(row).to_owned())
}
