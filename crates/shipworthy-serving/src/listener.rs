//! Connections: accepted within a bound, served over HTTP/1.1, and drained.

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

/// Bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections at one time; more wait in the kernel's queue.
    pub max_connections: usize,
    /// How long a client may take over a request's head, or stay silent between requests.
    pub idle_timeout: Duration,
    /// How long the last answers may take after the shutdown; what is not done then is cut.
    pub drain_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_connections: 8_192,
            idle_timeout: Duration::from_secs(75),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

/// The longest request head, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

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
    loop {
        let next = tokio::select! {
            biased;
            () = shutdown.cancelled() => None,
            next = accept(&listener, &places) => Some(next),
        };
        let Some((stream, place)) = next else { break };
        tracker.spawn(connection(stream, app.clone(), options, shutdown.clone(), place));
    }
    while let Some((stream, place)) = accept_waiting(&listener, &places).await {
        tracker.spawn(connection(stream, app.clone(), options, shutdown.clone(), place));
    }
    drop(listener);
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

/// A connection that waits in the kernel's queue, if one does.
async fn accept_waiting(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).try_acquire_owned().ok()?;
    tokio::select! {
        biased;
        accepted = listener.accept() => accepted.ok().map(|(stream, _)| (stream, place)),
        () = std::future::ready(()) => None,
    }
}

async fn connection(
    stream: TcpStream,
    app: Router,
    options: Options,
    shutdown: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    // Answers are small and whole; Nagle's algorithm would only hold them back.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let service = TowerToHyperService::new(app);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.idle_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = pin!(serving);
    let ended: Result<(), hyper::Error> = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        // The client went away or sent no HTTP: its affair, not an operator's.
        tracing::debug!(%error, "a connection ended early");
    }
}
