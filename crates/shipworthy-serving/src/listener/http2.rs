//! One connection over HTTP/2, where requests run side by side.
//!
//! hyper keeps no clock for an idle HTTP/2 connection, so it is kept here: a client that never
//! finishes its greeting, one that has gone away without a word, and one that does not fetch its
//! answers all end as silent ones do. Ending is asking first (GOAWAY): a request that is on its
//! way meanwhile is still answered.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Options;

/// Requests at one time on one connection; a client holds back more of its own accord.
const MAX_STREAMS: u32 = 256;

/// Serves a connection to its end, or to `closing` or a silence and what was in flight then.
pub(super) async fn serve(
    stream: TcpStream,
    app: Router,
    options: Options,
    closing: CancellationToken,
) -> hyper::Result<()> {
    let activity = Arc::new(Activity::default());
    let service = {
        let (activity, app) = (Arc::clone(&activity), TowerToHyperService::new(app));
        service_fn(move |request: Request<Incoming>| {
            let (running, answer) = (activity.begin(), app.call(request));
            async move {
                let answer = answer.await;
                drop(running);
                answer
            }
        })
    };
    let serving = Builder::new(Streams::default())
        .max_concurrent_streams(MAX_STREAMS)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = pin!(serving);
    tokio::select! {
        ended = serving.as_mut() => ended,
        () = closing.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
        () = activity.silence(options.idle_timeout) => {
            serving.as_mut().graceful_shutdown();
            // Who does not fetch its last answer meanwhile is cut off.
            tokio::time::timeout(options.drain_timeout, serving).await.unwrap_or(Ok(()))
        }
    }
}

/// What happens on a connection.
#[derive(Debug, Default)]
struct Activity {
    running: AtomicUsize,
    begun: AtomicU64,
}

impl Activity {
    fn begin(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// Returns when for so long no request ran and none began.
    async fn silence(&self, idle_timeout: Duration) {
        let mut seen = None;
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            if seen.replace(begun) == Some(begun) && self.running.load(Ordering::Relaxed) == 0 {
                return;
            }
            tokio::time::sleep(idle_timeout).await;
        }
    }
}

/// A request that is being answered, until dropped.
struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs the requests of a connection side by side. Nobody waits for them here: a connection that
/// ends in order has ended when they have.
#[derive(Clone, Debug, Default)]
struct Streams(TaskTracker);

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::listener::{self, Protocol};

    /// Everything that a client hears that says `greeting` and then nothing more.
    fn heard(greeting: &[u8]) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = socket.local_addr().unwrap();
            let short = Duration::from_millis(20);
            let options = Options {
                protocol: Protocol::Http2,
                max_connections: 1,
                idle_timeout: short,
                drain_timeout: short,
            };
            let shutdown = CancellationToken::new();
            let client = async {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(greeting).await.unwrap();
                let mut heard = Vec::new();
                // A connection that is cut is as good as one that ends.
                let _ = stream.read_to_end(&mut heard).await;
                heard
            };
            tokio::select! {
                heard = client => heard,
                _ = listener::serve(socket, Router::new(), options, shutdown) => Vec::new(),
            }
        })
    }

    #[test]
    fn who_never_greets_is_cut_off() {
        heard(b"");
        heard(b"PRI * HT");
    }

    #[test]
    fn who_falls_silent_is_asked_to_go() {
        // RFC 9113, section 3.4: the preface and empty settings; 6.8: GOAWAY is frame type 7.
        let greeting = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        let heard = heard(greeting);
        let (mut rest, mut kinds) = (&heard[..], Vec::new());
        while let Some(([a, b, c, kind, ..], _)) = rest.split_first_chunk::<9>() {
            kinds.push(*kind);
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            rest = rest.get(9 + length..).unwrap_or_default();
        }
        assert!(kinds.contains(&7), "{kinds:?}");
    }
}
