//! The shadow: a candidate answers once more what stable answered, and nobody is shown what it says.
//!
//! ```text
//! live:   … ─ decode ─ … ─ record ─ respond
//!               │ room?      │ into the queue
//! shadow:       └────────────┴─ validate ─ predict ─ compare ─ record
//!                               one thread of the lowest priority
//! ```
//!
//! **Invariant:** a live request waits for nothing here, and copies nothing before it has a place in a
//! bounded queue. Where there is none, its rows are shed and counted.
//!
//! **Invariant:** the less time live requests leave, the fewer of them ask for a place (`share.rs`), so
//! that a shadow gives way where they need the time.
//!
//! **Invariant:** what takes processor time runs on one thread that the system runs when others leave
//! it time. Such a thread may stand still at any moment, so it holds no lock that a live request
//! waits for: what it has made goes to an ordinary task, which appends it to the ledger.

mod answering;
mod asked;
mod paired;
mod priority;
mod queue;
mod share;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Serving;
use crate::chain::Chain;
pub(crate) use asked::Place;
pub use paired::{Difference, Flip, Paired, PairedCounts, Pairs, SliceCounts};
pub(crate) use queue::Queue;
use worker::{Group, Worker};

/// How long what waits is still answered at shutdown; the rest is shed.
const DRAIN: Duration = Duration::from_secs(2);

/// Answers as a shadow what live requests leave, where an endpoint has one; drains at shutdown, which
/// comes after the last live request.
pub async fn mirror(serving: Arc<Serving>, shutdown: CancellationToken) {
    let (sender, groups) = mpsc::channel(1);
    let jobs = serving.shadows.open();
    let over = CancellationToken::new();
    let worker = Worker::new(Arc::clone(&serving), jobs, sender, over.clone(), Handle::current());
    let thread = std::thread::Builder::new().name("shadow".to_owned());
    let thread = match thread.spawn(move || worker.run()) {
        Ok(thread) => thread,
        Err(error) => {
            serving.shadows.close();
            return tracing::error!(%error, "no thread for shadows: their rows are shed");
        }
    };
    let recorded = record(&serving, groups);
    tokio::pin!(recorded);
    let is_running = tokio::select! {
        () = &mut recorded => false,
        () = serving.shadows.share.follow(&*serving.ports.clock) => true,
        () = shutdown.cancelled() => true,
    };
    serving.shadows.close();
    if is_running && tokio::time::timeout(DRAIN, &mut recorded).await.is_err() {
        over.cancel();
        recorded.await;
    }
    if thread.join().is_err() {
        tracing::error!("the thread of shadows panicked: their rows are shed");
    }
}

/// Appends what the thread has made, one group at a time, so that shadows take little of the ledger's
/// queue.
async fn record(serving: &Serving, mut groups: mpsc::Receiver<Group>) {
    while let Some(Group { sealed }) = groups.recv().await {
        if let Err(error) = serving.ports.ledger.append_sealed(sealed).await {
            tracing::error!(error = %Chain(&error), "answers of a shadow could not be recorded");
        }
    }
}

#[cfg(test)]
mod tests;
