//! The honest limit of the serving benchmark: a bare axum server that sends a body back, and, with
//! `--ledger DIR`, only after the body is durable in a ledger.
//!
//! `echo --listen 127.0.0.1:0 [--ledger DIR]` prints its base URL when it is ready.

#![allow(clippy::print_stdout, reason = "the benchmark reads the address from standard output")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt;
use bytes::Bytes;
use shipworthy_ledger::{Kind, Ledger, Options, RealDisk, Record, open};
use tokio::net::TcpListener;

type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (listen, directory) = arguments(std::env::args().skip(1))?;
    let ledger = directory.map(start).transpose()?;
    let app = Router::new().fallback(post(echo)).with_state(ledger);
    let listener = TcpListener::bind(listen).await?;
    println!("http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

fn arguments(
    mut arguments: impl Iterator<Item = String>,
) -> Result<(String, Option<PathBuf>), Failure> {
    let (mut listen, mut directory) = (None, None);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--listen" => listen = Some(value),
            "--ledger" => directory = Some(PathBuf::from(value)),
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    Ok((listen.ok_or("--listen ADDR is required")?, directory))
}

fn start(directory: PathBuf) -> Result<Ledger, Failure> {
    let disk = Arc::new(RealDisk::new(directory)?);
    let (ledger, writer, _) = open(disk, [7; 16], Options::default())?;
    std::thread::Builder::new().name("ledger-writer".to_owned()).spawn(|| writer.run())?;
    Ok(ledger)
}

async fn echo(State(ledger): State<Option<Ledger>>, body: Bytes) -> Result<Bytes, StatusCode> {
    if let Some(ledger) = ledger {
        let payload = body.to_vec();
        let record = Record { kind: Kind::DECISION, id: [1; 16], salt: [2; 16], payload };
        let unavailable = |_| StatusCode::SERVICE_UNAVAILABLE;
        ledger.try_append(&[record]).map_err(unavailable)?.await.map_err(unavailable)?;
    }
    Ok(body)
}
