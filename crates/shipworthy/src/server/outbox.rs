//! The outbox of a process that holds the state directory: of a server all the time, of a command
//! at its end.

use std::error::Error as _;
use std::sync::Arc;

use anyhow::Result;
use shipworthy_control::outbox::{self, Handle, Options, Ports, Service};
use shipworthy_control::project::LedgerSizes;
use shipworthy_store::{StateLock, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ledger::{self, Running};
use crate::output;
use crate::system::System;

/// The running component; `None` beside a ledger that does not outlive the process, whose copies
/// would be none.
pub(super) struct Outbox(Option<Component>);

struct Component {
    handle: Handle,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

impl Outbox {
    pub(super) fn start(ledger: &Running, store: &Arc<dyn Store>, system: &System) -> Self {
        if !ledger.is_kept {
            return Self(None);
        }
        let (service, handle) = Service::new(ports(ledger, store, system), Options::default());
        let stop = CancellationToken::new();
        let shutdown = stop.clone();
        let ended = TaskTracker::new().spawn(async move {
            if let Err(error) = service.run(shutdown).await {
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                tracing::error!(%error, %cause, "control actions wait for the next start");
            }
        });
        Self(Some(Component { handle, stop, ended }))
    }

    /// Waits until every action so far is in the ledger, unless that cannot be.
    pub(super) async fn flush(&self) {
        if let Self(Some(component)) = self {
            // The component says what is wrong, and serving goes on.
            component.handle.flush().await;
        }
    }

    /// Copies what is left, and ends.
    pub(super) async fn end(self) {
        let Self(Some(component)) = self else { return };
        component.stop.cancel();
        if component.ended.await.is_err() {
            tracing::error!("the outbox panicked");
        }
    }
}

/// Copies the events of a command that acted without a server. The action is done and recorded: if
/// the ledger cannot have its copy now, the next start makes it.
pub(crate) fn copy_events(
    lock: &StateLock,
    store: &Arc<dyn Store>,
    sizes: &LedgerSizes,
    system: &System,
) {
    let copied = ledger::open_briefly(sizes, lock, system).and_then(|ledger| -> Result<()> {
        let copied = outbox::copy(ports(&ledger, store, system));
        ledger.close();
        Ok(copied?)
    });
    if let Err(error) = copied {
        output::note(&format!(
            "warning: this is done, and its copy in the ledger waits for the next start of a \
             server: {error:#}"
        ));
    }
}

fn ports(ledger: &Running, store: &Arc<dyn Store>, system: &System) -> Ports {
    Ports {
        store: Arc::clone(store),
        ledger: ledger.ledger.clone(),
        disk: Arc::clone(&ledger.disk),
        entropy: Arc::clone(&system.entropy),
    }
}
