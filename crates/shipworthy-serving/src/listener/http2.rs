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
