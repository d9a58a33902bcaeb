//! What is said about releases: signed, refused when changed, and whose word counts.

mod edited;

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::command::{Ran, finish, program};
use crate::project::Project;
use crate::server::{ANY_PORTS, Server};

/// A committed project with one release, and the release's id.
fn released() -> (Project, String) {
    let project = Project::new();
    project.commit();
    let made = project.run("release PROJECT --state STATE --json");
    made.expect(0);
    let id = made.json()["release"].as_str().unwrap().to_owned();
    (project, id)
}

fn verify(project: &Project, id: &str, options: &str) -> Ran {
    project.run(&format!("release verify {id} --state STATE {options}"))
}

fn said(project: &Project, id: &str) -> Vec<Value> {
    let listed = project.run(&format!("release attestations {id} --state STATE --json"));
    listed.expect(0);
    listed.json().as_array().unwrap().clone()
}

/// Edits the store as nobody should be able to.
fn edit(project: &Project, sql: &str) {
    let database = Connection::open(project.state().join("state.db")).unwrap();
    let find = "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema
                WHERE type = 'trigger'";
    let drops: Option<String> = database.query_row(find, [], |row| row.get(0)).unwrap();
    database.execute_batch(&drops.unwrap_or_default()).unwrap();
    database.pragma_update(None, "foreign_keys", false).unwrap();
    database.execute_batch(sql).unwrap();
}

fn texts(project: &Project, sql: &str) -> Vec<String> {
    let database = Connection::open(project.state().join("state.db")).unwrap();
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A key pair in files: the private one, and the public one.
fn key_pair(project: &Project, name: &str) -> (String, String) {
    let private = project.beside(&format!("{name}.pem")).display().to_string();
    let public = project.beside(&format!("{name}.pub")).display().to_string();
    let other = project.beside(&format!("{name}-state"));
    // A state directory makes its key with its first release.
    let line = format!("release PROJECT --state {} --json", other.display());
    project.run(&line).expect(0);
    fs::rename(other.join("signing_key.pem"), &private).unwrap();
    let shown = project.run(&format!("key show --state {}", other.display()));
    shown.expect(0);
    fs::write(&public, &shown.stdout).unwrap();
    (private, public)
}

fn count(directory: &Path) -> usize {
    fs::read_dir(directory).unwrap().count()
}

#[test]
fn a_release_says_how_it_was_made_and_how_good_it_is() {
    let (project, id) = released();
    let said = said(&project, &id);
    let names: Vec<&str> = said.iter().map(|s| s["predicate_type"].as_str().unwrap()).collect();
    let slsa = "https://slsa.dev/provenance/v1";
    assert_eq!(names, [slsa, "shipworthy:quality/v1", "shipworthy:reference-rows/v1"]);
    let definition = &said[0]["predicate"]["buildDefinition"];
    let commit = &definition["resolvedDependencies"][0]["digest"]["gitCommit"];
    assert_eq!(commit.as_str().unwrap().len(), 40);
    assert_eq!(definition["resolvedDependencies"][1]["name"], "payments.csv");
    assert!(said[1]["predicate"]["test"]["metrics"]["roc_auc"].as_f64().unwrap() > 0.5);
    let output = project.beside("envelopes");
    let line = format!("release attestations {id} --state STATE --output {}", output.display());
    project.run(&line).expect(0);
    assert_eq!(count(&output), 3);
    // The same again says nothing new.
    project.run("release PROJECT --state STATE").expect(0);
    assert_eq!(self::said(&project, &id), said);
}

#[test]
fn a_changed_byte_in_anything_that_is_said_is_refused_by_name() {
    let (project, id) = released();
    let envelopes = texts(&project, "SELECT envelope FROM attestations ORDER BY event");
    let whole = "UPDATE attestations SET envelope";
    for (index, (envelope, name)) in
        envelopes.iter().zip(["provenance", "quality", "reference rows"]).enumerate()
    {
        let row = format!(
            "WHERE event = (SELECT event FROM attestations ORDER BY event \
                           LIMIT 1 OFFSET {index})"
        );
        for at in [2, 14, envelope.len() / 2, envelope.len() - 40, envelope.len() - 6] {
            let mut bytes = envelope.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap().replace('\'', "''");
            edit(&project, &format!("{whole} = '{changed}' {row}"));
            let refused = verify(&project, &id, "");
            refused.expect(1);
            refused.says(name);
        }
        edit(&project, &format!("{whole} = '{envelope}' {row}"));
    }
    verify(&project, &id, "").expect(0);
    edit(
        &project,
        "UPDATE attestations SET predicate_type = 'shipworthy:approval/v1'
                    WHERE predicate_type = 'shipworthy:quality/v1'",
    );
    verify(&project, &id, "").says("is stored as `shipworthy:approval/v1`");
    edit(
        &project,
        "UPDATE attestations SET predicate_type = 'shipworthy:quality/v1'
                    WHERE predicate_type = 'shipworthy:approval/v1'",
    );
    verify(&project, &id, "").expect(0);
    edit(
        &project,
        "UPDATE events SET body = replace(body, 'sha256\":\"', 'sha256\":\"0')
                    WHERE body LIKE '%quality%'",
    );
    verify(&project, &id, "").says("(quality) is not the one that was recorded");
    edit(&project, "DELETE FROM attestations WHERE predicate_type = 'shipworthy:quality/v1'");
    let refused = verify(&project, &id, "");
    refused.expect(1);
    refused.says("tells of one that is gone");
    edit(&project, "DELETE FROM attestations; DELETE FROM events WHERE kind = 'release.attested'");
    let refused = verify(&project, &id, "");
    refused.expect(1);
    refused.says("it has no provenance");
}

#[test]
fn a_changed_manifest_is_refused() {
    let (project, id) = released();
    let manifest = &texts(&project, "SELECT manifest FROM releases")[0];
    for (old, new) in [("\"seed\":7", "\"seed\":8"), ("payments.csv", "payments.csw")] {
        let changed = manifest.replace(old, new);
        assert_ne!(&changed, manifest);
        edit(&project, &format!("UPDATE releases SET manifest = '{changed}'"));
        let refused = verify(&project, &id, "");
        refused.expect(1);
        refused.says("the manifest of release");
    }
    let spelled = manifest.replace("\"seed\":7", "\"seed\": 7");
    edit(&project, &format!("UPDATE releases SET manifest = '{spelled}'"));
    verify(&project, &id, "").expect(1);
}

#[test]
fn a_release_with_a_changed_statement_is_never_served() {
    let project = Project::new();
    project.commit();
    drop(Server::start(&project));
    edit(
        &project,
        "UPDATE attestations SET envelope = replace(envelope, 'payload\"', 'Payload\"')",
    );
    let refused = project.run(&format!("up PROJECT --state STATE {ANY_PORTS}"));
    refused.expect(2);
    refused.says("(provenance) does not count");
}

#[test]
fn reference_rows_are_forgotten_and_the_release_stays() {
    let (project, id) = released();
    let attachment = project.state().join("attachments");
    let file = fs::read_dir(&attachment).unwrap().next().unwrap().unwrap().path();
    let kept = fs::read_to_string(&file).unwrap();
    let first: Value = serde_json::from_str(kept.lines().next().unwrap()).unwrap();
    let card = first["row"]["row"]["card"].as_str().unwrap().to_owned();
    let written = format!("\"card\":\"{card}\"");
    let rows = kept.matches(&written).count();
    fs::write(&file, kept.replacen("\"label\":0", "\"label\":1", 1)).unwrap();
    let refused = verify(&project, &id, "");
    refused.expect(1);
    refused.says("reference rows");
    fs::write(&file, &kept).unwrap();

    let forget = format!("release forget --where card={card} --state STATE --reason asked --json");
    let forgotten = project.run(&forget);
    forgotten.expect(0);
    assert_eq!(forgotten.json(), json!({"erased": rows}));
    assert!(!fs::read_to_string(&file).unwrap().contains(&written));
    verify(&project, &id, "").expect(0);
    let refused = project.run("release forget --where Card=1 --state STATE --reason asked");
    refused.expect(2);
    refused.says("no reference row has a column `Card`; there are account_days");
    project.run(&format!("release forget {id} --all --state STATE --reason asked")).expect(0);
    verify(&project, &id, "").expect(0);
    assert_eq!(project.run(&forget).json(), json!({"erased": 0}));
    let refused = project.run("release forget --state STATE --reason asked");
    refused.expect(2);
}

#[test]
fn a_key_that_nobody_trusted_signs_nothing() {
    let (project, id) = released();
    let (private, public) = key_pair(&project, "other");
    project.edit("rounds = 10", "rounds = 9");
    project.commit();
    let sign = format!("release PROJECT --state STATE --signing-key {private} --json");
    let refused = project.run(&sign);
    refused.expect(2);
    refused.says("is not trusted here");
    project.run(&format!("key trust {public} --state STATE --reason pipeline")).expect(0);
    let made = project.run(&sign);
    made.expect(0);
    let second = made.json()["release"].as_str().unwrap().to_owned();
    verify(&project, &second, "").expect(0);
    // Whoever names the keys that count has the last word.
    verify(&project, &second, &format!("--trusted-keys {public}")).expect(0);
    let refused = verify(&project, &id, &format!("--trusted-keys {public}"));
    refused.expect(1);
    refused.says("is not trusted here");
}

#[test]
fn a_key_that_is_missing_in_a_pipeline_is_not_replaced_by_another() {
    let project = Project::new();
    let line = project.line("release PROJECT --state STATE --allow-dirty");
    for nothing in ["", "\n"] {
        let mut command = program();
        command.args(line.split_whitespace()).env("SHIPWORTHY_SIGNING_KEY", nothing);
        let refused = finish(&mut command);
        refused.expect(2);
        refused.says("SHIPWORTHY_SIGNING_KEY is set, but empty");
    }
    let kept = project.run("release list --state STATE --json").json();
    assert_eq!(kept["releases"].as_array().map(Vec::len), Some(0));
    assert!(!project.state().join("signing_key.pem").exists());
}

#[test]
fn keys_are_changed_and_what_they_signed_goes_on_to_count() {
    let (project, id) = released();
    let rotated = project.run("key rotate --state STATE --reason year");
    rotated.expect(0);
    verify(&project, &id, "").expect(0);
    project.edit("rounds = 10", "rounds = 9");
    project.commit();
    project.run("release PROJECT --state STATE").expect(0);
    let listed = project.run("key list --state STATE --json").json();
    let keys = listed["keys"].as_array().unwrap();
    let states: Vec<&str> = keys.iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["retired", "trusted"]);
    let old = keys[0]["id"].as_str().unwrap();
    project.run(&format!("key revoke {} --state STATE --reason leaked", &old[..8])).expect(0);
    let refused = verify(&project, &id, "");
    refused.expect(1);
    refused.says("release sign");
    let vanished = project.run(&format!("release attestations {id} --state STATE"));
    vanished.expect(0);
    vanished.says("provenance does not count: the key that signed it was revoked");
    project.run(&format!("release sign {id} --state STATE --reason leaked")).expect(0);
    verify(&project, &id, "").expect(0);
}

/// Everything that an approver and an operator say, with or without a server.
fn say_all(project: &Project, id: &str) {
    let approve = format!("release approve {id} --state STATE --reason reviewed");
    let refused = project.run(&approve);
    refused.expect(2);
    refused.says("may not do this");
    let create = "token create eve --role approver --state STATE --reason 4-eyes --json";
    let created = project.run(create);
    created.expect(0);
    let secret = created.json()["secret"].as_str().unwrap().to_owned();
    project.run(&format!("{approve} --token {secret}")).expect(0);
    let approval = said(project, id).pop().unwrap();
    assert_eq!(approval["predicate"]["approver"], "eve");
    assert_eq!(approval["actor"], "eve");
    let report = project.beside("report.json");
    fs::write(&report, r#"{"result": "PASSED", "configuration": []}"#).unwrap();
    let attest = |kind: &str| {
        let report = report.display();
        project.run(&format!(
            "release attest {id} --type {kind} --predicate {report} --state STATE --reason gates"
        ))
    };
    attest("gate-report").expect(0);
    attest("x:\u{1b}[31m").says("neither `gate-report` nor a URI");
    attest("shipworthy:approval/v1").says("`shipworthy release approve`");
    fs::write(&report, r#"{"result": "FINE"}"#).unwrap();
    attest("gate-report").says("PASSED, WARNED or FAILED");
    fs::write(&report, r#"{"a": {"rows": 1, "rows": 2}}"#).unwrap();
    attest("x:y").says("`rows` twice in one object");
    fs::write(&report, r#"{"a": 12345678901234567890123}"#).unwrap();
    attest("x:y").says("12345678901234567890123 would be read as");
    verify(project, id, "").expect(0);
    assert_eq!(said(project, id).len(), 5);
    for (verb, retention) in [("hold", "held"), ("free", "kept")] {
        project.run(&format!("release {verb} {id} --state STATE --reason audit")).expect(0);
        let shown = project.run(&format!("release show {id} --state STATE --json")).json();
        assert_eq!(shown["retention"], retention);
    }
    let nobody = project.run("release hold 0123456789 --state STATE --reason audit");
    nobody.expect(2);
    nobody.says("names no release here");
}

#[test]
fn an_approver_signs_off_and_an_operator_cannot() {
    let (project, id) = released();
    say_all(&project, &id);
}

#[test]
fn a_server_that_runs_is_asked_to_sign() {
    let project = Project::new();
    project.commit();
    let server = Server::start(&project);
    say_all(&project, &server.release());
    let busy = project.run("release prune --state STATE --reason space");
    busy.expect(2);
    busy.says("stop that first");
}

#[test]
fn the_checklist_believes_what_is_signed_and_nothing_else() {
    let (project, id) = released();
    let commit = |project: &Project| {
        let checklist = project.run("checklist PROJECT --state STATE --json").json();
        let items = checklist["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["id"] == "commit").unwrap()
    };
    Server::start(&project).terminate();
    let met = commit(&project);
    assert_eq!(met["state"], "met", "{met}");
    let evidence = met["evidence"].as_str().unwrap();
    assert!(evidence.contains(&id) && evidence.contains("signed by key"), "{evidence}");
    edit(&project, "UPDATE attestations SET envelope = replace(envelope, 'keyid', 'keyId')");
    let broken = commit(&project);
    assert_eq!(broken["state"], "failing");
    assert!(broken["evidence"].as_str().unwrap().contains("cannot be believed"), "{broken}");

    let project = Project::new();
    Server::start(&project).terminate();
    let loose = commit(&project);
    assert_eq!(loose["state"], "failing");
    assert!(loose["evidence"].as_str().unwrap().contains("is unreproducible"), "{loose}");
}
