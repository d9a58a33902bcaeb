//! What is not answered, and what its sender is told.

use serde_json::{Value, json};

use crate::export::{Exported, by_id, export};
use crate::http::{self, Connection};
use crate::project::{NAME, Project, but, declared, row, write_csv};
use crate::server::{Server, predict};

/// Three rows; the first and the last break the contract, the first one twice.
fn bad_rows() -> Vec<Value> {
    vec![
        but(but(row(1), "amount", -3.5), "channel", "fax"),
        row(2),
        but(but(row(3), "account_days", "many"), "amount", Value::Null),
    ]
}

fn bad_rows_violations() -> Value {
    json!([
        {"row": 0, "column": "amount", "rule": "min", "value": -3.5, "hint": "send 0 or more"},
        {"row": 0, "column": "channel", "rule": "one_of", "value": "fax",
         "hint": "send one of [\"web\", \"store\", \"phone\"]"},
        {"row": 2, "column": "amount", "rule": "required", "value": null,
         "hint": "send a value: a number from 0 to 10000"},
        {"row": 2, "column": "account_days", "rule": "type", "value": "many",
         "hint": "send a whole number of at least 0 without quotes"},
    ])
}

#[test]
fn one_bad_row_refuses_all_and_everything_wrong_is_told() {
    let project = Project::new();
    let server = Server::start(&project);
    let refused = server.predict(&bad_rows()).expect(422);
    assert_eq!(refused["code"], "contract_violation");
    assert_eq!(refused["violations"], bad_rows_violations());
    assert_eq!(refused["release"], server.release());
    assert_eq!(refused["error"], "4 values break the contract; no row was answered");
    assert!(refused["hint"].is_string());
    for answer in ["predictions", "decisions"] {
        assert!(refused.get(answer).is_none(), "{answer}");
    }
    assert_eq!(refused["decision_ids"].as_array().unwrap().len(), 3);
}

#[test]
fn a_refusal_is_recorded_with_what_was_sent_and_what_was_wrong() {
    let project = Project::new();
    let server = Server::start(&project);
    let (rows, release) = (bad_rows(), server.release());
    let refused = server.predict(&rows).expect(422);
    let while_it_runs = by_id(export(&project));
    server.terminate();
    let afterwards = by_id(export(&project));
    for recorded in [while_it_runs, afterwards] {
        assert_eq!(recorded.len(), 3);
        let ids = refused["decision_ids"].as_array().unwrap();
        for (number, (row, id)) in rows.iter().zip(ids).enumerate() {
            let Exported { endpoint, release: by, status, input, output, .. } =
                &recorded[id.as_str().unwrap()];
            let told = (endpoint.as_str(), by.as_str(), status.as_str());
            assert_eq!(told, (NAME, release.as_str(), "refused"));
            assert_eq!(*input, declared(row));
            let of_row = refused["violations"].as_array().unwrap().iter();
            let of_row: Vec<_> = of_row.filter(|violation| violation["row"] == number).collect();
            assert_eq!(*output, json!({"violations": of_row}));
        }
    }
}

#[test]
fn a_column_says_what_happens_to_its_violations() {
    let project = Project::with(&[
        ("max = 10000", "max = 10000\non_violation = \"flag\""),
        ("one_of =", "on_violation = \"default\"\ndefault = \"web\"\none_of ="),
        ("type = \"integer\"", "type = \"integer\"\non_violation = \"quarantine\""),
    ]);
    let server = Server::start(&project);
    let replaced = but(row(1), "channel", "fax");
    let flagged = but(row(1), "amount", 20_000);
    let quarantined = but(row(1), "account_days", -1);

    let answer = server.predict(&[replaced.clone(), flagged]).expect(200);
    let flags = answer["flags"].as_array().unwrap();
    let rules: Vec<_> = flags.iter().map(|flag| (&flag["row"], &flag["rule"])).collect();
    assert_eq!(json!(rules), json!([[0, "one_of"], [1, "max"]]));
    let as_default = server.predict(&[but(row(1), "channel", "web")]).expect(200);
    assert_eq!(answer["predictions"][0], as_default["predictions"][0]);
    let kept = server.predict(&[quarantined]).expect(422);

    let recorded = by_id(export(&project));
    let of = |answer: &Value, row: usize| &recorded[answer["decision_ids"][row].as_str().unwrap()];
    assert_eq!(of(&answer, 0).input, declared(&replaced), "as it came, not the default");
    assert_eq!(of(&answer, 1).output["flags"], json!([flags[1]]));
    assert_eq!(of(&kept, 0).status, "quarantined");
}

#[test]
fn a_malformed_body_is_told_where() {
    let project = Project::new();
    let server = Server::start(&project);
    let path = format!("/v1/models/{NAME}:predict");
    let told = |body: &str| server.ask(&http::post(&path, body)).expect(400);
    let malformed = told("{\"instances\": [\n  {\"amount\": 12,}\n]}");
    assert_eq!(malformed["code"], "malformed");
    let message = malformed["error"].as_str().unwrap();
    assert!(message.starts_with("the body is malformed at line 2, column 17:"), "{message}");
    for body in ["", "{", "[]", "5", "{\"instances\": 7}", "{\"instances\": [5]}"] {
        assert_eq!(told(body)["code"], "malformed", "{body}");
    }
    for body in ["{}", "{\"instances\": []}"] {
        assert_eq!(told(body)["code"], "bad_request", "{body}");
    }
    assert!(export(&project).is_empty(), "nothing of this reached a decision");
}

#[test]
fn too_much_at_once_is_refused_with_the_limit() {
    let project = Project::new();
    let server = Server::start(&project);
    let rows = |count: usize| vec![json!({}); count];
    let many = server.predict(&rows(101)).expect(413);
    assert_eq!(many["code"], "too_many_rows");
    assert!(many["error"].as_str().unwrap().contains("100 rows"), "{many}");
    assert!(many["hint"].as_str().unwrap().contains("max_rows"), "{many}");
    server.predict(&rows(100)).expect(422);

    let long = json!({"instances": [row(1)], "padding": "x".repeat(64 << 10)}).to_string();
    let path = format!("/v1/models/{NAME}:predict");
    let large = server.ask(&http::post(&path, &long)).expect(413);
    assert_eq!(large["code"], "body_too_large");
    assert!(large["hint"].as_str().unwrap().contains("max_body"), "{large}");
    // Without a declared length the limit is met while reading.
    let mut chunked = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        long.len()
    );
    chunked.push_str(&long);
    chunked.push_str("\r\n0\r\n\r\n");
    assert_eq!(server.ask(chunked.as_bytes()).expect(413)["code"], "body_too_large");
}

#[test]
fn half_a_request_harms_nobody() {
    let project = Project::new();
    let server = Server::start(&project);
    let whole = predict(&[row(1)]);
    for sent in [1, 20, whole.len() / 2, whole.len() - 1] {
        let mut connection = server.connect();
        connection.send(&whole[..sent]).unwrap();
        drop(connection);
        let mut connection = server.connect();
        connection.send(&whole[..sent]).unwrap();
        connection.finish_sending();
        if let Ok(response) = connection.receive() {
            assert_eq!(response.status, 400, "{sent} bytes");
        }
    }
    let mut connection = server.connect();
    connection.send(b"\x16\x03\x01\x02\x00\x01\x00 no HTTP at all\r\n\r\n").unwrap();
    drop(connection);
    server.predict(&[row(1)]).expect(200);
    assert_eq!(export(&project).len(), 1, "half a request is no decision");
}

#[test]
fn a_request_that_stops_in_the_middle_ends_at_its_timeout() {
    let project =
        Project::with(&[("max_rows = 100", "max_rows = 100\nrequest_timeout = \"50ms\"")]);
    let server = Server::start(&project);
    let mut connection: Connection = server.connect();
    let whole = predict(&[row(1)]);
    connection.send(&whole[..whole.len() - 5]).unwrap();
    let late = connection.receive().unwrap().expect(504);
    assert_eq!(late["code"], "timeout");
    server.get("/v2/health/ready").expect(200);
}

#[test]
fn what_is_expected_of_rows_holds_in_training_serving_and_scoring() {
    let expect = "[[expect]]\ntype = \"ExpectColumnValuesToBeBetween\"\n\
                  kwargs = { column = \"amount\", max_value = 9000, row_condition = \"channel == 'phone'\" }\n\
                  at = \"request\"\n\n[[expect]]\ntype = \"ExpectColumnValuesToBeBetween\"\n\
                  kwargs = { column = \"prediction\", min_value = 0, max_value = 1 }\n\
                  at = \"model_output\"\n\n[train]\n";
    let project = Project::with(&[("[train]\n", expect)]);
    let server = Server::start(&project);
    let dear = but(but(row(1), "channel", "phone"), "amount", 9500);
    let refused = server.predict(std::slice::from_ref(&dear)).expect(422);
    assert_eq!(
        refused["violations"],
        json!([{
            "row": 0, "column": "amount", "rule": "ExpectColumnValuesToBeBetween", "value": 9500.0,
            "hint": "send a value of at most 9000, where channel == 'phone'",
        }])
    );
    server.predict(&[but(but(row(1), "channel", "web"), "amount", 9500)]).expect(200);
    server.terminate();
    write_csv(&project.beside("rows.csv"), &[row(1), dear]);
    let score =
        "score PROJECT --state STATE --input BESIDE/rows.csv --output BESIDE/s.parquet --json";
    let scored = project.run(score);
    scored.expect(0);
    assert_eq!(scored.json()["refused"], 1);
    let checklist = project.run("checklist PROJECT --state STATE --json").json();
    let items = checklist["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["id"] == "contract").unwrap();
    assert_eq!(item["state"], "met");
    let evidence =
        "the schema (6 columns) and what is expected of rows (2 expectations) gate every row";
    assert_eq!(item["evidence"], evidence);
}
