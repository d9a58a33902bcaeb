//! What a server makes of golden rows that are answered otherwise.

use std::fs;
use std::path::PathBuf;

use shipworthy_core::SeededEntropy;
use shipworthy_rows::Timestamp;
use shipworthy_store::{NewToken, Role, Secret, SqliteStore, StateDir};
use tempfile::TempDir;

use super::*;
use crate::Origin;
use crate::models::Trees;
use crate::project::Project;
use crate::runner::{self, Call, Runner};
use crate::statement::Machine;
use crate::train::{Progress, Tools, train};

const PROJECT: &str = r#"
[project]
name = "late"

[source]
path = "rows.csv"

[model]
task = "binary"
target = "late"

[[column]]
name = "distance"
type = "float"

[train]
rounds = 3
"#;

#[derive(Debug)]
struct Nobody;

impl Progress for Nobody {
    fn rows(&mut self, _: u64, _: Option<u64>) {}

    fn round(&mut self, _: u32, _: u32, _: Option<f64>) {}

    fn command(&mut self, _: &[String]) {}
}

impl Runner for Nobody {
    fn find(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn run(&self, call: &Call<'_>) -> Result<(), runner::Error> {
        panic!("{call:?}")
    }
}

/// A release whose first golden answer was off by so much when it was made.
fn kept(off: f64) -> (TempDir, Shelf, ReleaseId) {
    let place = tempfile::tempdir().unwrap();
    let rows: String = (0..200).map(|n| format!("{},{}\n", n % 97, n % 97 > 40)).collect();
    fs::write(place.path().join("rows.csv"), format!("distance,late\n{rows}")).unwrap();
    let project = Project::parse(PROJECT, "shipworthy.toml").unwrap();
    let tools = Tools { models: &Trees, runner: &Nobody };
    let mut trained = train(&project, place.path(), &tools, &mut Nobody).unwrap();
    let text = String::from_utf8(trained.golden.output).unwrap();
    let (first, others) = text.split_once('\n').unwrap();
    let first: f64 = first.trim_matches(['[', ']']).parse().unwrap();
    trained.golden.output = format!("[{}]\n{others}", first + off).into_bytes();

    let directory = StateDir::open(&place.path().join("state")).unwrap();
    let lock = directory.lock().unwrap();
    let store = SqliteStore::open(&directory.state_db()).unwrap();
    let by = Attribution::new("operator", "a test", Timestamp::from_micros(0)).unwrap();
    let token = NewToken::new("operator", Role::Operator, &Secret::from_random([1; 32])).unwrap();
    store.create_token(&token, &by).unwrap();
    let bundles = Arc::new(Bundles::open(&lock).unwrap());
    let shelf = Shelf { store: Arc::new(store), bundles, models: Arc::new(Trees), trusted: None };
    let none = Commit::None { reason: "a test".to_owned() };
    let signer = SigningKey::from_random(&[2; 32]);
    shelf.store.trust_key(&signer.public(), &by).unwrap();
    let circumstances = Circumstances {
        started_at: by.at(),
        finished_at: by.at(),
        origin: Origin::default(),
        model_origin: serde_json::Value::Null,
        machine: Machine::default(),
        pipeline: None,
    };
    let made =
        Made { project: "late", trained: &trained, commit: &none, circumstances: &circumstances };
    let keeping = Keeping { signer: &signer, entropy: &SeededEntropy::new(3), by: &by };
    let id = shelf.keep(&made, &keeping).unwrap();
    (place, shelf, id)
}

#[test]
fn a_release_that_answers_the_same_bits_is_served_without_a_word() {
    let (_place, shelf, id) = kept(0.0);
    assert!(shelf.load_to_serve(&id).unwrap().1.is_none());
    shelf.verify(&id).unwrap();
}

#[test]
fn a_release_that_rounds_otherwise_is_served_and_said_to_and_not_verified() {
    let (_place, shelf, id) = kept(1e-7);
    let (release, rounding) = shelf.load_to_serve(&id).unwrap();
    assert_eq!(*release.id(), id);
    let said = rounding.unwrap().to_string();
    assert!(said.starts_with("1 of the rows"), "{said}");
    assert!(matches!(shelf.verify(&id), Err(Error::Golden { .. })));
}

#[test]
fn a_release_that_answers_otherwise_is_not_served() {
    let (_place, shelf, id) = kept(1e-3);
    assert!(matches!(shelf.load_to_serve(&id), Err(Error::Golden { .. })));
}
