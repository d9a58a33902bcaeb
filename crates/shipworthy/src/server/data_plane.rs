//! The data plane's listeners, HTTP and gRPC: begun and drained together.

use std::net::TcpListener as Socket;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use shipworthy_serving::listener::{self, Options, Protocol};
use shipworthy_serving::{Serving, accept};
use shipworthy_store::Store;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{callers, sockets};

/// After a SIGTERM answers tell their clients to go, for so long at most: a client that keeps a
/// connection open is told before the connection is closed under it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Listeners that answer.
pub(super) struct DataPlane {
    stop: CancellationToken,
    /// Each gives the number of connections that it had to cut.
    listeners: Vec<JoinHandle<usize>>,
}

impl DataPlane {
    /// Answers at `http`, and at `grpc` if there is one; not ready before there is a plan.
    ///
    /// # Errors
    /// When the runtime does not take a socket.
    pub(super) fn spawn(
        serving: &Arc<Serving>,
        http: Socket,
        grpc: Option<Socket>,
        store: &Arc<dyn Store>,
    ) -> Result<Self> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let listen = |socket, app, protocol| {
            let options = Options { protocol, ..Options::default() };
            tasks.spawn(listener::serve(socket, app, options, stop.clone()))
        };
        let doorkeeper = callers::at(http.local_addr()?, store);
        let app = accept::router(Arc::clone(serving), doorkeeper);
        let mut listeners = vec![listen(sockets::listener(http)?, app, Protocol::Http1)];
        if let Some(grpc) = grpc {
            let doorkeeper = callers::at(grpc.local_addr()?, store);
            let app = accept::grpc::router(Arc::clone(serving), doorkeeper);
            listeners.push(listen(sockets::listener(grpc)?, app, Protocol::Http2));
        }
        Ok(Self { stop, listeners })
    }

    /// Answers everybody who is there, and lets nobody new in.
    pub(super) async fn drain(self, serving: &Serving) {
        serving.start_draining();
        tracing::info!("draining");
        tokio::time::sleep(FAREWELL).await;
        self.stop.cancel();
        let mut cut = 0;
        for listener in self.listeners {
            match listener.await {
                Ok(connections) => cut += connections,
                Err(error) => tracing::error!(%error, "the data plane panicked"),
            }
        }
        match cut {
            0 => tracing::info!("drained"),
            _ => tracing::warn!(connections = cut, "some connections had to be cut"),
        }
    }
}
