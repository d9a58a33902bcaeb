//! Slots that are other servers: two environments change places, and one that goes wrong goes back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use super::{act, ask_until, flipping, kinds, status};
use crate::project::{NAME, Project, row};
use crate::proxy::{Fault, Proxy};
use crate::server::{Server, predict};

/// A server of a project of its own with that many rounds, behind a proxy.
struct Environment {
    _project: Project,
    server: Server,
    proxy: Proxy,
}

impl Environment {
    fn of_rounds(rounds: u32) -> Self {
        let project = Project::with(&[("rounds = 10", &format!("rounds = {rounds}"))]);
        let server = Server::start(&project);
        let proxy = Proxy::before(server.address);
        Self { _project: project, server, proxy }
    }

    /// Makes a release of it in the state of another project.
    fn import_into(&self, project: &Project) -> String {
        let url = format!("http://{}/v2/models/{NAME}", self.proxy.address);
        let made = project.run(&format!("release import {url} --state STATE --json"));
        made.expect(0);
        made.json()["release"].as_str().unwrap().to_owned()
    }
}

/// A project with such a `[rollout]` that is served here, and a candidate on another server.
fn with_candidate(rollout: &str) -> (Project, Server, Environment, String) {
    let project = Project::new();
    project.edit("[limits]", &format!("[rollout]\n{rollout}\n[limits]"));
    Server::start(&project).terminate();
    let green = Environment::of_rounds(9);
    let candidate = green.import_into(&project);
    let server = Server::start(&project);
    assert_ne!(server.release(), candidate);
    (project, server, green, candidate)
}

/// Deploys it, asks until it was rolled back by itself, and gives the reason.
#[track_caller]
fn rolled_back(project: &Project, server: &Server, candidate: &str) -> String {
    let stable = server.release();
    act(project, &format!("deploy {candidate}")).expect(0);
    let is_over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        // Not all answers of a candidate that goes wrong are good ones.
        scope.spawn(|| ask_anything(server, &is_over));
        let seen = wait_until(project, |seen| seen["rollout"]["state"] == "rolled_back");
        is_over.store(true, Ordering::Relaxed);
        seen
    });
    assert_eq!(seen["slots"]["stable"]["release"], stable);
    assert_eq!(seen["slots"]["stable"]["weight"], 100);
    assert!(seen["cooling_seconds"].as_u64().unwrap() > 0);
    assert_eq!(kinds(project)[0], "rollout.rolled_back");
    (0..20).for_each(|number| {
        assert_eq!(server.predict(&[row(number)]).expect(200)["release"], stable);
    });
    let history = project.run(&format!("history {NAME} --state STATE --limit 1 --json")).json();
    history["events"][0]["reason"].as_str().unwrap().to_owned()
}

fn ask_anything(server: &Server, is_over: &AtomicBool) {
    let mut connection = server.connect();
    for number in 0.. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        connection.ask(&predict(&[row(number)])).unwrap();
    }
}

#[track_caller]
fn wait_until(project: &Project, is_so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..2_000 {
        let seen = status(project);
        if is_so(&seen) {
            return seen;
        }
    }
    panic!("it never came: {}", status(project));
}

#[test]
fn a_model_on_another_server_becomes_a_release_that_answers_as_it_does() {
    let project = Project::new();
    let mut green = Environment::of_rounds(9);
    let id = green.import_into(&project);
    let shown = project.run(&format!("release show {id} --state STATE --json"));
    let said = shown.expect(0);
    assert!(said.contains("\"remote\"") && said.contains("on another server"), "{said}");
    project.run(&format!("release verify {id} --state STATE")).expect(0);

    let server = Server::start_bare(&project, &format!("--release {id}"));
    let rows: Vec<Value> = (0..50).map(row).collect();
    let (direct, through) = (green.server.predict(&rows).expect(200), server.predict(&rows));
    let through = through.expect(200);
    assert_eq!(through["predictions"], direct["predictions"], "bit for bit");
    assert_eq!(through["decisions"], direct["decisions"]);
    assert_eq!(through["release"], id);
    let refused = server.predict(&[crate::project::but(row(1), "amount", -1.0)]).expect(422);
    assert!(refused.to_string().contains("amount"), "its contract came along: {refused}");
    server.terminate();

    green.server.kill();
    let ran = project.run(&format!("release verify {id} --state STATE"));
    ran.expect(2);
    ran.says(&green.proxy.address.to_string());
}

#[test]
fn two_servers_change_places_under_load_and_no_request_fails() {
    let project = Project::new();
    let (blue, green) = (Environment::of_rounds(10), Environment::of_rounds(9));
    let (old, new) = (blue.import_into(&project), green.import_into(&project));
    let server = Server::start_bare(&project, &format!("--release {old}"));
    let is_over = AtomicBool::new(false);
    let seen: Vec<_> = thread::scope(|scope| {
        let asking: Vec<_> =
            (0..4).map(|_| scope.spawn(|| flipping::asked(&server, &is_over))).collect();
        act(&project, &format!("deploy {new} --strategy blue_green")).expect(0);
        assert_eq!(server.release(), old);
        act(&project, "promote").expect(0);
        assert_eq!(server.release(), new);
        for _ in 0..20 {
            act(&project, "rollback").expect(0);
        }
        is_over.store(true, Ordering::Relaxed);
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    let mut answers = BTreeMap::<&str, &Value>::new();
    for (release, (predictions, _)) in seen.iter().flatten() {
        assert_eq!(*answers.entry(release).or_insert(predictions), predictions);
    }
    let direct = |of: &Environment| of.server.predict(&[row(7)]).expect(200)["predictions"].clone();
    assert_eq!(*answers[&*old], direct(&blue));
    assert_eq!(*answers[&*new], direct(&green));
    assert_ne!(answers[&*old], answers[&*new]);
}

#[test]
fn a_good_one_walks_from_shadow_over_canary_to_stable() {
    let rollout = "steps = [0, 50, 100]\nstep_time = \"0s\"\nwatch = \"0s\"\nstep_rows = 20\n\
                   automatic = true\n";
    let (project, server, _green, candidate) = with_candidate(rollout);
    act(&project, &format!("deploy {candidate}")).expect(0);
    assert_eq!(status(&project)["rollout"]["state"], "shadow");
    let seen = ask_until(&project, &server, |seen| seen["rollout"]["state"] == "done");
    assert_eq!(seen["slots"]["stable"]["release"], candidate);
    assert_eq!(server.predict(&[row(1)]).expect(200)["release"], candidate);
    let walked = ["rollout.finished", "rollout.finished", "rollout.advanced", "rollout.advanced"];
    assert_eq!(kinds(&project)[..4], walked, "nobody promoted it");
}

#[test]
fn one_that_fails_on_two_rows_of_a_hundred_goes_back_by_itself() {
    let rollout = "steps = [50, 100]\nstep_time = \"0s\"\nstep_rows = 200\n\
                   [[rollout.guard]]\nmetric = \"error_rate\"\nmax = 0.005\n";
    let (project, server, green, candidate) = with_candidate(rollout);
    green.proxy.set(Fault::Fails { every: 50 });
    let why = rolled_back(&project, &server, &candidate);
    assert!(why.contains("error_rate") && why.contains("at most 0.50 %"), "{why}");
}

#[test]
fn one_that_is_fifty_milliseconds_slower_goes_back_by_itself() {
    let rollout = "steps = [50, 100]\nstep_time = \"0s\"\nstep_rows = 100\n\
                   [[rollout.guard]]\nmetric = \"latency_p50\"\nmax_regression = \"30ms\"\n";
    let (project, server, green, candidate) = with_candidate(rollout);
    green.proxy.set(Fault::Slow { millis: 50 });
    let why = rolled_back(&project, &server, &candidate);
    assert!(why.contains("latency_p50"), "{why}");
}

#[test]
fn one_whose_server_does_not_answer_cannot_be_deployed() {
    let (project, server, mut green, candidate) = with_candidate("");
    green.server.kill();
    let refused = act(&project, &format!("deploy {candidate}"));
    refused.expect(2);
    refused.says(&green.proxy.address.to_string());
    assert_eq!(status(&project)["slots"]["candidate"], Value::Null);
    server.predict(&[row(1)]).expect(200);
}

/// A guard that has nothing against failures, so that the fast path is the one that ends it.
const BLIND: &str = "steps = [50, 100]\nstep_time = \"1h\"\n\
                     [[rollout.guard]]\nmetric = \"latency_p99\"\nmax = \"1m\"\n";

/// Ends the candidate's server once it has answered, and gives the reason of what follows.
fn killed(rollout: &str) -> String {
    let (project, server, mut green, candidate) = with_candidate(rollout);
    let killing = &mut green.server;
    thread::scope(|scope| {
        let project = &project;
        scope.spawn(move || {
            wait_until(project, |seen| seen["slots"]["candidate"]["answered"].as_u64() > Some(0));
            killing.kill();
        });
        rolled_back(project, &server, &candidate)
    })
}

#[test]
fn one_whose_server_is_gone_goes_back_within_seconds() {
    let why = killed(BLIND);
    assert!(why.contains("failed to answer"), "{why}");
}

#[test]
fn one_whose_server_goes_away_again_and_again_goes_back() {
    let no_burst = "[rollout.burst]\nfailures = 1000000\ncrashes = 2\nwindow = \"20s\"\n";
    let why = killed(&format!("{BLIND}{no_burst}"));
    assert!(why.contains("went away"), "{why}");
}
