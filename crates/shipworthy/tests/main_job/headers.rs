//! What stands beside the body: who answered, where it is recorded, and whose trace it was.

use serde_json::{Value, json};

use crate::http::{self, Response};
use crate::project::{NAME, Project, but, row, rows};
use crate::server::Server;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// The headers say what the body says.
#[track_caller]
fn agree(response: &Response, ids: &Value, release: &Value) {
    assert_eq!(response.header("x-shipworthy-release"), release.as_str());
    let ids: Vec<_> = ids.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(response.header("x-shipworthy-decision-ids"), Some(&*ids.join(",")));
    assert_eq!(response.header("x-shipworthy-decision-count"), None);
    assert_eq!(response.header("x-shipworthy-commit"), None, "this tree has no commit");
}

#[test]
fn answers_and_refusals_of_v1_name_release_and_records_in_headers_too() {
    let project = Project::new();
    let server = Server::start(&project);
    for (response, status) in [
        (server.predict(&rows()[..3]), 200),
        (server.predict(&[but(row(1), "amount", -1), row(2)]), 422),
    ] {
        let body = response.expect(status);
        agree(&response, &body["decision_ids"], &body["release"]);
    }
    let malformed = server.ask(&http::post(&format!("/v1/models/{NAME}:predict"), "{"));
    malformed.expect(400);
    assert_eq!(malformed.header("x-shipworthy-release"), None, "nothing was recorded");
}

#[test]
fn v2_has_the_same_headers() {
    let project = Project::new();
    let server = Server::start(&project);
    let input = |name: &str, datatype: &str, value: Value| json!({"name": name, "datatype": datatype, "shape": [1], "data": [value]});
    let infer = |amount: f64| {
        let inputs = json!({"inputs": [
            input("amount", "FP64", amount.into()),
            input("account_days", "INT64", 3.into()),
            input("channel", "BYTES", "web".into()),
        ]});
        server.post(&format!("/v2/models/{NAME}/infer"), &inputs)
    };
    let answered = infer(5.0);
    let body = answered.expect(200);
    let id = body["parameters"]["decision_ids"].clone();
    agree(&answered, &json!([id]), &body["model_version"]);
    let refused = infer(-5.0);
    let body = refused.expect(422);
    agree(&refused, &body["decision_ids"], &body["release"]);
}

#[test]
fn of_many_records_the_headers_name_the_first_and_count_them() {
    let project = Project::new();
    let server = Server::start(&project);
    let response = server.predict(&rows()[..84]);
    let body = response.expect(200);
    let first = body["decision_ids"][0].as_str();
    assert_eq!(response.header("x-shipworthy-decision-ids"), first);
    assert_eq!(response.header("x-shipworthy-decision-count"), Some("84"));
}

#[test]
fn a_known_commit_is_named_in_body_and_headers() {
    let project = Project::new();
    let commit = project.commit();
    let server = Server::start(&project);
    let response = server.predict(&[row(1)]);
    assert_eq!(response.expect(200)["commit"], *commit);
    assert_eq!(response.header("x-shipworthy-commit"), Some(&*commit));
    let refused = server.predict(&[but(row(1), "amount", -1)]);
    assert_eq!(refused.header("x-shipworthy-commit"), Some(&*commit));
}

#[test]
fn a_trace_is_continued_and_recorded() {
    let project = Project::new();
    let server = Server::start(&project);
    let path = format!("/v1/models/{NAME}:predict");
    let ask = |row: Value, parent: &str| {
        let body = json!({"instances": [row]}).to_string();
        server.ask(&http::request("POST", &path, &[("Traceparent", parent)], &body))
    };
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let mut own = Vec::new();
    for (response, status) in
        [(ask(row(1), &parent), 200), (ask(but(row(1), "amount", -1), &parent), 422)]
    {
        let body = response.expect(status);
        let continued = response.header("traceparent").unwrap();
        let fields: Vec<_> = continued.split('-').collect();
        assert_eq!((fields[0], fields[1], fields[3]), ("00", TRACE, "01"));
        assert_eq!(fields[2].len(), 16);
        assert_ne!(fields[2], PARENT);
        own.push((fields[2].to_owned(), body["decision_ids"][0].clone()));
    }
    assert_ne!(own[0].0, own[1].0, "each request has a part of its own");
    let other = server.ask(&http::request("GET", "/v2", &[("traceparent", &parent)], ""));
    assert!(other.header("traceparent").is_some_and(|value| value.contains(TRACE)));

    let invalid = ask(row(2), &format!("00-{TRACE}-{PARENT}-01-more"));
    let untraced = invalid.expect(200)["decision_ids"][0].clone();
    assert_eq!(invalid.header("traceparent"), None);
    let show = |id: &Value, more: &str| {
        project.run(&format!("ledger show {} --state STATE {more}", id.as_str().unwrap()))
    };
    for (_, id) in &own {
        assert_eq!(show(id, "--json").json()["payload"]["trace_id"], TRACE);
    }
    assert!(show(&untraced, "--json").json()["payload"].get("trace_id").is_none());
    assert!(show(&own[0].1, "").expect(0).contains(TRACE));
}
