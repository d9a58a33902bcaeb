//! Bodies in gzip and deflate, and answers for those who ask for them so.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use crate::http::{self, Response};
use crate::project::{NAME, Project, row};
use crate::server::Server;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn predict(server: &Server, headers: &[(&str, &str)], body: &[u8]) -> Response {
    server.ask(&http::request("POST", &format!("/v1/models/{NAME}:predict"), headers, body))
}

fn rows(count: u64) -> Vec<u8> {
    json!({"instances": (0..count).map(row).collect::<Vec<_>>()}).to_string().into_bytes()
}

#[test]
fn a_body_in_either_coding_is_answered_as_the_plain_one() {
    let project = Project::new();
    let server = Server::start(&project);
    let body = rows(9);
    let plain = predict(&server, &[], &body).expect(200);
    for (coding, coded) in [("gzip", gzip(&body)), ("deflate", zlib(&body))] {
        let answer = predict(&server, &[("Content-Encoding", coding)], &coded).expect(200);
        assert_eq!(answer["predictions"], plain["predictions"], "{coding}");
    }
}

#[test]
fn the_limit_holds_for_the_plain_body() {
    let project = Project::new();
    let server = Server::start(&project);
    // Of 64 KiB allowed; coded it is a thousandth.
    let long = [rows(1), vec![b' '; 64 * 1024]].concat();
    for (coding, coded) in [("gzip", gzip(&long)), ("deflate", zlib(&long))] {
        assert!(coded.len() < 1_024);
        let refused = predict(&server, &[("Content-Encoding", coding)], &coded).expect(413);
        assert_eq!(refused["code"], "body_too_large", "{coding}");
    }
}

#[test]
fn a_coding_that_is_not_read_and_one_that_is_not_kept_are_told() {
    let project = Project::new();
    let server = Server::start(&project);
    let refused = predict(&server, &[("Content-Encoding", "br")], &rows(1));
    let body = refused.expect(415);
    assert_eq!(body["code"], "unsupported_coding");
    assert!(body["hint"].as_str().unwrap().contains("gzip or deflate"), "{body}");
    assert_eq!(refused.header("accept-encoding"), Some("gzip, deflate"));
    let refused = predict(&server, &[("Content-Encoding", "gzip")], &rows(1)).expect(400);
    assert_eq!(refused["code"], "bad_request");
    assert!(refused["error"].as_str().unwrap().contains("no whole gzip stream"), "{refused}");
}

#[test]
fn answers_are_coded_for_those_who_ask_and_when_it_pays() {
    let project = Project::new();
    let server = Server::start(&project);
    let (many, one) = (rows(80), rows(1));
    let ask = |accept: &str, body: &[u8]| predict(&server, &[("Accept-Encoding", accept)], body);
    let mut text = Vec::new();
    let gzipped = ask("deflate;q=0.5, gzip", &many);
    assert_eq!(gzipped.header("content-encoding"), Some("gzip"));
    assert_eq!(gzipped.header("vary"), Some("accept-encoding"));
    GzDecoder::new(gzipped.bytes()).read_to_end(&mut text).unwrap();
    let answer: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(answer["predictions"].as_array().unwrap().len(), 80);
    text.clear();
    let deflated = ask("deflate", &many);
    assert_eq!(deflated.header("content-encoding"), Some("deflate"));
    ZlibDecoder::new(deflated.bytes()).read_to_end(&mut text).unwrap();
    let predictions = &serde_json::from_slice::<Value>(&text).unwrap()["predictions"];
    assert_eq!(*predictions, answer["predictions"]);
    for plain in [ask("gzip, deflate", &one), ask("br, gzip;q=0", &many), ask("", &many)] {
        assert_eq!(plain.header("content-encoding"), None);
        plain.expect(200);
    }
    let mut document = Vec::new();
    let coded = http::request("GET", "/openapi.json", &[("Accept-Encoding", "gzip")], "");
    GzDecoder::new(server.ask(&coded).bytes()).read_to_end(&mut document).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&document).unwrap()["openapi"], "3.1.0");
}
