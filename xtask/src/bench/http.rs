//! One request over a connection of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a request (its method and path, further lines of its head, its body); the answer's body.
///
/// # Errors
/// When the answer is not `200` with JSON, with what it was.
pub(super) fn ask(host: &str, target: &str, headers: &str, body: &str) -> Result<Value> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    let length = body.len();
    write!(
        stream,
        "{target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let json = answer.split_once("\r\n\r\n").map(|(_, json)| json);
    match json.filter(|_| answer.starts_with("HTTP/1.1 200 ")) {
        Some(json) => serde_json::from_str(json).with_context(|| format!("no JSON: {json}")),
        None => bail!("{target} was answered:\n{answer}"),
    }
}
