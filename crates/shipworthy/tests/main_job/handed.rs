//! A release in a file, handed to a server at its start, as an image does it.

use std::fs;

use crate::project::{NAME, Project, row};
use crate::server::Server;

/// A release in `BESIDE/FILE`.
fn export(project: &Project, file: &str) -> String {
    let made = project.run("release PROJECT --allow-dirty --state STATE --json");
    made.expect(0);
    let id = made.json()["release"].as_str().unwrap().to_owned();
    project.run(&format!("release export {id} --state STATE --output BESIDE/{file}")).expect(0);
    id
}

fn stable(project: &Project, state: &str) -> String {
    let shown = project.run(&format!("status {NAME} --state {state} --json"));
    shown.expect(0);
    shown.json()["slots"]["stable"]["release"].as_str().unwrap().to_owned()
}

/// Nobody trusts the key there: who starts the server says what it serves.
#[test]
fn a_server_serves_the_release_that_it_is_handed() {
    let project = Project::new();
    let id = export(&project, "release.tar");
    let line = "serve --release BESIDE/release.tar --state BESIDE/there";
    let server = Server::start_line(&project, line);
    assert_eq!(server.predict(&[row(1)]).expect(200)["release"], id);
    let health = format!("health --listen {}", server.address);
    assert!(project.run(&health).expect(0).contains("is ready"));
    server.terminate();
    assert!(project.run(&health).expect(1).contains("does not answer"));
    project.run(&format!("release verify {id} --state BESIDE/there")).expect(0);
    let said = project.run(&format!("release attestations {id} --state BESIDE/there --json"));
    let said = said.json();
    assert_eq!(said.as_array().unwrap().len(), 1, "{said}");
    assert_eq!(said[0]["predicate"]["buildDefinition"]["buildType"], "shipworthy:given/v1");
    let damaged = project.beside("release.tar");
    let mut bytes = fs::read(&damaged).unwrap();
    let at = bytes.windows(6).position(|window| window == b"amount").unwrap();
    bytes[at] = b'A';
    fs::write(&damaged, bytes).unwrap();
    let refused = project.run(&format!("{line} --listen 127.0.0.1:0 --admin 127.0.0.1:0"));
    refused.expect(2);
    refused.says("is refused");
}

/// A container that starts again must not undo a rollback.
#[test]
fn what_was_decided_since_the_first_start_stays() {
    let project = Project::new();
    let first = export(&project, "first.tar");
    project.edit("seed = 7", "seed = 8");
    project.edit("rounds = 10", "rounds = 11");
    let second = export(&project, "second.tar");
    assert_ne!(first, second);
    let serve = |file: &str| {
        let line = format!("up PROJECT --release BESIDE/{file} --state BESIDE/there");
        Server::start_line(&project, &line)
    };
    let served = |server: Server, id: &str| {
        assert_eq!(server.predict(&[row(1)]).expect(200)["release"], id);
        server
    };
    served(serve("first.tar"), &first).terminate();
    let server = served(serve("second.tar"), &second);
    let back = format!("deploy {NAME} {first} --strategy blue_green --state BESIDE/there");
    project.run(&format!("{back} --reason back")).expect(0);
    let promote = format!("promote {NAME} --state BESIDE/there --reason back");
    project.run(&promote).expect(0);
    assert_eq!(stable(&project, "BESIDE/there"), first);
    server.terminate();
    let server = served(serve("second.tar"), &first);
    server.wait_for("which came after the one that is given");
    server.terminate();
}

#[test]
fn a_release_of_another_project_is_refused() {
    let project = Project::new();
    export(&project, "release.tar");
    let other = Project::with(&[("name = \"card-fraud\"", "name = \"late\"")]);
    let file = project.beside("release.tar");
    let line = format!("up PROJECT --release {} --state BESIDE/there", file.display());
    let refused = other.run(&format!("{line} --listen 127.0.0.1:0 --admin 127.0.0.1:0"));
    refused.expect(2);
    refused.says("has a release of `card-fraud`, and the project is `late`");
}
