//! Every control action is in the ledger, once, whoever did it and however the process ended.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use shipworthy_ledger::{Kind, Reader, RealDisk};
use shipworthy_store::{SqliteStore, Store};

use crate::command::run_unprivileged;
use crate::export::export;
use crate::killing;
use crate::project::{Project, row, rows};
use crate::server::Server;

const KILLS: u64 = 12;

/// What the ledger says about control actions, in its order.
pub(crate) fn in_the_ledger(state: &Path) -> Vec<Value> {
    let disk = Arc::new(RealDisk::new(state.join("ledger")).unwrap());
    let reader = Reader::open(disk, None).unwrap();
    let entries = reader.entries(0).map(Result::unwrap);
    let events = entries.filter(|entry| entry.kind == Kind::EVENT);
    events.map(|entry| serde_json::from_slice(entry.payload().unwrap()).unwrap()).collect()
}

/// What the store says about them.
pub(crate) fn in_the_store(state: &Path) -> Vec<Value> {
    let store = SqliteStore::open(&state.join("state.db")).unwrap();
    let events = store.events_after(0, 500).unwrap();
    let told = events.into_iter().map(|event| {
        let body: Value = serde_json::from_str(&event.body).unwrap();
        serde_json::json!({
            "id": event.id, "at": event.at, "actor": event.actor, "reason": event.reason,
            "kind": event.kind, "subject": event.subject, "body": body,
        })
    });
    told.collect()
}

/// The actions of a state directory, which are in its ledger as they are in its store.
#[track_caller]
pub(crate) fn copied_once(state: &Path) -> Vec<Value> {
    let (kept, copied) = (in_the_store(state), in_the_ledger(state));
    assert_eq!(copied, kept);
    kept
}

#[track_caller]
fn kinds_copied_once(project: &Project) -> Vec<String> {
    let events = copied_once(&project.state());
    events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

/// What the first release leaves.
const RELEASED: [&str; 6] = [
    "token.created",
    "key.trusted",
    "release.created",
    "release.attested",
    "release.attested",
    "release.attested",
];

#[test]
fn what_was_done_before_the_first_decision_stands_before_it() {
    let project = Project::new();
    let mut server = Server::start(&project);
    server.predict(&[row(1)]).expect(200);
    server.kill();
    let found = kinds_copied_once(&project);
    assert_eq!(found[..6], RELEASED);
    assert_eq!(found[6..], ["endpoint.stable_set"]);
    let tail = project.run("ledger tail --state STATE --json");
    let tail: Vec<Value> =
        tail.expect(0).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = tail.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, [vec!["event"; 7], vec!["decision"]].concat());
}

#[test]
fn actions_of_a_server_and_of_commands_without_one_are_in_one_order() {
    let project = Project::new();
    project.run("release PROJECT --state STATE --allow-dirty").expect(0);
    assert_eq!(kinds_copied_once(&project), RELEASED);
    project.run("token create ana --role auditor --reason offline --state STATE").expect(0);
    project.run("token revoke ana --reason offline --state STATE").expect(0);
    let at_rest = kinds_copied_once(&project);
    assert_eq!(at_rest[6..], ["token.created", "token.revoked"]);

    let server = Server::start(&project);
    project.edit("threshold = 0.5", "threshold = 0.25");
    project.run("reload --state STATE --reason fewer-losses").expect(0);
    project.run("token create ben --role caller --reason online --state STATE").expect(0);
    let shown = project.run("ledger show event:9 --state STATE --json").json();
    assert_eq!(shown["payload"]["kind"], "endpoint.stable_set");
    server.terminate();
    let kinds = kinds_copied_once(&project);
    assert_eq!(kinds[8..], ["endpoint.stable_set", "policy.reloaded", "token.created"]);
    let shown = project.run("ledger show event:10 --state STATE");
    assert!(shown.expect(0).contains("policy.reloaded"), "{shown:#?}");
}

#[test]
fn a_ledger_that_nobody_may_write_is_read() {
    let project = Project::new();
    let server = Server::start(&project);
    server.predict(&rows()[..5]).expect(200);
    let id = server.release();
    server.terminate();
    let backup = project.beside("backup");
    killing::copy(&project.state(), &backup);
    for (place, mode) in [("LOCK", 0o444), ("ledger", 0o555), ("", 0o555)] {
        fs::set_permissions(backup.join(place), fs::Permissions::from_mode(mode)).unwrap();
    }
    let read = |line: &str| run_unprivileged(&project.line(line));
    let check = || {
        let tail = read("ledger tail --state BESIDE/backup --json");
        assert_eq!(tail.expect(0).lines().count(), RELEASED.len() + 1 + 5);
        read("ledger show event:1 --state BESIDE/backup").expect(0);
        let export = "ledger export --state BESIDE/backup --output BESIDE/out.parquet --json";
        assert_eq!(read(export).json()["decisions"], 5);
        read(&format!("lineage {id} --state BESIDE/backup")).expect(0);
    };
    check();
    fs::remove_file(backup.join("LOCK")).unwrap();
    check();
    assert!(!backup.join("LOCK").exists());
}

#[test]
fn an_export_has_decisions_only() {
    let project = Project::new();
    let server = Server::start(&project);
    server.predict(&rows()[..5]).expect(200);
    server.terminate();
    assert_eq!(export(&project).len(), 5);
    let written = project.run("ledger export --state STATE --output BESIDE/again.parquet --json");
    assert_eq!(written.json()["decisions"], 5);
}

#[test]
fn a_ledger_in_memory_gets_no_copies_and_the_one_on_the_disk_does_later() {
    let project = Project::new();
    Server::start_with(&project, "--listen 127.0.0.1:0 --admin 127.0.0.1:0 --ledger memory")
        .terminate();
    assert!(!project.state().join("ledger").exists());
    Server::start(&project).terminate();
    assert_eq!(kinds_copied_once(&project).len(), RELEASED.len() + 1);
}

#[test]
fn however_often_the_process_is_killed_every_action_is_copied_once() {
    let project = Project::new();
    let mut made = HashSet::new();
    for round in 0..KILLS {
        let mut server = Server::start(&project);
        let name = format!("client-{round}");
        // Told by the server, which is killed while it copies, or before, or after.
        let line = format!("token create {name} --role caller --reason test --state STATE");
        project.run(&line).expect(0);
        made.insert(name);
        if round % 3 == 1 {
            server.predict(&rows()[..5]).expect(200);
        }
        server.kill();
        if round % 4 == 2 {
            project.run("token revoke client-0 --reason test --state STATE");
        }
    }
    Server::start(&project).terminate();
    kinds_copied_once(&project);
    let told = in_the_ledger(&project.state());
    let created = told.iter().filter(|event| event["kind"] == "token.created");
    let created: Vec<&str> = created.map(|event| event["subject"].as_str().unwrap()).collect();
    assert_eq!(created.iter().filter(|name| made.contains(**name)).count(), made.len());
}
