//! A changed policy is taken without dropping a request; anything else is refused whole.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use serde_json::{Value, json};

use crate::project::{Project, rows};
use crate::server::{Server, predict};

/// A row that is likely to be fraud, but not certain; and its probability.
fn probe(server: &Server) -> (Value, f64) {
    let rows = rows();
    let answer = server.predict(&rows[..100]).expect(200);
    let predictions = answer["predictions"].as_array().unwrap();
    let mut probabilities = predictions.iter().map(|prediction| prediction.as_f64().unwrap());
    let found = probabilities.position(|probability| (0.1..0.45).contains(&probability));
    let found = found.expect("the model is unsure of some row");
    (rows[found].clone(), predictions[found].as_f64().unwrap())
}

fn decision(server: &Server, row: &Value) -> Value {
    server.predict(std::slice::from_ref(row)).expect(200)["decisions"][0].clone()
}

#[test]
fn a_new_threshold_changes_decisions_and_no_request_fails_meanwhile() {
    let project = Project::new();
    let server = Server::start(&project);
    let (row, probability) = probe(&server);
    let lower = format!("threshold = {}", probability / 2.0);
    let done = AtomicBool::new(false);
    let (sender, answered) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut connection = server.connect();
            while !done.load(Ordering::Relaxed) {
                let answer = connection.ask(&predict(std::slice::from_ref(&row))).unwrap();
                let answer = answer.expect(200);
                assert_eq!(answer["predictions"], json!([probability]));
                // Nobody counts at the end.
                let _ = sender.send(());
            }
        });
        let wait_for_some = || (0..20).for_each(|_| answered.recv().unwrap());
        wait_for_some();
        assert_eq!(decision(&server, &row), "not_fraud");
        project.edit("threshold = 0.5", &lower);
        assert_eq!(decision(&server, &row), "not_fraud", "not before it is asked for");
        server.signal("HUP");
        server.wait_for("reloaded: decision");
        assert_eq!(decision(&server, &row), "fraud");
        wait_for_some();
        project.edit(&lower, "threshold = 0.5");
        let reload = project.run("reload --state STATE --reason back --json");
        reload.expect(0);
        assert_eq!(reload.json(), json!({"changed": ["decision"]}));
        assert_eq!(decision(&server, &row), "not_fraud");
        wait_for_some();
        done.store(true, Ordering::Relaxed);
    });
    let again = project.run("reload --state STATE --reason 'nothing'");
    assert_eq!(again.expect(0).trim(), "nothing has changed");
}

#[test]
fn new_limits_are_taken() {
    let project = Project::new();
    let server = Server::start(&project);
    server.predict(&rows()[..3]).expect(200);
    project.edit("max_rows = 100", "max_rows = 2");
    project.run("reload --state STATE --reason smaller").expect(0);
    server.predict(&rows()[..3]).expect(413);
    server.predict(&rows()[..2]).expect(200);
}

#[test]
fn what_belongs_to_the_release_is_refused_with_what_to_do() {
    let project = Project::new();
    let server = Server::start(&project);
    let (row, probability) = probe(&server);
    let lower = format!("threshold = {}", probability / 2.0);
    project.edit("threshold = 0.5", &lower);
    project.edit("max = 10000", "max = 1");
    let refused = project.run("reload --state STATE --reason stricter");
    refused.expect(2);
    refused.says("column are part of the release");
    refused.says("--new-release");
    server.signal("HUP");
    server.wait_for("the old policy stays");
    assert_eq!(decision(&server, &row), "not_fraud", "not even the threshold was taken");
    assert_eq!(server.get("/v2/health/ready").status, 200);

    project.edit("max = 1\n", "max = 10000\n");
    project.run("reload --state STATE --reason mended").expect(0);
    assert_eq!(decision(&server, &row), "fraud");
}

#[test]
fn what_is_read_at_a_start_only_is_refused() {
    let project = Project::new();
    let _server = Server::start(&project);
    project.edit("[limits]", "[ledger]\nmax_size = \"1 GiB\"\n\n[limits]");
    let refused = project.run("reload --state STATE --reason smaller");
    refused.expect(2);
    refused.says("ledger are taken at a start only");
    refused.says("restart the server");
}

#[test]
fn a_file_with_a_mistake_is_refused_with_the_line() {
    let project = Project::new();
    let server = Server::start(&project);
    let (row, _) = probe(&server);
    project.edit("threshold = 0.5", "threshold = = 0.5");
    let refused = project.run("reload --state STATE --reason typo");
    refused.expect(2);
    let line = std::fs::read_to_string(project.file()).unwrap();
    let line = line.lines().position(|line| line == "threshold = = 0.5").unwrap() + 1;
    refused.says(&format!("shipworthy.toml:{line}:"));
    refused.says("the old policy stays");
    project.edit("threshold = = 0.5", "treshold = 0.5");
    project.run("reload --state STATE --reason typo").says("did you mean `threshold`?");
    std::fs::remove_file(project.file()).unwrap();
    let refused = project.run("reload --state STATE --reason gone");
    refused.expect(2);
    refused.says("put the project file back");
    assert_eq!(decision(&server, &row), "not_fraud");
}

#[test]
fn reloads_are_recorded_with_who_and_why() {
    let project = Project::new();
    let server = Server::start(&project);
    project.edit("threshold = 0.5", "threshold = 0.25");
    project.run("reload --state STATE --reason fewer-losses").expect(0);
    let token = std::fs::read_to_string(project.state().join("token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let asked = crate::http::request("GET", "/v1/events", &[("Authorization", &bearer)], "");
    let mut connection = crate::http::Connection::open(crate::server::admin(&project)).unwrap();
    let events = connection.ask(&asked).unwrap().expect(200);
    let reload = events["events"].as_array().unwrap().last().unwrap();
    assert_eq!(reload["kind"], "policy.reloaded");
    assert_eq!((&reload["actor"], &reload["reason"]), (&json!("operator"), &json!("fewer-losses")));
    drop(server);
    let nobody = project.run("reload --state STATE --reason late");
    nobody.expect(2);
    nobody.says("no server runs");
}
