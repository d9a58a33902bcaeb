//! Load at a constant rate, without coordinated omission.
//!
//! Threads spin over sockets that never block: a thread that slept would wake too late to keep
//! the rate. As with wrk, half of the cores make the load.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::load::threads;
use super::quantiles::quantile;

pub(super) struct Plan<'a> {
    pub(super) url: &'a str,
    pub(super) body: &'a str,
    pub(super) connections: usize,
    pub(super) requests_per_s: f64,
    pub(super) duration: Duration,
}

/// From when a request was due to when its answer was there.
pub(super) struct Taken {
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

/// Runs the plan. A request that is unanswered at the end counts as long as it has waited.
///
/// # Errors
/// When a connection fails or an answer is not `200`.
pub(super) fn run(plan: &Plan<'_>) -> Result<Taken> {
    let threads = threads(plan.connections);
    let latencies_ms: Result<Vec<Vec<f64>>> = thread::scope(|scope| {
        let started: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| run_thread(plan, threads))).collect();
        started.into_iter().map(|one| one.join().ok().context("a thread panicked")?).collect()
    });
    let latencies_ms: Vec<f64> = latencies_ms?.concat();
    if latencies_ms.is_empty() {
        bail!("the rate is too low for the time: no request was due");
    }
    Ok(Taken { p50_ms: quantile(&latencies_ms, 0.5), p99_ms: quantile(&latencies_ms, 0.99) })
}

#[expect(clippy::cast_precision_loss, reason = "a number of threads")]
fn run_thread(plan: &Plan<'_>, threads: usize) -> Result<Vec<f64>> {
    let address = plan.url.strip_prefix("http://").context("an http URL")?;
    let (host, path) = address.split_once('/').context("a URL with a path")?;
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{}",
        plan.body.len(),
        plan.body
    );
    let count = plan.connections.div_ceil(threads);
    let mut connections =
        (0..count).map(|_| Connection::open(host)).collect::<Result<Vec<Connection>>>()?;
    let interval = Duration::from_secs_f64(threads as f64 / plan.requests_per_s);
    spin(&mut connections, request.as_bytes(), interval, plan.duration)
}

/// Sends what is due over whichever connection is free, and reads what has come.
fn spin(
    connections: &mut [Connection],
    request: &[u8],
    interval: Duration,
    duration: Duration,
) -> Result<Vec<f64>> {
    let (start, mut latencies_ms) = (Instant::now(), Vec::new());
    let mut next_due = start;
    let mut waiting: VecDeque<Instant> = VecDeque::new();
    loop {
        let now = Instant::now();
        if now - start >= duration {
            break;
        }
        while next_due <= now {
            waiting.push_back(next_due);
            next_due += interval;
        }
        let mut idle = true;
        for connection in &mut *connections {
            if let Some(due) = connection.receive()? {
                latencies_ms.push(milliseconds(due.elapsed()));
                idle = false;
            }
            if connection.due.is_none()
                && let Some(due) = waiting.pop_front()
            {
                connection.send(request, due)?;
                idle = false;
            }
        }
        if idle {
            thread::yield_now();
        }
    }
    let unanswered = connections.iter().filter_map(|connection| connection.due).chain(waiting);
    latencies_ms.extend(unanswered.map(|due| milliseconds(due.elapsed())));
    Ok(latencies_ms)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// One request at a time.
struct Connection {
    stream: TcpStream,
    /// When the request under way was due.
    due: Option<Instant>,
    answer: Vec<u8>,
}

impl Connection {
    fn open(host: &str) -> Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, due: None, answer: Vec::new() })
    }

    /// A request of one row fits into the buffer of a socket that waits for nothing.
    fn send(&mut self, request: &[u8], due: Instant) -> Result<()> {
        self.stream.write_all(request).context("cannot send a request whole")?;
        self.answer.clear();
        self.due = Some(due);
        Ok(())
    }

    /// When the request was due, if its answer is there now.
    fn receive(&mut self) -> Result<Option<Instant>> {
        if self.due.is_none() {
            return Ok(None);
        }
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => bail!("the server closed a connection"),
            Ok(count) => self.answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        Ok(if whole(&self.answer)? { self.due.take() } else { None })
    }
}

/// Whether the answer has come to its end.
///
/// # Errors
/// When it is not `200`, or has no length.
fn whole(answer: &[u8]) -> Result<bool> {
    let Some(head_bytes) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(false);
    };
    let head = String::from_utf8_lossy(&answer[..head_bytes]);
    if !head.starts_with("HTTP/1.1 200 ") {
        bail!("an answer is not 200: {head}");
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.with_context(|| format!("an answer has no length: {head}"))?;
    Ok(answer.len() >= head_bytes + 4 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        assert!(whole(answer).expect("an answer"));
        assert!(!whole(&answer[..answer.len() - 1]).expect("a part"));
        assert!(!whole(&answer[..20]).expect("a part"));
    }

    #[test]
    fn a_refusal_is_an_error() {
        assert!(whole(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
