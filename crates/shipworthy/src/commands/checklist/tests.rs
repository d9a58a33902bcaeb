//! The checklist from files.

use shipworthy_core::attestation::{Statement, predicate};
use shipworthy_core::signing::SigningKey;
use shipworthy_core::{FileDigest, Manifest, Output, Task, Trainer, TrainingSet};
use shipworthy_ledger::{Kind, Options, RealDisk, Record};
use shipworthy_store::NewAttestation;
use shipworthy_store::{
    Attribution, Bundles, EndpointName, NewRelease, NewToken, Reproducibility, Role, Secret,
    SqliteStore, StateDir, StateLock, Store,
};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(0);

const PROJECT: &str = r#"[project]
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

fn project() -> tempfile::TempDir {
    let kept = tempfile::tempdir().unwrap();
    std::fs::write(kept.path().join(state::PROJECT_FILE), PROJECT).unwrap();
    kept
}

fn args(project: &std::path::Path) -> Args {
    Args {
        project: project.to_owned(),
        state: None,
        remote: RemoteArgs::default(),
        strict: false,
        json: false,
    }
}

fn item<'a>(checklist: &'a Checklist, id: &str) -> &'a Item {
    checklist.items.iter().find(|item| item.id == id).unwrap()
}

/// A release with a contract of no columns, made from a commit.
fn keep_a_release(lock: &StateLock) {
    let store = SqliteStore::open(&lock.dir().state_db()).unwrap();
    let by = Attribution::new("operator", "a test", Timestamp::from_millis(0)).unwrap();
    let secret = Secret::from_random([9; 32]);
    let token = NewToken::new("operator", Role::Operator, &secret).unwrap();
    store.create_token(&token, &by).unwrap();
    let contract = br#"{"columns": []}"#;
    let manifest = Manifest {
        format: Manifest::FORMAT,
        project: "flight-delay".to_owned(),
        model: FileDigest::of("model.json", b"{}"),
        contract: FileDigest::of("contract.json", contract),
        golden: None,
        output: Output { task: Task::Regression, target: "late".to_owned(), classes: vec![] },
        trainer: Trainer {
            name: "builtin".to_owned(),
            version: Some("1".to_owned()),
            seed: Some(1),
            parameters: std::collections::BTreeMap::new(),
        },
        training_set: Some(TrainingSet {
            files: vec![],
            label: "late".to_owned(),
            rows: 1,
            validation_rows: 1,
            from: None,
            until: None,
            first: None,
            last: None,
        }),
        commit: Some("c0ffee".to_owned()),
    };
    let (text, id) = manifest.seal().unwrap();
    let release = NewRelease::new(id.clone(), &text, Reproducibility::Reproducible).unwrap();
    Bundles::open(lock).unwrap().put(&id, &[("contract.json", contract)]).unwrap();
    let key = SigningKey::from_random(&[1; 32]);
    store.trust_key(&key.public(), &by).unwrap();
    let statement = Statement {
        predicate_type: predicate::PROVENANCE.to_owned(),
        predicate: serde_json::Value::Null,
    };
    let envelope = statement.sign(&id, &key).unwrap();
    let provenance = NewAttestation::new(predicate::PROVENANCE, envelope).unwrap();
    let release = release.attested(vec![provenance], Vec::new());
    store.insert_release(&release, &by).unwrap();
    store.set_stable(&EndpointName::parse("flight-delay").unwrap(), &id, &by).unwrap();
}

fn write_an_entry(directory: &StateDir) {
    let disk = std::sync::Arc::new(RealDisk::new(directory.ledger()).unwrap());
    let (ledger, mut writer, _) =
        shipworthy_ledger::open(disk, [7; 16], Options::default()).unwrap();
    let record =
        Record { kind: Kind::DECISION, id: [1; 16], salt: [1; 16], payload: b"{}".to_vec() };
    drop(ledger.try_append(&[record]).unwrap());
    writer.commit_queued();
}

#[test]
fn a_project_that_never_served_is_judged_by_its_file() {
    let kept = project();
    let checklist = read(&args(kept.path()), NOW).unwrap();
    assert!(item(&checklist, "contract").evidence.contains("2 columns"));
    assert_eq!(item(&checklist, "audit").state, "not_set_up");
    assert!(!kept.path().join(state::STATE_DIRECTORY).exists(), "nothing is made");
}

#[test]
fn a_project_that_served_is_judged_by_what_it_left() {
    let kept = project();
    let path = kept.path().join(state::STATE_DIRECTORY);
    let lock = StateDir::open(&path).unwrap().lock().unwrap();
    keep_a_release(&lock);
    write_an_entry(lock.dir());
    drop(lock);
    let checklist = read(&args(kept.path()), NOW).unwrap();
    assert_eq!(item(&checklist, "commit").state, "met");
    assert!(item(&checklist, "commit").evidence.contains("c0ffee"));
    assert_eq!(item(&checklist, "contract").evidence, "no contract yet", "the release's, not 2");
    assert!(item(&checklist, "audit").evidence.starts_with("1 entries"));
}

#[test]
fn a_damaged_ledger_fails_the_audit() {
    let kept = project();
    let path = kept.path().join(state::STATE_DIRECTORY);
    let directory = StateDir::open(&path).unwrap();
    write_an_entry(&directory);
    let segment = directory.ledger().join("00000000000000000000.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[3] ^= 0xff;
    std::fs::write(&segment, bytes).unwrap();
    let checklist = read(&args(kept.path()), NOW).unwrap();
    assert_eq!(item(&checklist, "audit").state, "failing");
    assert!(item(&checklist, "audit").evidence.contains("corrupt"));
}

#[test]
fn what_is_no_project_cannot_be_used() {
    let kept = tempfile::tempdir().unwrap();
    assert!(read(&args(kept.path()), NOW).is_err());
}

#[test]
fn the_checklist_is_readable_without_colours() {
    let kept = project();
    let checklist = read(&args(kept.path()), NOW).unwrap();
    let plain = checklist.render(false);
    assert!(!plain.contains('\u{1b}'));
    assert!(plain.starts_with("Engineering\n  · not set up  containerised"), "{plain}");
    assert!(plain.ends_with("0 of 17 met"), "{plain}");
    assert!(checklist.render(true).contains("\u{1b}[1mEngineering\u{1b}[0m"));
}

#[test]
fn strict_fails_unless_all_is_met() {
    let kept = project();
    let mut checklist = read(&args(kept.path()), NOW).unwrap();
    assert_eq!(checklist.outcome(false), Outcome::Done);
    assert_eq!(checklist.outcome(true), Outcome::Failed);
    checklist.items.iter_mut().for_each(|item| item.state = "met".to_owned());
    assert_eq!(checklist.outcome(true), Outcome::Done);
}
