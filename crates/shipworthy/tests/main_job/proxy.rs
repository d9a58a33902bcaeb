//! A proxy that stands before a server and may do harm.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::http::{Connection, Response};

/// What happens to calls for a prediction.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// One call of so many is answered with 500.
    Fails { every: u64 },
    /// Each takes so much longer.
    Slow { millis: u64 },
}

/// A proxy; its threads end with the connections to it.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    fault: Arc<Mutex<Fault>>,
}

impl Proxy {
    /// Stands before a server.
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let fault = Arc::new(Mutex::new(Fault::None));
        let (shared, calls) = (Arc::clone(&fault), Arc::new(AtomicU64::new(0)));
        thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let (fault, calls) = (Arc::clone(&shared), Arc::clone(&calls));
                    thread::Builder::new()
                        .spawn(move || pass(&stream, server, &fault, &calls))
                        .unwrap();
                }
            })
            .unwrap();
        Self { address, fault }
    }

    /// From now on.
    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }
}

/// Passes requests on, and answers back, until either side ends the connection.
fn pass(caller: &TcpStream, server: SocketAddr, fault: &Mutex<Fault>, calls: &AtomicU64) {
    caller.set_nodelay(true).unwrap();
    let (mut reader, mut writer) = (BufReader::new(caller), caller);
    // A server that is gone is told by a connection that ends.
    let Ok(mut server) = Connection::open(server) else { return };
    while let Some(request) = read(&mut reader) {
        let is_call = request.starts_with(b"POST");
        let fault = *fault.lock().unwrap();
        let answer = match fault {
            Fault::Fails { every } if is_call && is_nth(calls, every) => Ok(FAILED.to_vec()),
            Fault::Slow { millis } if is_call => {
                late(Duration::from_millis(millis));
                server.ask(&request).map(|response| written(&response))
            }
            _ => server.ask(&request).map(|response| written(&response)),
        };
        let Ok(answer) = answer else { return };
        if writer.write_all(&answer).is_err() {
            return;
        }
    }
}

/// Waits for nothing, as a slow network does.
fn late(by: Duration) {
    let (_never, nothing) = channel::<()>();
    nothing.recv_timeout(by).unwrap_err();
}

const FAILED: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}";

fn is_nth(calls: &AtomicU64, every: u64) -> bool {
    (calls.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(every)
}

/// A request as it came; `None` at the end.
fn read(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let (mut request, mut length) = (Vec::new(), 0);
    loop {
        let start = request.len();
        if reader.read_until(b'\n', &mut request).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&request[start..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let head = request.len();
    request.resize(head + length, 0);
    reader.read_exact(&mut request[head..]).ok()?;
    Some(request)
}

fn written(response: &Response) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} Passed\r\n", response.status);
    for (name, value) in response.headers() {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    [text.as_bytes(), b"\r\n", response.bytes()].concat()
}
