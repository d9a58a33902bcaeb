//! A policy that requires a gate report: nothing untested answers, and the way back is open.

use std::fs;

use serde_json::json;

use super::{act, status};
use crate::http::{Connection, request};
use crate::project::{NAME, Project};
use crate::server::{ANY_PORTS, Server, admin};

const GATE: &str = "[[gate]]\nmetric = \"roc_auc\"\nmin = 0.6\n";

fn project() -> Project {
    let project = Project::new();
    let rollout = "[rollout]\nautomatic = false\nrequires = [\"gate-report\"]\n\n[limits]";
    project.edit("[limits]", rollout);
    let text = fs::read_to_string(project.file()).unwrap();
    fs::write(project.file(), text + "\n" + GATE).unwrap();
    project.commit();
    project
}

/// Why `up` with other options did not serve.
#[track_caller]
fn unserved(project: &Project, options: &str) -> String {
    let ended = Server::spawn(project, &format!("{ANY_PORTS} {options}")).ready_unless_ended();
    let (status, said) = ended.err().unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    said
}

#[test]
fn nothing_untested_becomes_stable_at_a_start() {
    let project = project();
    let said = unserved(&project, "");
    assert!(said.contains("has no gate report that counts, and [rollout] requires one"), "{said}");
    assert!(said.contains("`shipworthy test PROJECT --candidate RELEASE`"), "{said}");
    project.run("test PROJECT --state STATE").expect(0);
    let server = Server::start(&project);
    let stable = server.release();
    server.terminate();
    project.edit("rounds = 10", "rounds = 9");
    project.commit();
    unserved(&project, "--new-release");
    let server = Server::start(&project);
    assert_eq!(server.release(), stable, "what is stable serves again, whatever is said of it");
}

#[test]
fn a_release_is_deployed_only_when_its_gates_passed_and_is_taken_back_always() {
    let project = project();
    project.run("release PROJECT --state STATE").expect(0);
    project.run("test PROJECT --state STATE").expect(0);
    project.edit("rounds = 10", "rounds = 9");
    project.commit();
    let server = Server::start(&project);
    let stable = server.release();
    server.terminate();
    let made = project.run("release PROJECT --state STATE --json").json();
    let candidate = made["release"].as_str().unwrap();
    let server = Server::start(&project);

    let refused = act(&project, &format!("deploy {candidate}"));
    refused.expect(2);
    refused.says("has no gate report that counts");
    refused.says("shipworthy test PROJECT --candidate RELEASE");
    let token = fs::read_to_string(project.state().join("token")).unwrap();
    let headers = [("authorization", format!("Bearer {}", token.trim()))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let body = json!({"release": candidate, "strategy": "shadow", "reason": "because"});
    let path = format!("/v1/endpoints/{NAME}:deploy");
    let asked = request("POST", &path, &headers, body.to_string().as_bytes());
    let told = Connection::open(admin(&project)).unwrap().ask(&asked).unwrap().expect(409);
    assert!(told["error"].as_str().unwrap().contains("no gate report"), "{told}");

    let test = format!("test PROJECT --state STATE --candidate {candidate}");
    project.edit("min = 0.6", "min = 0.999");
    project.run(&test).expect(1);
    act(&project, &format!("deploy {candidate}")).says("says FAILED: roc_auc at least 0.999");
    assert_eq!(status(&project)["rollout"], serde_json::Value::Null);

    project.edit("min = 0.999", "min = 0.6");
    project.run(&test).expect(0);
    act(&project, &format!("deploy {candidate} --strategy shadow")).expect(0);
    act(&project, "promote").expect(0);
    assert_eq!(server.release(), candidate);
    project.edit("min = 0.6", "min = 0.999");
    project.run(&test).expect(1);
    act(&project, "rollback").expect(0);
    assert_eq!(server.release(), stable);
}
