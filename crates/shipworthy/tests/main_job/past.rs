//! State directories that earlier builds left: they open, and what is in them is what it was.
//!
//! `tests/states` has one for each schema of the store and format of the manifest, written by the
//! build of its time: a project was trained and served, two rows were answered, a token was made.
//! They are never written again.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use shipworthy_control::models::Trees;
use shipworthy_control::release::Shelf;
use shipworthy_store::{Bundles, SqliteStore, StateDir, Store};

use crate::events::copied_once;
use crate::export::export;
use crate::killing::copy;
use crate::project::{NAME, Project};
use crate::server::{ANY_PORTS, Server};

/// What was done there, oldest first.
const UNSIGNED: &[&str] =
    &["token.created", "release.created", "endpoint.stable_set", "token.created"];
const SIGNED: &[&str] = &[
    "token.created",
    "key.trusted",
    "release.created",
    "release.attested",
    "release.attested",
    "release.attested",
    "endpoint.stable_set",
    "token.created",
];

/// Each with the format of its release's manifest, and its events.
const STATES: [(&str, u32, &[&str]); 3] = [
    ("schema-1-format-1", 1, UNSIGNED),
    ("schema-1-format-2", 2, UNSIGNED),
    ("schema-6-format-3", 3, SIGNED),
];

/// A copy of a state, beside a project of the name that it served.
fn left_by_an_earlier_build(state: &str) -> Project {
    let project = Project::new();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states").join(state);
    copy(&kept, &project.state());
    project
}

#[test]
fn every_past_state_opens_and_its_release_is_what_it_was() {
    for (state, format, kinds) in STATES {
        let project = left_by_an_earlier_build(state);
        let directory = StateDir::open(&project.state()).unwrap();
        let before = std::fs::read(directory.state_db()).unwrap();
        let store = Arc::new(SqliteStore::reading(&directory.state_db()).unwrap());
        let found = store.events_after(0, 10).unwrap().into_iter().map(|event| event.kind);
        assert!(found.eq(kinds.iter().copied()), "{state}");
        let bundles = Arc::new(Bundles::reading(&directory));
        let shelf = Shelf { store, bundles, models: Arc::new(Trees), trusted: None };
        let id = shelf.resolve("@stable").unwrap();
        assert_eq!(shelf.verify(&id).unwrap().format, format, "{state}");
        assert_eq!(std::fs::read(directory.state_db()).unwrap(), before, "{state} is only read");
    }
}

#[test]
fn every_past_state_is_served_and_its_events_reach_the_ledger_once() {
    for (state, format, kinds) in STATES {
        let project = left_by_an_earlier_build(state);
        project.run(&format!("release verify {NAME}@stable --state STATE")).expect(0);
        let list = project.run("release list --state STATE --json").json();
        assert_eq!(list["releases"][0]["manifest"]["format"], format);
        let decided: Vec<Value> = export(&project).into_iter().map(|row| row.output).collect();
        assert_eq!(decided.len(), 2);

        let server = Server::start_with(&project, ANY_PORTS);
        assert_eq!(server.release(), list["releases"][0]["release"]);
        drop(server);
        drop(Server::start(&project));
        let copied = copied_once(&project.state());
        let copied = copied.iter().map(|event| event["kind"].as_str().unwrap());
        assert!(copied.eq(kinds.iter().copied()), "{state}");
        let again: Vec<Value> = export(&project).into_iter().map(|row| row.output).collect();
        assert_eq!(again, decided, "{state}");
    }
}
