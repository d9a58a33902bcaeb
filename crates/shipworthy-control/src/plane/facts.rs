//! What the checklist is judged by, gathered from what runs.

use std::sync::Arc;

use serde::Deserialize;
use shipworthy_core::checklist::{Facts, LedgerFacts, ReleaseFacts};
use shipworthy_ledger::{Health, Ledger};
use shipworthy_serving::Serving;
use shipworthy_store::{Release, Reproducibility, Store, store};

use super::error::chain;

/// Gathers what the checklist is judged by. Called on a thread that may block.
pub trait GatherFacts: Send + Sync {
    /// The facts of this moment.
    ///
    /// # Errors
    /// When control state cannot be reached.
    fn gather(&self) -> Result<Facts, store::Error>;
}

/// The facts of a running server: the release that answers, its contract, and the ledger.
pub struct ServingFacts {
    /// Control state.
    pub store: Arc<dyn Store>,
    /// The data plane.
    pub serving: Arc<Serving>,
    /// The ledger.
    pub ledger: Ledger,
}

impl GatherFacts for ServingFacts {
    fn gather(&self) -> Result<Facts, store::Error> {
        let plan = self.serving.plan();
        let release = plan.endpoints.values().next().map(|endpoint| &endpoint.stable);
        let facts = release.map(|release| -> Result<_, store::Error> {
            let stored = self.store.release(release.id())?;
            let served = || ReleaseFacts {
                id: release.id().to_string(),
                commit: release.commit().map(str::to_owned),
                unreproducible: None,
            };
            Ok(stored.as_ref().map_or_else(served, release_facts))
        });
        Ok(Facts {
            release: facts.transpose()?,
            contract_columns: release.map_or(0, |release| release.contract().columns.len()),
            ledger: Some(LedgerFacts {
                entries: self.ledger.watermark().sequence,
                failure: ledger_failure(&self.ledger),
            }),
        })
    }
}

/// What the checklist asks of a stored release.
#[must_use]
pub fn release_facts(release: &Release) -> ReleaseFacts {
    let unreproducible = match &release.reproducibility {
        Reproducibility::Reproducible => None,
        Reproducibility::Unreproducible { reason } => Some(reason.clone()),
    };
    ReleaseFacts { id: release.id.to_string(), commit: commit_of(release), unreproducible }
}

/// The commit in a stored manifest, whichever build wrote it.
pub(super) fn commit_of(release: &Release) -> Option<String> {
    #[derive(Deserialize)]
    struct Tied {
        commit: Option<String>,
    }
    serde_json::from_str::<Tied>(&release.manifest).ok()?.commit
}

/// Why the ledger takes no more records, if it does not.
pub(super) fn ledger_failure(ledger: &Ledger) -> Option<String> {
    match &*ledger.health().borrow() {
        Health::Healthy => None,
        Health::Failed(failure) => Some(chain(&**failure)),
        Health::Closed => Some("the ledger is closed: the server is shutting down".to_owned()),
    }
}
