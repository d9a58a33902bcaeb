//! The ledger's commands over files that a server left.

mod live;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use indicatif::ProgressBar;
use serde_json::json;
use shipworthy_ledger::{Kind, Options, RealDisk, Record};
use shipworthy_store::StateDir;

use super::*;
use crate::client::Found;

/// A state directory whose ledger has these entries.
fn left_by_a_server(records: &[Record]) -> tempfile::TempDir {
    let kept = tempfile::tempdir().unwrap();
    let directory = StateDir::open(kept.path()).unwrap();
    let disk = Arc::new(RealDisk::new(directory.ledger()).unwrap());
    let (ledger, mut writer, _) =
        shipworthy_ledger::open(disk, [7; 16], Options::default()).unwrap();
    for record in records {
        drop(ledger.try_append(std::slice::from_ref(record)).unwrap());
        writer.commit_queued();
    }
    kept
}

fn opened(kept: &Path) -> Ledger {
    let lock = StateDir::open(kept).unwrap().lock_to_read().unwrap();
    Ledger::open(Found::Files(lock)).unwrap()
}

fn record(kind: Kind, number: u8, payload: &str) -> Record {
    Record { kind, id: [number; 16], salt: [1; 16], payload: payload.as_bytes().to_vec() }
}

fn decision(number: u8) -> Record {
    let payload = format!(
        r#"{{"received_at":"2026-07-01T09:30:00.000{number:03}Z","endpoint":"flight-delay","release":"sha256:aa","slot":"stable","status":"answered","latency_us":{number},"input":{{"origin":"JFK","n":{number}.50}},"output":{{"prediction":0.25,"decision":"not_late"}}}}"#
    );
    record(Kind::DECISION, number, &payload)
}

fn refused(kind: Kind, status: &str, number: u8) -> Record {
    let payload = json!({
        "received_at": "2026-07-01T09:31:00Z", "endpoint": "flight-delay", "release": "sha256:aa",
        "slot": "stable", "status": status, "latency_us": 9, "input": {"origin": "XXX"},
        "output": {"violations": [{"row": 0, "column": "origin", "rule": "one_of"}]},
    });
    record(kind, number, &payload.to_string())
}

fn stopped(number: u8) -> Record {
    let payload = json!({
        "received_at": "2026-07-01T09:32:00Z", "endpoint": "flight-delay", "release": "sha256:aa",
        "slot": "stable", "status": "stopped", "latency_us": 4, "input": {"origin": "JFK"},
        "output": {"prediction": null, "decision": "not_late"},
    });
    record(Kind::DECISION, number, &payload.to_string())
}

fn event() -> Record {
    let payload = r#"{"id":12,"at":"2026-07-01T09:30:00.25Z","actor":"ana","reason":"less\nalarms","kind":"policy.reloaded","subject":"flight-delay","body":{"changed":["decision"]}}"#;
    let id = shipworthy_control::outbox::entry_id(12);
    Record { id, ..record(Kind::EVENT, 4, payload) }
}

/// One of each kind, and one that only a later version knows.
fn one_of_each() -> Vec<Record> {
    vec![
        decision(1),
        record(Kind::SUMMARY, 2, r#"{"undecided":{"shed_requests":2}}"#),
        refused(Kind::REFUSAL, "refused", 3),
        event(),
        refused(Kind::QUARANTINE, "quarantined", 5),
        record(Kind(99), 6, "not even JSON"),
        decision(7),
        stopped(8),
    ]
}

fn read_back(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap());
    let reader = reader.unwrap().with_batch_size(1 << 20).build().unwrap();
    let batches = reader.collect::<Result<Vec<_>, _>>().unwrap();
    arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    let values = batch.column_by_name(column).unwrap().as_string::<i32>();
    values.iter().map(|value| value.unwrap().to_owned()).collect()
}

#[test]
fn an_export_has_exactly_one_row_a_decision() {
    let kept = left_by_a_server(&one_of_each());
    let path = kept.path().join("decisions.parquet");
    export::export(&opened(kept.path()), &path).unwrap();
    let rows = read_back(&path);
    let names = rows.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
    let expected = [
        "decision_id",
        "received_at",
        "endpoint",
        "release",
        "slot",
        "status",
        "input",
        "output",
        "latency_us",
    ];
    assert_eq!(names, expected);
    let id = |number: u8| DecisionId::from_bytes([number; 16]).to_string();
    assert_eq!(texts(&rows, "decision_id"), [id(1), id(3), id(5), id(7), id(8)]);
    let statuses = ["answered", "refused", "quarantined", "answered", "stopped"];
    assert_eq!(texts(&rows, "status"), statuses);
    assert_eq!(texts(&rows, "slot"), ["stable"; 5]);
    assert_eq!(texts(&rows, "input")[0], r#"{"origin":"JFK","n":1.50}"#, "byte for byte");
    assert_eq!(texts(&rows, "output")[0], r#"{"prediction":0.25,"decision":"not_late"}"#);
    let instants = rows.column_by_name("received_at").unwrap();
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    assert_eq!(*instants.data_type(), utc);
    let first: shipworthy_rows::Timestamp = "2026-07-01T09:30:00.000001Z".parse().unwrap();
    let instants = instants.as_primitive::<TimestampMicrosecondType>();
    assert_eq!(instants.value(0), first.as_micros());
    let latencies = rows.column_by_name("latency_us").unwrap().as_primitive::<Int64Type>();
    assert_eq!(latencies.values().as_ref(), [1, 9, 9, 7, 4]);
}

#[test]
fn an_export_of_many_batches_loses_and_repeats_nothing() {
    let kept = tempfile::tempdir().unwrap();
    let directory = StateDir::open(kept.path()).unwrap();
    let disk = Arc::new(RealDisk::new(directory.ledger()).unwrap());
    let (ledger, mut writer, _) =
        shipworthy_ledger::open(disk, [7; 16], Options::default()).unwrap();
    let count = 20_000_u32;
    for number in 0..count {
        let mut record = decision(1);
        record.id[..4].copy_from_slice(&number.to_be_bytes());
        drop(ledger.try_append(&[record]).unwrap());
        if number % 1_000 == 999 {
            writer.commit_queued();
        }
    }
    let file = kept.path().join("decisions.parquet");
    let opened = opened(kept.path());
    let out = std::fs::File::create(&file).unwrap();
    let bar = ProgressBar::hidden();
    let rows = export::write(&opened, opened.end().unwrap(), &out, &bar).unwrap();
    assert_eq!(rows, u64::from(count));
    let ids = texts(&read_back(&file), "decision_id");
    let numbers = ids.iter().map(|id| u32::from_str_radix(&id[..8], 16).unwrap());
    assert!(numbers.eq(0..count));
}

#[test]
fn an_export_ends_where_it_began() {
    let kept = left_by_a_server(&[decision(1), decision(2), decision(3)]);
    let file = kept.path().join("decisions.parquet");
    let out = std::fs::File::create(&file).unwrap();
    let rows = export::write(&opened(kept.path()), 2, &out, &ProgressBar::hidden()).unwrap();
    assert_eq!(rows, 2);
}

#[test]
fn an_empty_ledger_gives_a_file_without_rows() {
    let kept = left_by_a_server(&[]);
    let path = kept.path().join("decisions.parquet");
    export::export(&opened(kept.path()), &path).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    assert_eq!(reader.schema().fields().len(), 9);
}

#[test]
fn an_export_that_fails_leaves_nothing_behind() {
    let kept = left_by_a_server(&[decision(1), record(Kind::DECISION, 2, r#"{"odd":1}"#)]);
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("decisions.parquet");
    std::fs::write(&path, "an earlier export").unwrap();
    let error = export::export(&opened(kept.path()), &path).unwrap_err();
    assert!(error.to_string().contains("entry 1"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"an earlier export");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn a_torn_tail_is_read_up_to_and_left_alone() {
    let kept = left_by_a_server(&[decision(1), decision(2)]);
    let segment = kept.path().join("ledger/00000000000000000000.seg");
    let whole = std::fs::metadata(&segment).unwrap().len();
    OpenOptions::new().append(true).open(&segment).unwrap().write_all(&[0xee; 100]).unwrap();
    let ledger = opened(kept.path());
    assert_eq!(ledger.entries(0).count(), 2);
    assert_eq!(ledger.end().unwrap(), 2);
    drop(ledger);
    assert_eq!(std::fs::metadata(&segment).unwrap().len(), whole + 100, "not repaired");
}

#[test]
fn a_state_directory_without_a_ledger_says_so_and_stays_so() {
    let kept = tempfile::tempdir().unwrap();
    let lock = StateDir::open(kept.path()).unwrap().lock_to_read().unwrap();
    let error = Ledger::open(Found::Files(lock)).err().unwrap();
    assert!(error.to_string().contains("no ledger"), "{error}");
    assert!(!kept.path().join("ledger").exists());
}

#[test]
fn a_decision_is_shown_whole_and_its_commitment_checked() {
    let kept = left_by_a_server(&one_of_each());
    let ledger = opened(kept.path());
    let mut entry = ledger.find(DecisionId::from_bytes([1; 16])).unwrap();
    let text = show::pretty(&entry).unwrap();
    for shown in ["flight-delay", "sha256:aa", "not_late (0.2500)", "\"JFK\"", "(holds)"] {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
    let changed = entry.payload.unwrap().get().replace("JFK", "LGA");
    entry.payload = Some(serde_json::value::RawValue::from_string(changed).unwrap());
    assert!(show::pretty(&entry).unwrap().contains("does NOT hold"));
    for number in [2, 3, 5, 6, 7, 8] {
        let entry = ledger.find(DecisionId::from_bytes([number; 16])).unwrap();
        show::pretty(&entry).unwrap();
    }
    assert!(ledger.find(DecisionId::from_bytes([9; 16])).is_err());
}

#[test]
fn a_control_action_is_found_by_its_number_and_shown_whole() {
    let kept = left_by_a_server(&one_of_each());
    let ledger = opened(kept.path());
    let entry = ledger.find(show::parse_id("event:12").unwrap()).unwrap();
    let text = show::pretty(&entry).unwrap();
    for shown in
        ["policy.reloaded", "ana", "less alarms", "09:30:00.25Z", "[\"decision\"]", "(holds)"]
    {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
    for wrong in ["event:", "event:0", "event:x", "event"] {
        assert!(show::parse_id(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_newest_entries_are_decisions_and_control_actions() {
    let kept = left_by_a_server(&one_of_each());
    let entries = opened(kept.path()).entries(0).collect::<Result<Vec<_>>>().unwrap();
    let table = tail::table(&entries, true).unwrap();
    let line = table.lines().find(|line| line.contains("event")).unwrap();
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        words,
        "2026-07-01 09:30:00.250 6576656e-7400-8000-8000-00000000000c flight-delay event \
         policy.reloaded by ana: less alarms"
    );
    let line = table.lines().last().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(line.ends_with("flight-delay stopped not_late (stopped) 4 µs"), "{line}");
}
