//! The Open Inference Protocol over gRPC: answers, refusals, tokens and limits.

use std::io::{Read, Write};
use std::net::SocketAddr;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use prost::Message;

use crate::export::{by_id, export};
use crate::grpc_client::{
    Connection, InferRequest, InferResponse, framed, method, payment, payment_row,
};
use crate::project::{NAME, Project};
use crate::server::{Server, address};

pub(crate) const ANY_PORTS: &str = "--listen 127.0.0.1:0 --admin 127.0.0.1:0 --grpc 127.0.0.1:0";
const EVERYWHERE: &str = "--listen 127.0.0.1:0 --admin 127.0.0.1:0 --grpc 0.0.0.0:0";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn start(project: &Project) -> (Server, Connection) {
    let server = Server::start_with(project, ANY_PORTS);
    let connection = Connection::open(address(project, "grpc")).unwrap();
    (server, connection)
}

/// A message of one text or number, as most questions are.
fn question(bytes: &[u8]) -> Vec<u8> {
    framed(0, bytes)
}

#[test]
fn grpc_gives_the_numbers_of_http_and_names_its_records_in_body_and_headers() {
    let project = Project::new();
    let commit = project.commit();
    let (server, mut connection) = start(&project);
    let expected = server.predict(&[payment_row(500.0)]).expect(200);
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let request = InferRequest { id: "seven".to_owned(), ..payment(500.0) };
    let body = framed(0, &request.encode_to_vec());
    let answer = connection.call(&method("ModelInfer"), &[("traceparent", &parent)], body).unwrap();
    let decisions = answer.decisions();
    let prediction = serde_json::Value::from(decisions.output("prediction").fp64_contents[0]);
    assert_eq!(prediction, expected["predictions"][0]);
    assert_eq!((&*decisions.id, &*decisions.model_name), ("seven", NAME));
    assert_eq!(decisions.model_version, expected["release"]);
    let id = &decisions.decision_ids()[0];
    assert_eq!(answer.headers["x-shipworthy-decision-ids"], **id);
    assert_eq!(answer.headers["x-shipworthy-release"], *decisions.model_version);
    assert_eq!(answer.headers["x-shipworthy-commit"], *commit);
    assert!(answer.headers["traceparent"].to_str().unwrap().starts_with(&parent[..36]));
    let recorded = by_id(export(&project));
    assert_eq!(recorded[&**id].endpoint, NAME);
    let shown = project.run(&format!("ledger show {id} --state STATE --json")).json();
    assert_eq!(shown["payload"]["trace_id"], TRACE);
}

#[test]
fn a_refusal_tells_every_broken_rule_and_where_it_is_recorded() {
    let project = Project::new();
    let (_server, mut connection) = start(&project);
    let refused = connection.infer(&payment(-5.0)).unwrap();
    let error = refused.error("3");
    assert_eq!(error["code"], "contract_violation");
    assert_eq!(
        (&error["violations"][0]["column"], &error["violation_count"]),
        (&"amount".into(), &1.into())
    );
    let message = refused.header("grpc-message").unwrap();
    assert!(
        message.starts_with("1 value breaks the contract; no row was answered; row 0, `amount`: "),
        "{message}"
    );
    let id = refused.header("x-shipworthy-decision-ids").unwrap();
    assert_eq!(by_id(export(&project))[id].status, "refused");
}

#[test]
fn what_was_wrong_is_told_by_the_status_that_clients_expect() {
    let project = Project::new();
    let (_server, mut connection) = start(&project);
    let nobody = InferRequest { model_name: "nobody".to_owned(), ..payment(1.0) };
    assert_eq!(connection.infer(&nobody).unwrap().error("5")["code"], "unknown_model");
    let other = InferRequest { model_version: "sha256:00".to_owned(), ..payment(1.0) };
    assert_eq!(connection.infer(&other).unwrap().error("5")["code"], "unknown_model");
    // Of 64 KiB allowed.
    let long = InferRequest { id: "x".repeat(65 * 1024), ..payment(1.0) };
    assert_eq!(connection.infer(&long).unwrap().error("8")["code"], "body_too_large");
    let mut call = |name: &str, headers: &[(&str, &str)], body: Vec<u8>| {
        connection.call(&method(name), headers, body).unwrap()
    };
    let one = || framed(0, &payment(1.0).encode_to_vec());
    let error = call("ModelInfer", &[("grpc-timeout", "0n")], one()).error("4");
    assert_eq!(error["code"], "timeout");
    call("ModelInfer", &[("grpc-timeout", "20S")], one()).decisions();
    for body in [vec![], b"\0\0\0\0\x09short".to_vec(), framed(0, b"\xff"), [one(), one()].concat()]
    {
        call("ModelInfer", &[], body).error("3");
    }
    let error = call("ModelInfer", &[("grpc-encoding", "snappy")], one()).error("12");
    assert_eq!(error["code"], "unsupported_coding");
    assert_eq!(call("ModelStreamInfer", &[], one()).error("12")["code"], "unknown_route");
    let other = call("ModelInfer", &[("content-type", "application/json")], b"{}".to_vec());
    assert_eq!(other.header("grpc-status"), None);
    assert!(format!("{other:?}").contains("http_status: 415"), "{other:?}");
}

#[test]
fn a_coded_message_is_answered_in_its_coding_and_its_limit_is_the_plain_one() {
    let project = Project::new();
    let (_server, mut connection) = start(&project);
    let gzip = |message: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(message).unwrap();
        framed(1, &encoder.finish().unwrap())
    };
    let mut call =
        |body| connection.call(&method("ModelInfer"), &[("grpc-encoding", "gzip")], body).unwrap();
    let answer = call(gzip(&payment(5.0).encode_to_vec()));
    assert_eq!(answer.header("grpc-encoding"), Some("gzip"));
    let framed = answer.framed();
    assert_eq!(framed[0], 1);
    let mut message = Vec::new();
    GzDecoder::new(&framed[5..]).read_to_end(&mut message).unwrap();
    assert_eq!(InferResponse::decode(&*message).unwrap().decision_ids().len(), 1);
    let bomb = InferRequest { id: "x".repeat(1 << 22), ..payment(1.0) };
    assert_eq!(call(gzip(&bomb.encode_to_vec())).error("8")["code"], "body_too_large");
}

#[test]
fn beyond_loopback_only_health_is_open() {
    let project = Project::new();
    // HTTP stays on loopback, where nobody needs a token: each address has its own rule.
    let server = Server::start_with(&project, EVERYWHERE);
    server.predict(&[payment_row(5.0)]).expect(200);
    let port = address(&project, "grpc").port();
    let mut connection = Connection::open(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
    let mut call = |path: &str, token: Option<&str>, body| {
        let bearer = format!("Bearer {}", token.unwrap_or_default());
        let headers = [("authorization", bearer.as_str())];
        let headers = if token.is_some() { &headers[..] } else { &[] };
        connection.call(path, headers, body).unwrap()
    };
    // Of a message of one field: true, or SERVING.
    for path in [&method("ServerLive"), &method("ServerReady"), "/grpc.health.v1.Health/Check"] {
        assert_eq!(call(path, None, question(b"")).framed()[5..], [8, 1], "{path}");
    }
    let infer = || framed(0, &payment(5.0).encode_to_vec());
    for name in ["ServerMetadata", "ModelMetadata", "ModelReady", "RepositoryIndex", "ModelInfer"] {
        for token in [None, Some("swt_nonsense")] {
            let refused = call(&method(name), token, infer());
            assert_eq!(refused.error("16")["code"], "unauthenticated", "{name}");
        }
    }
    let make = |name: &str, role: &str| {
        let line = format!("token create {name} --role {role} --reason test --state STATE");
        project.run(&line).expect(0).trim().to_owned()
    };
    let (caller, auditor) = (make("shop", "caller"), make("ana", "auditor"));
    call(&method("ModelInfer"), Some(&caller), infer()).decisions();
    let refused = call(&method("ModelInfer"), Some(&auditor), infer());
    assert_eq!(refused.error("7")["code"], "forbidden");
}

#[test]
fn to_choose_a_slot_takes_an_operators_token() {
    let project = Project::new();
    let (_server, mut connection) = start(&project);
    let operator = std::fs::read_to_string(project.state().join("token")).unwrap();
    let operator = format!("Bearer {}", operator.trim());
    let mut choose = |slot: &str, more: &[(&str, &str)]| {
        let headers = [&[("x-shipworthy-slot", slot)], more].concat();
        let body = framed(0, &payment(5.0).encode_to_vec());
        connection.call(&method("ModelInfer"), &headers, body).unwrap()
    };
    let operator = [("authorization", &*operator)];
    choose("stable", &operator).decisions();
    assert_eq!(choose("stable", &[]).error("16")["code"], "unauthenticated");
    for slot in ["candidate", "shadow"] {
        assert_eq!(choose(slot, &operator).error("3")["code"], "bad_request");
    }
}

#[test]
fn the_health_service_knows_the_server_and_its_service() {
    let project = Project::new();
    let (_server, mut connection) = start(&project);
    let mut check = |service: &str| {
        let length = u8::try_from(service.len()).unwrap();
        let body = [&[0x0a, length], service.as_bytes()].concat();
        connection.call("/grpc.health.v1.Health/Check", &[], question(&body)).unwrap()
    };
    assert_eq!(check("").framed()[5..], [8, 1]);
    assert_eq!(check("inference.GRPCInferenceService").framed()[5..], [8, 1]);
    check("other.Service").error("5");
}

#[test]
fn without_the_option_there_is_no_grpc() {
    let project = Project::new();
    let server = Server::start(&project);
    let text = std::fs::read_to_string(project.state().join("server.json")).unwrap();
    assert!(!text.contains("grpc"), "{text}");
    // HTTP/2 is not spoken where HTTP/1.1 is.
    let mut connection = Connection::open(server.address).unwrap();
    assert!(connection.infer(&payment(5.0)).is_err());
}
