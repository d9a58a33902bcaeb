//! From nothing to ready.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::http::{self, Connection};
use crate::project::{NAME, Project, row};
use crate::server::{self, ANY_PORTS, Server};

#[test]
fn the_first_line_is_the_base_url_and_by_then_decisions_are_given() {
    let project = Project::new();
    let server = Server::start(&project);
    assert_eq!(server.url, format!("http://{}", server.address));
    assert_eq!(server.get("/v2/health/live").expect(200), json!({"live": true}));
    let ready = server.get("/v2/health/ready").expect(200);
    assert_eq!(ready, json!({"live": true, "ready": true}));
    server.predict(&[row(1)]).expect(200);
}

#[test]
fn a_second_start_serves_the_same_release_without_its_data() {
    let project = Project::new();
    let mut server = Server::start(&project);
    let release = server.release();
    let answer = server.predict(&[row(1)]).expect(200);
    server.kill();
    fs::remove_file(project.path().join("payments.csv")).unwrap();
    let server = Server::start(&project);
    assert_eq!(server.release(), release);
    assert_eq!(server.predict(&[row(1)]).expect(200)["predictions"], answer["predictions"]);
}

#[test]
fn a_new_release_is_made_when_it_is_asked_for() {
    let project = Project::new();
    let mut server = Server::start(&project);
    let first = server.release();
    server.kill();
    project.edit("rounds = 10", "rounds = 5");
    let mut server = Server::start(&project);
    assert_eq!(server.release(), first, "a changed file alone makes no release");
    server.kill();
    let server = Server::start_with(&project, &format!("{ANY_PORTS} --new-release"));
    assert_ne!(server.release(), first);
}

#[test]
fn while_the_first_release_is_trained_the_server_lives_and_is_not_ready() {
    let project = Project::new();
    // Nobody writes into this pipe, so the training waits for its data for ever.
    let data = project.path().join("payments.csv");
    fs::remove_file(&data).unwrap();
    assert!(Command::new("mkfifo").arg(&data).status().unwrap().success());
    let mut server = Server::spawn(&project, ANY_PORTS);
    server.wait_for("training card-fraud");
    server.address = server::address(&project, "listen");

    server.get("/v2/health/live").expect(200);
    let not_ready = server.get("/v2/health/ready").expect(503);
    assert_eq!(not_ready["error"], "the server is starting");
    let refused = server.predict(&[row(1)]);
    assert_eq!(refused.expect(503)["code"], "not_ready");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let path = format!("/v2/models/{NAME}");
    assert_eq!(server.get(&path).expect(404)["code"], "unknown_model");

    server.signal("TERM");
    let (status, said) = server.wait();
    assert!(status.success(), "{said}");
}

#[test]
fn people_get_a_link_that_signs_them_in_once() {
    let project = Project::new();
    let server = Server::start(&project);
    let link = server.wait_for("/login?code=");
    let path = &link[link.find("/login").unwrap()..];
    let host = server::admin(&project);
    let visit = || {
        let mut connection = Connection::open(host).unwrap();
        connection.ask(&http::get(path)).unwrap()
    };
    let first = visit();
    assert!((300..400).contains(&first.status), "{first:?}");
    assert!(first.header("set-cookie").is_some());
    assert!(visit().header("set-cookie").is_none(), "a link works once");
}

#[test]
fn a_release_of_a_tree_without_a_commit_says_so() {
    let project = Project::new();
    let server = Server::start(&project);
    server.wait_for("unreproducible");
    let checklist = project.run("checklist PROJECT --state STATE --json");
    let items = checklist.json();
    let items: &Vec<Value> = items["items"].as_array().unwrap();
    let commit = items.iter().find(|item| item["id"] == "commit").unwrap();
    assert_eq!(commit["state"], "failing");
}
