//! A release travels as one file, and is the same release where it comes to.

use std::fs;

use serde_json::{Value, json};

use crate::command::Ran;
use crate::project::{Project, row};
use crate::server::{Server, admin};

/// A project with a release, its archive, and the public half of its key beside it.
fn exported() -> (Project, String) {
    let project = Project::new();
    project.commit();
    let made = project.run("release PROJECT --state STATE --json");
    made.expect(0);
    let id = made.json()["release"].as_str().unwrap().to_owned();
    export(&project, &id, "release.tar").expect(0);
    let pem = project.run("key show --state STATE");
    pem.expect(0);
    fs::write(project.beside("team.pem"), &pem.stdout).unwrap();
    (project, id)
}

fn export(project: &Project, id: &str, file: &str) -> Ran {
    project.run(&format!("release export {id} --state STATE --output BESIDE/{file} --json"))
}

fn import(project: &Project, file: &str) -> Ran {
    project.run(&format!("release import BESIDE/{file} --state BESIDE/other --json"))
}

/// The same, by somebody who knows whose key it is.
fn import_trusting(project: &Project, file: &str) -> Ran {
    let line = "--trust BESIDE/team.pem --state BESIDE/other --json";
    project.run(&format!("release import BESIDE/{file} {line}"))
}

#[test]
fn a_release_is_the_same_elsewhere_with_what_is_said_of_it() {
    let (project, id) = exported();
    let taken = import_trusting(&project, "release.tar");
    taken.expect(0);
    assert_eq!(taken.json()["release"], id);
    assert_eq!(
        (&taken.json()["was_here"], &taken.json()["left_out"]),
        (&false.into(), &serde_json::json!([]))
    );
    project.run(&format!("release verify {id} --state BESIDE/other")).expect(0);
    let kinds = |state: &str| {
        let said = project.run(&format!("release attestations {id} --state {state} --json"));
        let said = said.json();
        let kinds = said.as_array().or(said["attestations"].as_array()).unwrap().clone();
        kinds.iter().map(|one| one["predicate_type"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(kinds("BESIDE/other"), kinds("STATE"));
    // From there it travels on as the same file.
    let again = format!("release export {id} --state BESIDE/other --output BESIDE/again.tar");
    project.run(&again).expect(0);
    let bytes = |file| fs::read(project.beside(file)).unwrap();
    assert!(bytes("again.tar") == bytes("release.tar"), "another file");
    let twice = import(&project, "release.tar");
    twice.expect(0);
    assert_eq!(twice.json()["was_here"], true);
}

#[test]
fn a_release_of_a_key_that_is_not_known_is_refused() {
    let (project, id) = exported();
    let refused = import(&project, "release.tar");
    refused.expect(2);
    refused.says("it has no provenance by a key that is trusted");
    refused.says("--trust FILE");
    project.run(&format!("release verify {id} --state BESIDE/other")).expect(2);
}

#[test]
fn an_archive_that_was_changed_is_refused_by_what_was_changed() {
    let (project, _) = exported();
    let whole = fs::read(project.beside("release.tar")).unwrap();
    let check = |change: &dyn Fn(&mut Vec<u8>), told: &str| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(project.beside("changed.tar"), bytes).unwrap();
        let refused = import_trusting(&project, "changed.tar");
        refused.expect(2);
        refused.says(told);
    };
    let replace = |bytes: &mut Vec<u8>, old: &[u8], new: &[u8]| {
        let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
        bytes[at..at + old.len()].copy_from_slice(new);
    };
    check(&|bytes| replace(bytes, b"\"format\":1", b"\"format\":9"), "it has the format 9");
    check(&|bytes| replace(bytes, b"card-fraud", b"curd-fraud"), "the release is named");
    let contract = b"\"name\": \"amount\"";
    check(&|bytes| replace(bytes, contract, b"\"name\": \"Amount\""), "its file `contract.json`");
    check(&|bytes| bytes.truncate(whole.len() / 2), "it cannot be read as a tar archive");
    let told = import(&project, "release.tar --name late");
    told.expect(2);
    told.says("--name says something of a model");
}

#[test]
fn a_release_from_elsewhere_is_served() {
    let (project, id) = exported();
    import_trusting(&project, "release.tar").expect(0);
    let server =
        Server::start_line(&project, &format!("serve --release {id} --state BESIDE/other"));
    let answered = server.predict(&[row(1)]).expect(200);
    assert_eq!(answered["release"], id);
}

#[test]
fn a_server_takes_a_release_in_while_it_serves() {
    let (project, _) = exported();
    let elsewhere = Project::new();
    let server = Server::start(&elsewhere);
    let was = server.release();
    let beside = |file| project.beside(file).display().to_string();
    let line = |more: &str| {
        format!(
            "release import {} --state STATE --reason arrived --json{more}",
            beside("release.tar")
        )
    };
    let refused = elsewhere.run(&line(""));
    refused.expect(2);
    refused.says("it has no provenance by a key that is trusted");
    let refused = elsewhere.run(&line(&format!(" --trust {}", beside("team.pem"))));
    refused.expect(2);
    refused.says("must stop before it is told whom to trust");
    server.terminate();
    let trust = format!("key trust {} --state STATE --reason team", beside("team.pem"));
    elsewhere.run(&trust).expect(0);
    let server = Server::start(&elsewhere);
    let taken = elsewhere.run(&line(""));
    taken.expect(0);
    let id = taken.json()["release"].as_str().unwrap().to_owned();
    assert_eq!(server.predict(&[row(1)]).expect(200)["release"], was, "what serves, serves on");
    let twice = elsewhere.run(&line(""));
    twice.expect(0);
    assert_eq!(twice.json()["was_here"], true);
    let deploy = format!("deploy card-fraud {id} --state STATE --strategy shadow --reason arrived");
    elsewhere.run(&deploy).expect(0);
    server.terminate();
    let events = elsewhere.run("ledger tail --state STATE -n 20");
    events.expect(0);
    assert!(events.stdout.contains("release.imported by operator: arrived"), "{}", events.stdout);
}

/// A control plane, and a token that may only read it.
fn reader(project: &Project) -> String {
    let line = "token create looker --role auditor --reason looks --state STATE --json";
    let made = project.run(line);
    made.expect(0);
    let token = made.json()["secret"].as_str().unwrap().to_owned();
    format!("--server http://{} --token {token}", admin(project))
}

#[test]
fn a_release_is_pulled_from_a_running_server_by_its_slot_or_its_id() {
    let (project, id) = exported();
    let _server = Server::start_line(&project, &format!("serve --release {id} --state STATE"));
    let reader = reader(&project);
    let pull = |name: &str, more: &str| {
        let place = "--state BESIDE/other --json";
        project.run(&format!("release pull {name} {reader} {place} {more}"))
    };
    let refused = pull("card-fraud@stable", "");
    refused.expect(2);
    refused.says("--trust FILE");
    let taken = pull("card-fraud@stable", "--trust BESIDE/team.pem");
    taken.expect(0);
    assert_eq!((&taken.json()["release"], &taken.json()["was_here"]), (&json!(id), &json!(false)));
    project.run(&format!("release verify {id} --state BESIDE/other")).expect(0);
    for name in [&id[..19], &id] {
        let again = pull(name, "");
        again.expect(0);
        assert_eq!(again.json()["was_here"], true);
    }
    let none = pull("card-fraud@candidate", "");
    none.expect(2);
    none.says("release list");
    let again = format!("release export {id} --state BESIDE/other --output BESIDE/again.tar");
    project.run(&again).expect(0);
    let bytes = |file| fs::read(project.beside(file)).unwrap();
    assert!(bytes("again.tar") == bytes("release.tar"), "another file");
}

/// The options that name a project's server to who does not have its state directory.
fn remote(project: &Project) -> String {
    let file = |name: &str| fs::read_to_string(project.state().join(name)).unwrap();
    let announced: Value = serde_json::from_str(&file("server.json")).unwrap();
    let admin = announced["admin"].as_str().unwrap();
    format!("--server http://{admin} --token {}", file("token").trim())
}

#[test]
fn a_deploy_brings_the_release_along_that_the_server_lacks() {
    let (project, id) = exported();
    let elsewhere = Project::new();
    Server::start(&elsewhere).terminate();
    let pem = project.beside("team.pem").display().to_string();
    elsewhere.run(&format!("key trust {pem} --state STATE --reason team")).expect(0);
    let server = Server::start(&elsewhere);
    let remote = remote(&elsewhere);
    let digits = &id["sha256:".len()..][..12];
    let deploy = |release: &str, state: &str| {
        let how = format!("--strategy shadow --reason merged {remote}");
        project.run(&format!("deploy card-fraud {release} --state {state} {how}"))
    };
    let unknown = deploy(digits, "BESIDE/nothing");
    unknown.expect(2);
    unknown.says("`shipworthy release list` shows those that are here");
    deploy("000000", "STATE").says("`shipworthy release list` shows those that are here");
    let sent = deploy(digits, "STATE");
    sent.expect(0);
    sent.says(&format!("card-fraud: the server took in {id}"));
    assert!(sent.stdout.contains("shadow, step 1 of 1"), "{}", sent.stdout);
    let again = deploy(digits, "STATE");
    again.expect(0);
    assert!(!again.stderr.contains("took in"), "{}", again.stderr);
    server.terminate();
}

#[test]
fn a_deploy_of_a_release_that_the_server_does_not_trust_is_refused() {
    let (project, id) = exported();
    let elsewhere = Project::new();
    let server = Server::start(&elsewhere);
    let remote = remote(&elsewhere);
    let refused =
        project.run(&format!("deploy card-fraud {id} --state STATE --reason merged {remote}"));
    refused.expect(2);
    refused.says("and it is not sent");
    refused.says("it has no provenance by a key that is trusted");
    server.terminate();
}
