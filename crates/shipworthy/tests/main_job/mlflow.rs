//! MLflow's scoring protocol, which SageMaker speaks too.

use serde_json::{Value, json};

use crate::bare::fixture;
use crate::export::export;
use crate::http::{self, Response};
use crate::project::{NAME, Project, declared, row, rows};
use crate::server::Server;

/// The features, in their order.
const FEATURES: [&str; 4] = ["amount", "account_days", "channel", "rating"];

fn invoke(server: &Server, headers: &[(&str, &str)], body: &str) -> Response {
    server.ask(&http::request("POST", "/invocations", headers, body))
}

const JSON: (&str, &str) = ("Content-Type", "application/json");
const CSV: (&str, &str) = ("Content-Type", "text/csv; charset=utf-8");

fn columns(names: &[&str], rows: &[Value]) -> Value {
    let column = |name: &&str| {
        ((*name).to_owned(), rows.iter().map(|row| row[*name].clone()).collect::<Value>())
    };
    Value::Object(names.iter().map(column).collect())
}

fn lists(names: &[&str], rows: &[Value]) -> Vec<Value> {
    rows.iter().map(|row| names.iter().map(|name| row[*name].clone()).collect()).collect()
}

#[test]
fn every_form_gets_the_numbers_of_v1_and_nothing_else() {
    let project = Project::new();
    let server = Server::start(&project);
    let rows: Vec<Value> = rows()[..20].iter().map(declared).collect();
    assert!(rows.iter().any(|row| row["rating"].is_null()), "a value is missing");
    let expected = json!({"predictions": server.predict(&rows).expect(200)["predictions"]});
    let names = ["rating", "channel", "memo", "account_days", "amount", "card"];
    let data = lists(&names, &rows);
    let index: Vec<_> = (0..rows.len()).collect();
    let split = json!({"index": index, "columns": names, "data": data});
    let bodies = [
        json!({"dataframe_split": split, "params": {"ignored": 1}}),
        json!({"dataframe_split": {"data": lists(&FEATURES, &rows)}}),
        json!({"dataframe_records": rows}),
        json!({"instances": rows}),
        json!({"inputs": lists(&FEATURES, &rows)}),
        json!({"inputs": columns(&names, &rows)}),
    ];
    for body in bodies {
        // Python writes a missing number so.
        for body in [body.to_string(), body.to_string().replace("null", "NaN")] {
            let answer = invoke(&server, &[JSON], &body);
            assert_eq!(answer.expect(200), expected, "{body}");
            let ids = answer.header("x-shipworthy-decision-ids").unwrap();
            assert_eq!(ids.split(',').count(), rows.len());
            assert_eq!(answer.header("x-shipworthy-release"), Some(&*server.release()));
        }
    }
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    };
    let mut csv = format!(",{}\r\n", names.join(","));
    for (number, row) in data.iter().enumerate() {
        let cells: Vec<_> = row.as_array().unwrap().iter().map(cell).collect();
        csv.push_str(&format!("{number},{}\r\n", cells.join(",")));
    }
    assert_eq!(invoke(&server, &[CSV], &csv).expect(200), expected);
    assert_eq!(export(&project).len(), 14 * rows.len(), "each of them is recorded");
}

#[test]
fn what_is_no_invocation_is_told() {
    let project = Project::new();
    let server = Server::start(&project);
    let code = |headers: &[(&str, &str)], body: &str, status: u16| {
        let refused = invoke(&server, headers, body).expect(status);
        (refused["code"].clone(), refused["error"].as_str().unwrap().to_owned())
    };
    for body in ["{}", r#"{"inputs": [{}], "instances": [{}]}"#, r#"{"inputs": []}"#] {
        assert_eq!(code(&[JSON], body, 400).0, "bad_request", "{body}");
    }
    let (malformed, error) = code(&[JSON], "{\"inputs\": [[1],\n[NaN, 2]]}", 400);
    assert_eq!(malformed, "malformed");
    assert!(error.ends_with("row 0 has 1 values for 4 features"), "{error}");
    assert_eq!(code(&[CSV], "amount\n1,2\n", 400).1, "line 2: 2 cells for 1 columns");
    for (name, value) in [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Type", "application/json; charset=latin1"),
        ("X-Other", "no content type at all"),
    ] {
        assert_eq!(code(&[(name, value)], "{}", 415).0, "unsupported_media_type", "{value}");
    }
    let limit = json!({"instances": vec![json!({}); 101]}).to_string();
    assert_eq!(code(&[JSON], &limit, 413).0, "too_many_rows");
    let csv = format!("amount\n{}", "1\n".repeat(101));
    assert_eq!(code(&[CSV], &csv, 413).0, "too_many_rows");
    let refused = invoke(&server, &[CSV], "amount,account_days,channel\n-1,two,\n").expect(422);
    let broken: Vec<_> = refused["violations"].as_array().unwrap().iter().collect();
    let rules: Vec<_> = broken.iter().map(|rule| (&rule["column"], &rule["rule"])).collect();
    let expected = [("amount", "min"), ("account_days", "type"), ("channel", "required")];
    assert_eq!(json!(rules), json!(expected));
}

#[test]
fn health_and_version_are_told_in_mlflows_words() {
    let project = Project::new();
    let server = Server::start(&project);
    for path in ["/ping", "/health"] {
        let response = server.get(path);
        assert_eq!((response.status, response.text()), (200, ""), "{path}");
    }
    let version = server.get("/version");
    assert_eq!((version.status, version.text()), (200, env!("CARGO_PKG_VERSION")));
    assert_eq!(server.get("/").expect(200), json!({"status": "alive"}));
    let wrong = server.get("/invocations");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
}

#[test]
fn where_there_are_several_models_a_header_names_one() {
    let project = Project::new();
    let model = fixture("xgb_binary_num/model.json");
    let models = format!("--model late={model} --model slow={model}");
    let server = Server::start_bare(&project, &models);
    let body = json!({"inputs": [{}]}).to_string();
    let refused = invoke(&server, &[JSON], &body).expect(400);
    assert_eq!(refused["error"], "this server has several models: late, slow");
    assert!(refused["hint"].as_str().unwrap().contains("X-Shipworthy-Model"));
    invoke(&server, &[JSON, ("X-Shipworthy-Model", "late")], &body).expect(200);
    let unknown = invoke(&server, &[JSON, ("X-Shipworthy-Model", "fast")], &body).expect(404);
    assert_eq!(unknown["code"], "unknown_model");
}

#[test]
fn beyond_loopback_health_is_open_and_the_rest_is_not() {
    let project = Project::new();
    let server = Server::start_with(&project, "--listen 0.0.0.0:0 --admin 127.0.0.1:0");
    for path in ["/ping", "/health", "/"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    for path in ["/version", "/openapi.json"] {
        assert_eq!(server.get(path).expect(401)["code"], "unauthenticated", "{path}");
    }
    let body = json!({"inputs": [row(1)]}).to_string();
    assert_eq!(invoke(&server, &[JSON], &body).expect(401)["code"], "unauthenticated");
}

#[test]
fn a_server_without_a_model_is_not_healthy() {
    let project = Project::new();
    // Nobody writes into this pipe, so the training waits for its data for ever.
    let data = project.path().join("payments.csv");
    std::fs::remove_file(&data).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&data).status().unwrap().success());
    let mut server = Server::spawn(&project, crate::server::ANY_PORTS);
    server.wait_for(&format!("training {NAME}"));
    server.address = crate::server::address(&project, "listen");
    for path in ["/ping", "/health"] {
        assert_eq!(server.get(path).status, 503, "{path}");
    }
    let refused = invoke(&server, &[JSON], "{}").expect(503);
    assert_eq!(refused["code"], "not_ready");
}
