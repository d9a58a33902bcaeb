//! What never reached a decision: counted, and summarised in the ledger.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shipworthy_core::DecisionId;
use shipworthy_ledger::{Kind, Record};
use shipworthy_rows::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{Counts, Serving};

/// How often counts go to the ledger: what a crash may lose of them.
const INTERVAL: Duration = Duration::from_secs(60);

/// Writes a summary each minute in which there is something to tell, and a last one at shutdown.
pub async fn summarise(serving: Arc<Serving>, shutdown: CancellationToken) {
    let mut told = Counts::default();
    let mut since = serving.ports.clock.now();
    loop {
        let last = tokio::select! {
            () = shutdown.cancelled() => true,
            () = tokio::time::sleep(INTERVAL) => false,
        };
        let counts = serving.counters.snapshot();
        let now = serving.ports.clock.now();
        let undecided = counts.undecided_since(&told);
        if !undecided.is_empty() {
            let record = summary(&serving, &undecided, since, now);
            match serving.ports.ledger.append(vec![record]).await {
                Ok(_) => (told, since) = (counts, now),
                Err(error) => tracing::warn!(%error, "a summary could not be recorded"),
            }
        }
        if last {
            return;
        }
    }
}

fn summary(
    serving: &Serving,
    undecided: &[(&'static str, u64)],
    from: Timestamp,
    until: Timestamp,
) -> Record {
    let counts: serde_json::Map<_, _> =
        undecided.iter().map(|(name, count)| ((*name).to_owned(), (*count).into())).collect();
    let payload = json!({"from": from, "until": until, "undecided": counts}).to_string();
    let (mut random, mut salt) = ([0; 10], [0; 16]);
    serving.ports.entropy.fill(&mut random);
    serving.ports.entropy.fill(&mut salt);
    let id = DecisionId::new(until, &random).into_bytes();
    Record { kind: Kind::SUMMARY, id, salt, payload: payload.into_bytes() }
}
