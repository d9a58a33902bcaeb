//! What the checklist is judged by when no server runs.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use shipworthy_contract::Contract;
use shipworthy_control::models::Trees;
use shipworthy_control::plane;
use shipworthy_control::project::Rollout;
use shipworthy_control::release::Shelf;
use shipworthy_core::ReleaseId;
use shipworthy_core::checklist::{DeploymentFacts, Facts, LedgerFacts};
use shipworthy_ledger::{ReadError, Reader, RealDisk};
use shipworthy_rows::Timestamp;
use shipworthy_store::{Bundles, SqliteStore, StateDir, StateLock, Store};

use crate::state;

/// The facts of a project, and of its state directory if there is one.
pub(super) fn facts(project: &Path, lock: Option<&StateLock>, now: Timestamp) -> Result<Facts> {
    let mut facts = Facts::default();
    let mut contract = None;
    if let Some(directory) = lock.map(StateLock::dir) {
        facts.ledger = ledger(directory)?;
        facts.deployment = deployment(project, directory, now)?;
        if let Some((release, of_release)) = release(directory)? {
            facts.release = Some(release);
            contract = Some(of_release);
        }
    }
    let contract = match contract {
        Some(contract) => contract,
        // A state directory without a release may stand for itself, away from its project.
        None if lock.is_some() && !state::project_file(project).is_file() => Contract::default(),
        None => state::read_project(project)?.contract(),
    };
    facts.contract_columns = contract.columns.len();
    facts.contract_expectations = contract.expectations.len();
    Ok(facts)
}

/// The release that a server would serve, and its contract.
fn release(
    directory: &StateDir,
) -> Result<Option<(shipworthy_core::checklist::ReleaseFacts, Contract)>> {
    if !directory.state_db().is_file() {
        return Ok(None);
    }
    let store: Arc<dyn Store> = Arc::new(SqliteStore::reading(&directory.state_db())?);
    let mut endpoints = store.endpoints()?.into_iter();
    // Without one that serves, the one that would: `up` takes the newest.
    let id = match endpoints.find_map(|endpoint| endpoint.stable) {
        Some(stable) => Some(stable),
        None => store.latest_releases(None, 1)?.pop().map(|newest| newest.id),
    };
    let Some(id) = id else { return Ok(None) };
    let stored = store.release(&id)?.with_context(|| format!("release {id} is not stored"))?;
    let bundles = Arc::new(Bundles::reading(directory));
    let shelf = Shelf { store, bundles, models: Arc::new(Trees), trusted: None };
    let contract = contract(&shelf, &id)?;
    Ok(Some((plane::release_facts(&shelf, &stored)?, contract)))
}

/// What happened at the endpoint that a server would serve, held against the project's file, if
/// there is one.
fn deployment(
    project: &Path,
    directory: &StateDir,
    now: Timestamp,
) -> Result<Option<DeploymentFacts>> {
    if !directory.state_db().is_file() {
        return Ok(None);
    }
    let store = SqliteStore::reading(&directory.state_db())?;
    let Some(endpoint) = store.endpoints()?.into_iter().next() else { return Ok(None) };
    let declared = match state::project_file(project).is_file() {
        true => state::read_project(project)?.rollout,
        false => Rollout::default(),
    };
    Ok(Some(plane::deployment_facts(&store, endpoint.name.as_str(), &declared, now)?))
}

fn contract(shelf: &Shelf, id: &ReleaseId) -> Result<Contract> {
    let digest = shelf.manifest(id)?.contract;
    let contract = shelf.bundles.read_verified(id, &digest.name, &digest.sha256)?;
    serde_json::from_slice(&contract).with_context(|| format!("the contract of release {id}"))
}

fn ledger(directory: &StateDir) -> Result<Option<LedgerFacts>> {
    let path = directory.ledger();
    // Opening a disk makes its directory.
    if !path.is_dir() {
        return Ok(None);
    }
    match Reader::open(Arc::new(RealDisk::new(path)?), None) {
        Ok(reader) => Ok(Some(LedgerFacts { entries: reader.watermark().sequence, failure: None })),
        Err(ReadError::NoLedger) => Ok(None),
        Err(error) => {
            let error = anyhow::Error::new(error);
            Ok(Some(LedgerFacts { entries: 0, failure: Some(format!("{error:#}")) }))
        }
    }
}
