//! Finding a server, or finding that there is none.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use shipworthy_store::{Secret, ServerInfo};

use super::*;

fn directory() -> (tempfile::TempDir, StateDir) {
    let directory = tempfile::tempdir().unwrap();
    let state = StateDir::open(directory.path()).unwrap();
    (directory, state)
}

fn found(directory: &StateDir) -> Result<Found> {
    find(directory.path(), &RemoteArgs::default())
}

/// Answers one request with `response`, and gives what was asked; earlier connections that ask
/// nothing are probes.
fn server(response: String) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move || loop {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
            head.push(byte[0]);
        }
        if !head.is_empty() {
            stream.write_all(response.as_bytes()).unwrap();
            return String::from_utf8(head).unwrap();
        }
    };
    (address, std::thread::Builder::new().spawn(serve).unwrap())
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn without_a_server_the_files_are_ours() {
    let (_kept, directory) = directory();
    let Ok(Found::Files(lock)) = found(&directory) else { panic!("no server runs") };
    assert!(directory.lock().is_err(), "nobody else opens them");
    drop(lock);
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    let (kept, _) = directory();
    let missing = kept.path().join("missing");
    let error = find(&missing, &RemoteArgs::default()).err().unwrap();
    assert!(error.to_string().contains("shipworthy up"), "{error}");
    assert!(!missing.exists());
}

#[test]
fn a_running_server_is_asked_with_the_token_of_its_directory() {
    let (_kept, directory) = directory();
    let lock = directory.lock().unwrap();
    let (admin, asked) = server(http("200 OK", r#"{"changed": []}"#));
    lock.write_token(&Secret::from_random([7; 32])).unwrap();
    lock.announce(&ServerInfo { pid: 1, listen: admin, admin, grpc: None }).unwrap();
    let Ok(Found::Server(client)) = found(&directory) else { panic!("a server runs") };
    let answer: Value = client.get("/v1/status").unwrap();
    assert_eq!(answer, json!({"changed": []}));
    let asked = asked.join().unwrap().to_lowercase();
    assert!(asked.starts_with("get /v1/status "), "{asked}");
    assert!(asked.contains(&format!("authorization: bearer swt_{}", "07".repeat(32))), "{asked}");
}

#[test]
fn a_killed_servers_address_gets_no_token() {
    let (_kept, directory) = directory();
    let (admin, _never_asked) = server(String::new());
    let lock = directory.lock().unwrap();
    lock.write_token(&Secret::from_random([7; 32])).unwrap();
    lock.announce(&ServerInfo { pid: 1, listen: admin, admin, grpc: None }).unwrap();
    drop(lock);
    assert!(matches!(found(&directory), Ok(Found::Files(_))));
}

#[test]
fn a_holder_that_does_not_answer_is_named() {
    let (_kept, directory) = directory();
    let lock = directory.lock().unwrap();
    let silent = found(&directory).err().unwrap().to_string();
    assert!(silent.contains(&format!("process {}", std::process::id())), "{silent}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = listener.local_addr().unwrap();
    drop(listener);
    lock.announce(&ServerInfo { pid: 1, listen: admin, admin, grpc: None }).unwrap();
    let refused = found(&directory).err().unwrap().to_string();
    assert!(refused.contains("does not answer"), "{refused}");
}

#[test]
fn a_refusal_is_told_with_its_hint() {
    let body = json!({"error": "it is broken", "code": "broken", "hint": "mend it"});
    let (address, _) = server(http("409 Conflict", &body.to_string()));
    let client = Client::new(&format!("http://{address}"), "swt_".to_owned()).unwrap();
    let error = client.post::<_, Value>("/v1/reload", &json!({})).unwrap_err();
    assert_eq!(error.to_string(), "it is broken\n  mend it");
    assert!(is_refusal(&error, "broken") && !is_refusal(&error, "mended"));
}

#[test]
fn an_answer_of_another_kind_of_server_is_not_taken_for_one() {
    let (address, _) = server(http("404 Not Found", "<html>"));
    let client = Client::new(&format!("http://{address}"), "swt_".to_owned()).unwrap();
    let error = client.get::<Value>("/v1/status").unwrap_err();
    assert!(error.to_string().contains("--admin"), "{error}");
}

#[test]
fn who_listens_everywhere_is_reached_here() {
    let reached = |bound: &str| reachable(bound.parse().unwrap()).to_string();
    assert_eq!(reached("0.0.0.0:8081"), "127.0.0.1:8081");
    assert_eq!(reached("[::]:8081"), "[::1]:8081");
    assert_eq!(reached("192.168.0.7:8081"), "192.168.0.7:8081");
}
