//! Connections: accepted within a bound, served over HTTP/1.1 or HTTP/2, and drained.

mod http2;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What is spoken on a connection: one of them, for a client that may choose is a client that can
/// be made to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 from the first byte, as gRPC has it.
    Http2,
}

/// Bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What is spoken.
    pub protocol: Protocol,
    /// Connections at one time; more wait in the kernel's queue.
    pub max_connections: usize,
    /// How long a client may take over a request's head, or stay silent between requests; over
    /// HTTP/2, how long it may go without a request.
    pub idle_timeout: Duration,
    /// How long the last answers may take after the shutdown; what is not done then is cut.
    pub drain_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocol: Protocol::Http1,
            max_connections: 8_192,
            idle_timeout: Duration::from_secs(75),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

/// The longest request head, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A client that was let in last may not have sent its request yet: it gets so long to do so.
const LAST_CALL: Duration = Duration::from_millis(250);

/// Serves `app` until `shutdown`. Then no new connection is accepted, those that wait in the
/// kernel's queue are still taken, every request that came in is answered, and connections close
/// as they fall idle. Says how many connections had to be cut.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    options: Options,
    shutdown: CancellationToken,
) -> usize {
    let tracker = TaskTracker::new();
    let places = Arc::new(Semaphore::new(options.max_connections));
    let closing = CancellationToken::new();
    let let_in = |stream, place| {
        tracker.spawn(connection(stream, app.clone(), options, closing.clone(), place));
    };
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            (stream, place) = accept(&listener, &places) => let_in(stream, place),
        }
    }
    for (stream, place) in take_waiting(listener, &places) {
        let_in(stream, place);
    }
    tokio::time::sleep(LAST_CALL).await;
    closing.cancel();
    tracker.close();
    match tokio::time::timeout(options.drain_timeout, tracker.wait()).await {
        Ok(()) => 0,
        Err(_) => tracker.len(),
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    /// Enough for file descriptors to come free.
    const PAUSE: Duration = Duration::from_millis(50);
    loop {
        let place = Arc::clone(places).acquire_owned().await.expect("never closed");
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Closes the listener after taking the connections that wait in the kernel's queue. The kernel
/// itself is asked, for the reactor may not have heard of the last ones yet.
fn take_waiting(
    listener: TcpListener,
    places: &Arc<Semaphore>,
) -> Vec<(TcpStream, OwnedSemaphorePermit)> {
    let mut taken = Vec::new();
    let Ok(listener) = listener.into_std() else { return taken };
    while let Ok(place) = Arc::clone(places).try_acquire_owned() {
        let Ok((stream, _)) = listener.accept() else { break };
        let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
        match stream {
            Ok(stream) => taken.push((stream, place)),
            Err(error) => tracing::warn!(%error, "a connection was not accepted"),
        }
    }
    taken
}

async fn connection(
    stream: TcpStream,
    app: Router,
    options: Options,
    closing: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    // Answers are small and whole; Nagle's algorithm would only hold them back.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let ended = match options.protocol {
        Protocol::Http1 => http1(stream, app, options, closing).await,
        Protocol::Http2 => http2::serve(stream, app, options, closing).await,
    };
    if let Err(error) = ended {
        // The client went away or sent no HTTP: its affair, not an operator's.
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn http1(
    stream: TcpStream,
    app: Router,
    options: Options,
    closing: CancellationToken,
) -> hyper::Result<()> {
    let service = TowerToHyperService::new(app);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.idle_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = pin!(serving);
    tokio::select! {
        ended = serving.as_mut() => ended,
        () = closing.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    }
}
