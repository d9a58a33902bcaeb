//! The way back, drilled under load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use super::flipping::asked;
use super::{act, ask_until, kinds, serving};
use crate::command::Ran;
use crate::project::{NAME, Project};
use crate::server::Server;

/// A rollout is over as soon as the candidate is stable.
const NOT_WATCHED: &str = "steps = [100]\nstep_time = \"1h\"\nwatch = \"0s\"\n";

fn drill(project: &Project, more: &str) -> Ran {
    project.run(&format!("drill rollback {NAME} --state STATE --reason monthly {more}"))
}

#[test]
fn a_drill_under_load_fails_no_request_and_is_signed() {
    let (project, server, candidate) = serving(NOT_WATCHED);
    let stable = server.release();
    let nothing = drill(&project, "");
    nothing.expect(2);
    nothing.says("there is nothing to roll back to");
    act(&project, &format!("deploy {candidate}")).expect(0);
    drill(&project, "").says("a rollout is under way");
    act(&project, "promote").expect(0);
    ask_until(&project, &server, |seen| seen["rollout"]["state"] == "done");

    let is_over = AtomicBool::new(false);
    let (ran, seen) = thread::scope(|scope| {
        let asking = scope.spawn(|| asked(&server, &is_over));
        let ran = drill(&project, "--for 1s --json");
        is_over.store(true, Ordering::Relaxed);
        (ran, asking.join().unwrap())
    });
    assert!(seen.contains_key(&*stable), "it was real: {:?}", seen.keys());
    let drilled = ran.json();
    // How quick it was is for the machine to say.
    ran.expect(i32::from(drilled["passed"] == false));
    assert_eq!(
        (&drilled["from"], &drilled["to"]),
        (&candidate.clone().into(), &stable.clone().into())
    );
    for (rows, release) in [(0, &candidate), (1, &stable)] {
        let rows = &drilled["rows"][rows];
        assert_eq!((&rows["release"], &rows["failed"]), (&Value::from(&**release), &0.into()));
    }
    assert!(drilled["rows"][1]["answered"].as_u64().unwrap() > 0);
    assert!(drilled["back"]["stored_us"].is_u64(), "{drilled}");
    assert_eq!(server.release(), candidate);
    assert_eq!(kinds(&project)[..2], ["endpoint.drilled", "endpoint.rolled_back"]);
    let told = drill(&project, "--for 1s").stdout;
    assert!(told.contains("`shipworthy release attestations") && told.contains(" µs"), "{told}");
    server.terminate();

    project.run(&format!("release verify {stable} --state STATE")).expect(0);
    let said = project.run(&format!("release attestations {stable} --state STATE --json")).json();
    let said = said.as_array().unwrap();
    let said = said.iter().find(|said| said["event"] == drilled["attestation"]).unwrap();
    assert_eq!(said["predicate_type"], "shipworthy:rollback-drill/v1");
    assert_eq!(said["predicate"]["there"], drilled["there"]);
    assert_eq!(said["predicate"]["passed"], drilled["passed"]);
}

#[test]
fn a_kill_in_a_drill_leaves_the_release_from_before() {
    let (project, mut server, candidate) = serving(NOT_WATCHED);
    act(&project, &format!("deploy {candidate}")).expect(0);
    act(&project, "promote").expect(0);
    ask_until(&project, &server, |seen| seen["rollout"]["state"] == "done");
    let drilling = thread::scope(|scope| {
        let drilling = scope.spawn(|| drill(&project, "--for 60s"));
        ask_until(&project, &server, |seen| seen["drill"].is_object());
        server.kill();
        drilling.join().unwrap()
    });
    drilling.expect(2);
    let server = Server::start(&project);
    assert_eq!(server.release(), candidate);
    let history = project.run(&format!("history {NAME} --state STATE --limit 3"));
    let lines: Vec<&str> = history.expect(0).lines().collect();
    assert!(lines[1].contains("endpoint.drilled: failed"), "{lines:?}");
    assert!(lines[2].contains("endpoint.rolled_back (drill)"), "{lines:?}");
    assert!(lines[3].contains("endpoint.rolled_back (drill)") && lines[3].contains("monthly"));
}

#[test]
fn a_server_that_is_stopped_ends_its_drill_and_says_so() {
    let (project, server, candidate) = serving(NOT_WATCHED);
    act(&project, &format!("deploy {candidate}")).expect(0);
    act(&project, "promote").expect(0);
    ask_until(&project, &server, |seen| seen["rollout"]["state"] == "done");
    let drilled = thread::scope(|scope| {
        let drilling = scope.spawn(|| drill(&project, "--for 60s"));
        ask_until(&project, &server, |seen| seen["drill"].is_object());
        server.terminate();
        drilling.join().unwrap()
    });
    assert!(drilled.expect(1).contains("the drill failed: the server was stopped"), "{drilled:?}");
    let server = Server::start(&project);
    assert_eq!(server.release(), candidate);
    assert_eq!(kinds(&project)[..2], ["endpoint.drilled", "endpoint.rolled_back"]);
}
