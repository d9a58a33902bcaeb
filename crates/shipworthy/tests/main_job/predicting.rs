//! The two protocols of the data plane.

use serde_json::{Value, json};

use crate::http;
use crate::project::{NAME, Project, declared, row, rows};
use crate::server::{Server, predict};

#[test]
fn v1_answers_rows_in_their_order_and_ignores_what_is_not_declared() {
    let project = Project::new();
    let server = Server::start(&project);
    let rows = &rows()[..20];
    let answer = server.predict(rows).expect(200);
    assert_eq!(answer["release"], server.release());
    let of = |name: &str| answer[name].as_array().unwrap().clone();
    let (predictions, decisions) = (of("predictions"), of("decisions"));
    assert_eq!((predictions.len(), decisions.len(), of("decision_ids").len()), (20, 20, 20));
    for (row, (prediction, decision)) in rows.iter().zip(predictions.iter().zip(&decisions)) {
        let is_fraud = prediction.as_f64().unwrap() >= 0.5;
        assert_eq!(*decision, if is_fraud { "fraud" } else { "not_fraud" });
        let alone = server.predict(&[declared(row)]).expect(200);
        assert_eq!(alone["predictions"], json!([prediction]), "{row}");
    }
    assert!(predictions.iter().any(|other| *other != predictions[0]), "the model says something");
    let missing = json!({"amount": 5, "account_days": 3, "channel": "web"});
    server.predict(&[missing]).expect(200);
}

#[test]
fn v1_and_v2_give_the_same_numbers() {
    let project = Project::new();
    let server = Server::start(&project);
    let rows = &rows()[..7];
    let v1 = server.predict(rows).expect(200);
    let mut body = infer(rows);
    body["id"] = json!("request 42");
    let v2 = server.post(&format!("/v2/models/{NAME}/infer"), &body).expect(200);
    assert_eq!(v2["id"], "request 42");
    assert_eq!((&v2["model_name"], &v2["model_version"]), (&json!(NAME), &v1["release"]));
    let prediction = &v2["outputs"][0];
    assert_eq!(prediction["name"], "prediction");
    assert_eq!(prediction["datatype"], "FP64");
    assert_eq!(prediction["shape"], json!([7]));
    assert_eq!(prediction["data"], v1["predictions"]);
    assert_eq!(v2["outputs"][1]["name"], "decision");
    assert_eq!(v2["outputs"][1]["data"], v1["decisions"]);
    assert_eq!(v2["outputs"][2]["name"], "decision_id");
    assert_eq!(v2["outputs"][2]["data"].as_array().unwrap().len(), 7);
}

#[test]
fn v2_gives_the_outputs_that_are_asked_for() {
    let project = Project::new();
    let server = Server::start(&project);
    let mut body = infer(&[row(3)]);
    body["outputs"] = json!([{"name": "decision"}]);
    let answer = server.post(&format!("/v2/models/{NAME}/infer"), &body).expect(200);
    let outputs = answer["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0]["name"], "decision");
    assert!(answer.get("id").is_none());
}

#[test]
fn v2_describes_the_server_and_its_models() {
    let project = Project::new();
    let server = Server::start(&project);
    let metadata = server.get(&format!("/v2/models/{NAME}")).expect(200);
    assert_eq!(metadata["name"], NAME);
    let inputs = metadata["inputs"].as_array().unwrap();
    let described = inputs.iter().map(|input| (&input["name"], &input["datatype"]));
    let expected = [
        ("amount", "FP64"),
        ("account_days", "INT64"),
        ("channel", "BYTES"),
        ("rating", "FP64"),
        ("card", "BYTES"),
        ("sex", "BYTES"),
    ];
    assert_eq!(json!(described.collect::<Vec<_>>()), json!(expected));
    assert_eq!(inputs[3]["parameters"], json!({"role": "feature", "required": false}));
    assert_eq!(inputs[5]["parameters"], json!({"role": "protected", "required": false}));
    let outputs = metadata["outputs"].as_array().unwrap();
    let names: Vec<_> = outputs.iter().map(|output| &output["name"]).collect();
    assert_eq!(json!(names), json!(["prediction", "decision", "decision_id"]));

    let index = server.post("/v2/repository/index", &json!({})).expect(200);
    let release = server.release();
    let listed = json!([{"name": NAME, "version": release, "state": "READY", "reason": ""}]);
    assert_eq!(index, listed);
    let ready = server.get(&format!("/v2/models/{NAME}/ready")).expect(200);
    assert_eq!(ready, json!({"name": NAME, "ready": true}));
    assert_eq!(server.get(&format!("/v1/models/{NAME}")).expect(200), ready);
    assert_eq!(server.get("/v1/models").expect(200), json!({"models": [NAME]}));
    assert_eq!(server.get("/v2").expect(200)["name"], "shipworthy");
}

#[test]
fn wrong_addresses_say_what_is_right() {
    let project = Project::new();
    let server = Server::start(&project);
    let body = json!({"instances": [row(1)]});
    for path in ["/v1/models/nobody:predict", "/v2/models/nobody/infer"] {
        let body = if path.starts_with("/v2") { infer(&[row(1)]) } else { body.clone() };
        let unknown = server.post(path, &body).expect(404);
        assert_eq!(unknown["code"], "unknown_model", "{path}");
        assert!(unknown["hint"].as_str().unwrap().contains(NAME), "{unknown}");
    }
    for path in ["/v2/models/nobody", "/v2/models/nobody/ready", "/v1/models/nobody"] {
        assert_eq!(server.get(path).expect(404)["code"], "unknown_model", "{path}");
    }
    for path in ["/v3", "/v2/models", "/metrics", "/v1/tokens"] {
        let unknown = server.get(path).expect(404);
        assert_eq!(unknown["code"], "unknown_route", "{path}");
        assert!(unknown["hint"].as_str().unwrap().contains("POST /v1/models/NAME:predict"));
    }
    let explained = server.post(&format!("/v1/models/{NAME}:explain"), &body).expect(404);
    assert_eq!(explained["code"], "unknown_route");
    for (method, path) in [("GET", format!("/v2/models/{NAME}/infer")), ("DELETE", "/v2".into())] {
        let wrong = server.ask(&http::request(method, &path, &[], ""));
        assert_eq!(wrong.status, 405, "{method} {path}");
        assert!(wrong.json()["error"].as_str().unwrap().contains(method));
    }
}

#[test]
fn requests_that_are_sent_ahead_are_answered_in_their_order() {
    let project = Project::new();
    let server = Server::start(&project);
    let rows = rows();
    let mut connection = server.connect();
    let ahead: Vec<u8> = rows[..10].chunks(1).flat_map(predict).collect();
    connection.send(&ahead).unwrap();
    for row in rows[..10].chunks(1) {
        let answer = connection.receive().unwrap().expect(200);
        let alone = server.predict(row).expect(200);
        assert_eq!(answer["predictions"], alone["predictions"]);
    }
}

/// Rows as a request of the Open Inference Protocol V2, an undeclared input included.
fn infer(rows: &[Value]) -> Value {
    let columns = [
        ("amount", "FP64"),
        ("account_days", "INT64"),
        ("channel", "BYTES"),
        ("rating", "FP64"),
        ("card", "BYTES"),
        ("memo", "BYTES"),
    ];
    let input = |(name, datatype): (&str, &str)| {
        let data: Vec<_> = rows.iter().map(|row| &row[name]).collect();
        json!({"name": name, "datatype": datatype, "shape": [rows.len()], "data": data})
    };
    json!({"inputs": columns.map(input)})
}
