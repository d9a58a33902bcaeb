//! What the checklist is judged by, gathered from what runs.

mod deployment;

use std::sync::Arc;

use serde::Deserialize;
use shipworthy_core::Clock;
use shipworthy_core::attestation::predicate;
use shipworthy_core::checklist::{
    Facts, GateFacts, ImageFacts, LedgerFacts, Provenance, ReleaseFacts,
};
use shipworthy_ledger::{Health, Ledger};
use shipworthy_serving::Serving;
use shipworthy_store::{Release, Reproducibility, store};

use super::error::chain;
use crate::release::{self, Shelf};
use crate::statement::{self, Image, Said};
use crate::traffic::Declared;
pub use deployment::deployment_facts;

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
    /// The releases.
    pub shelf: Shelf,
    /// The data plane.
    pub serving: Arc<Serving>,
    /// The ledger.
    pub ledger: Ledger,
    /// What is declared about rollouts.
    pub declared: Arc<dyn Declared>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl GatherFacts for ServingFacts {
    fn gather(&self) -> Result<Facts, store::Error> {
        let plan = self.serving.plan();
        let endpoint = plan.endpoints.values().next();
        let deployment = endpoint.map(|endpoint| {
            let (declared, now) = (self.declared.rollout(&endpoint.name), self.clock.now());
            deployment_facts(&*self.shelf.store, &endpoint.name, &declared, now)
        });
        let release = endpoint.map(|endpoint| &endpoint.stable.release);
        let facts = release.map(|release| -> Result<_, store::Error> {
            match self.shelf.store.release(release.id())? {
                Some(stored) => release_facts(&self.shelf, &stored),
                None => Ok(ReleaseFacts {
                    id: release.id().to_string(),
                    commit: release.commit().map(str::to_owned),
                    unreproducible: None,
                    provenance: Provenance::Missing,
                    gates: None,
                    image: None,
                }),
            }
        });
        Ok(Facts {
            release: facts.transpose()?,
            contract_columns: release.map_or(0, |release| release.contract().columns.len()),
            contract_expectations: release
                .map_or(0, |release| release.contract().expectations.len()),
            ledger: Some(LedgerFacts {
                entries: self.ledger.watermark().sequence,
                failure: ledger_failure(&self.ledger),
            }),
            deployment: deployment.transpose()?,
        })
    }
}

/// What the checklist asks of a stored release.
///
/// # Errors
/// When control state cannot be reached.
pub fn release_facts(shelf: &Shelf, release: &Release) -> Result<ReleaseFacts, store::Error> {
    let unreproducible = match &release.reproducibility {
        Reproducibility::Reproducible => None,
        Reproducibility::Unreproducible { reason } => Some(reason.clone()),
    };
    let (said, broken) = match said(shelf, release)? {
        Ok(said) => (said, None),
        Err(why) => (Vec::new(), Some(Provenance::Broken { why })),
    };
    let newest = |kind: &str| said.iter().rev().find(|said| said.stored.predicate_type == kind);
    let signed = newest(predicate::PROVENANCE).map_or(Provenance::Missing, provenance);
    Ok(ReleaseFacts {
        id: release.id.to_string(),
        commit: commit_of(release),
        unreproducible,
        provenance: broken.unwrap_or(signed),
        gates: newest(predicate::GATE_REPORT).map(gates),
        image: newest(predicate::IMAGE).and_then(image),
    })
}

/// What is said about a release, as far as it counts; or why it cannot be believed.
fn said(shelf: &Shelf, release: &Release) -> Result<Result<Vec<Said>, String>, store::Error> {
    match shelf.manifest(&release.id).and_then(|_| shelf.statements(&release.id)) {
        Ok(said) => Ok(Ok(said)),
        Err(release::Error::Store(error)) => Err(error),
        Err(error) => Ok(Err(chain(&error))),
    }
}

fn provenance(said: &Said) -> Provenance {
    let told = &said.attested.statement.predicate;
    Provenance::Signed {
        key: said.attested.key_id.clone(),
        repository: statement::repository(told),
        run: statement::run(told),
    }
}

fn image(said: &Said) -> Option<ImageFacts> {
    let Image { digest, platform, revision, .. } = Image::read(&said.attested.statement.predicate)?;
    Some(ImageFacts { digest, platform, revision, key: said.attested.key_id.clone() })
}

fn gates(said: &Said) -> GateFacts {
    let told = &said.attested.statement.predicate;
    let names = |list: &str| -> Vec<String> {
        let names = told[list].as_array().into_iter().flatten();
        names.map(|name| name.as_str().unwrap_or("a gate").to_owned()).collect()
    };
    let mut failed = names("failedTests");
    if failed.is_empty() && told["result"] == "FAILED" {
        failed.push("which one is not told".to_owned());
    }
    GateFacts { passed: names("passedTests").len(), failed, key: said.attested.key_id.clone() }
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
