//! Beyond loopback everybody but a health check shows a token.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::command::program;
use crate::events::in_the_store;
use crate::http::{self, Connection, Response};
use crate::project::{NAME, Project, row};
use crate::server::{ANY_PORTS, Server, admin};

const EVERYWHERE: &str = "--listen 0.0.0.0:0 --admin 127.0.0.1:0";

/// Asks for a decision with a token.
fn call(server: &Server, token: &str) -> Response {
    let body = json!({"instances": [row(1)]}).to_string();
    let path = format!("/v1/models/{NAME}:predict");
    let bearer = format!("Bearer {token}");
    server.ask(&http::request("POST", &path, &[("Authorization", &bearer)], &body))
}

/// The first token.
fn first_token(project: &Project) -> String {
    fs::read_to_string(project.state().join("token")).unwrap().trim().to_owned()
}

/// Makes a token, and gives its secret.
fn make(project: &Project, name: &str, role: &str) -> String {
    let line = format!("token create {name} --role {role} --reason test --state STATE");
    project.run(&line).expect(0).trim().to_owned()
}

#[test]
fn beyond_loopback_only_health_is_open() {
    let project = Project::new();
    let server = Server::start_with(&project, EVERYWHERE);
    assert!(server.url.starts_with("http://0.0.0.0:"), "{}", server.url);
    server.get("/v2/health/live").expect(200);
    server.get("/v2/health/ready").expect(200);
    let routes = ["/v2", "/v1/models", "/v2/models/card-fraud", "/v2/models/card-fraud/ready"];
    for path in routes {
        let refused = server.get(path);
        assert_eq!(refused.expect(401)["code"], "unauthenticated", "{path}");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    let refused = server.predict(&[row(1)]).expect(401);
    assert!(refused["hint"].as_str().unwrap().contains("--role caller"), "{refused}");
    for wrong in ["", "swt_nonsense", &"A".repeat(10_000)] {
        call(&server, wrong).expect(401);
    }
}

#[test]
fn a_role_says_who_may_call() {
    let project = Project::new();
    let server = Server::start_with(&project, EVERYWHERE);
    call(&server, &first_token(&project)).expect(200);
    call(&server, &make(&project, "shop", "caller")).expect(200);
    for role in ["auditor", "approver"] {
        let refused = call(&server, &make(&project, role, role)).expect(403);
        assert_eq!(refused["code"], "forbidden", "{role}");
    }
}

#[test]
fn a_revoked_token_calls_no_more() {
    let project = Project::new();
    let server = Server::start_with(&project, EVERYWHERE);
    let token = make(&project, "shop", "caller");
    call(&server, &token).expect(200);
    project.run("token revoke shop --reason leaked --state STATE").expect(0);
    call(&server, &token).expect(401);
    let listed = project.run("token list --state STATE --json").json();
    let shop = listed["tokens"].as_array().unwrap().iter().find(|token| token["name"] == "shop");
    assert!(shop.unwrap()["revoked_at"].is_string());
    let refused = project.run("token revoke operator --reason oops --state STATE");
    refused.expect(2);
    refused.says("last operator");
    call(&server, &first_token(&project)).expect(200);
}

#[test]
fn tokens_are_made_and_revoked_while_no_server_runs_too() {
    let project = Project::new();
    drop(Server::start(&project));
    let token = make(&project, "shop", "caller");
    let gone = make(&project, "gone", "caller");
    project.run("token revoke gone --reason test --state STATE").expect(0);
    let server = Server::start_with(&project, EVERYWHERE);
    call(&server, &token).expect(200);
    call(&server, &gone).expect(401);
}

#[test]
fn on_loopback_the_data_plane_is_open_and_the_control_plane_is_not() {
    let project = Project::new();
    let server = Server::start_with(&project, ANY_PORTS);
    server.predict(&[row(1)]).expect(200);
    let ask = |request: &[u8]| Connection::open(admin(&project)).unwrap().ask(request).unwrap();
    for path in ["/v1/status", "/v1/checklist", "/v1/tokens", "/v1/ledger/entries"] {
        assert_eq!(ask(&http::get(path)).expect(401)["code"], "unauthenticated", "{path}");
    }
    let bearer = format!("Bearer {}", first_token(&project));
    let headers = [("Authorization", bearer.as_str())];
    let status: Value = ask(&http::request("GET", "/v1/status", &headers, "")).expect(200);
    assert_eq!(status["ready"], true);
    assert_eq!(status["counters"]["answered_rows"], 1);
    let elsewhere = "GET /v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    assert_eq!(ask(elsewhere.as_bytes()).expect(421)["code"], "wrong_host");
}

#[test]
fn to_choose_a_slot_takes_an_operators_token_on_loopback_too() {
    let project = Project::new();
    let server = Server::start(&project);
    let operator = first_token(&project);
    let caller = make(&project, "shop", "caller");
    let choose = |token: Option<&str>, slot: &str| {
        let bearer = format!("Bearer {}", token.unwrap_or_default());
        let headers = [("X-Shipworthy-Slot", slot), ("Authorization", &*bearer)];
        let headers = if token.is_some() { &headers[..] } else { &headers[..1] };
        let body = json!({"instances": [row(1)]}).to_string();
        server.ask(&http::request("POST", &format!("/v1/models/{NAME}:predict"), headers, &body))
    };
    choose(Some(&operator), "stable").expect(200);
    let none = choose(None, "stable");
    assert_eq!(none.expect(401)["code"], "unauthenticated");
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    let refused = choose(Some(&caller), "stable").expect(403);
    assert_eq!(refused["error"], "this token may not choose the slot that answers");
    let unknown = choose(Some(&operator), "shadow").expect(400);
    assert!(unknown["hint"].as_str().unwrap().contains("`stable` or `candidate`"), "{unknown}");
    let empty = choose(Some(&operator), "candidate").expect(400);
    assert!(empty["error"].as_str().unwrap().contains("there is no candidate"), "{empty}");
}

#[test]
fn a_token_given_on_the_command_line_acts_in_its_own_name() {
    let project = Project::new();
    let _server = Server::start(&project);
    let auditor = make(&project, "ana@example.org", "auditor");
    let with_token = |line: &str| {
        let mut command = program();
        command.args(project.line(line).split_whitespace()).env("SHIPWORTHY_TOKEN", &auditor);
        crate::command::finish(&mut command)
    };
    with_token("token list --state STATE --json").expect(0);
    let refused = with_token("token create more --role caller --reason test --state STATE");
    refused.expect(2);
    refused.says("auditor");
    let server = format!("http://{}", admin(&project));
    with_token(&format!("token list --server {server} --json")).expect(0);
}

#[test]
fn secrets_are_for_their_owner_only() {
    let project = Project::new();
    let server = Server::start(&project);
    let mode = |name: &str| fs::metadata(project.state().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("") & 0o777, 0o700);
    assert_eq!(mode("token") & 0o777, 0o600);
    assert_eq!(mode("server.json") & 0o777, 0o600);
    let token = first_token(&project);
    let database = fs::read(project.state().join("state.db")).unwrap();
    let holds = database.windows(token.len()).any(|bytes| bytes == token.as_bytes());
    assert!(!holds, "the store keeps digests");
    drop(server);
}

#[test]
fn a_release_is_made_by_whose_token_is_given() {
    let project = Project::new();
    project.run("release PROJECT --state STATE --allow-dirty").expect(0);
    let token = |name: &str, role: &str| {
        let line = format!("token create {name} --role {role} --reason test --state STATE --json");
        project.run(&line).json()["secret"].as_str().unwrap().to_owned()
    };
    let (ana, eve) = (token("ana", "operator"), token("eve", "auditor"));
    let model = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shipworthy-models/tests/data/xgb_binary_num/model.json"
    );
    project.edit("rounds = 10", "rounds = 9");
    let lines = [
        "release PROJECT --state STATE --allow-dirty".to_owned(),
        format!("release import {model} --name late --state STATE"),
    ];
    for line in &lines {
        project.run(&format!("{line} --token {ana}")).expect(0);
        let told = in_the_store(&project.state());
        let made = told.iter().rfind(|event| event["kind"] == "release.created").unwrap();
        assert_eq!(made["actor"], "ana");
    }
    // Before anything is trained.
    project.edit("path = \"payments.csv\"", "path = \"nothing.csv\"");
    let count = in_the_store(&project.state()).len();
    for line in &lines {
        let refused = project.run(&format!("{line} --token {eve}"));
        refused.expect(2);
        refused.says("`eve` has the role auditor, which may not do this; an operator's token");
        let refused = project.run(&format!("{line} --token sw_nobody"));
        refused.expect(2);
        refused.says("the token that this would act with does not live");
    }
    assert_eq!(in_the_store(&project.state()).len(), count);
}
