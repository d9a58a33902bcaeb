//! `shipworthy release verify RELEASE --rebuild`: the release is made again and compared.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use shipworthy_contract::Contract;
use shipworthy_control::golden::{self, Golden};
use shipworthy_control::models::Models;
use shipworthy_control::rebuild::{Difference, differences};
use shipworthy_control::release::Shelf;
use shipworthy_control::statement::{self, latest};
use shipworthy_control::train::{self, Tools, Trained};
use shipworthy_control::{Checkout, Origin};
use shipworthy_core::attestation::predicate;
use shipworthy_core::{Manifest, ReleaseId};

use crate::command_runner::CommandRunner;
use crate::commands::train::Bars;
use crate::state::{self, PROJECT_FILE};
use crate::system::System;

/// How a release compares with itself, made again.
#[derive(Debug, Serialize)]
pub(super) struct Rebuilt {
    /// Whether every bit is the same.
    pub(super) same: bool,
    /// The name of what was made.
    pub(super) release: String,
    /// The largest difference of a prediction over the golden rows; absent where there are none,
    /// or one has no number.
    pub(super) largest_difference: Option<f64>,
    /// What is not as it was.
    pub(super) differences: Vec<Difference>,
}

/// Checks the commit out, trains, and compares with what is kept.
pub(super) fn rebuild(
    shelf: &Shelf,
    id: &ReleaseId,
    project: Option<&Path>,
    state: &Path,
) -> Result<Rebuilt> {
    let manifest = shelf.manifest(id)?;
    let commit = manifest.commit.as_ref().with_context(|| {
        format!("release {id} follows from no commit, so nobody can make it again")
    })?;
    let said = shelf.statements(id)?;
    let provenance = latest(&said, predicate::PROVENANCE);
    let directory = directory(project, state)?;
    let path = provenance.and_then(statement::path).map(str::to_owned);
    let path = path.unwrap_or_else(|| Origin::of(&directory).path);
    let place = tempfile::tempdir().context("cannot make a directory to build in")?;
    let checkout = Checkout::of(&directory, commit, &place.path().join("tree"))?;
    let clean = checkout.tree().join(path);
    bring_data(&manifest, &directory, &clean)?;
    let trained = train_at(&clean, shelf.models.as_ref())?;
    compare(shelf, (id, &manifest), &trained, provenance)
}

/// The project that the release was made of, or a clone of it.
fn directory(given: Option<&Path>, state: &Path) -> Result<PathBuf> {
    let beside = state.canonicalize().ok().and_then(|path| Some(path.parent()?.to_owned()));
    let candidates = match given {
        Some(given) => vec![state::project_directory(given)],
        None => beside.into_iter().chain([PathBuf::from(".")]).collect(),
    };
    let found = candidates.into_iter().find(|path| path.join(PROJECT_FILE).is_file());
    found.with_context(|| {
        format!("there is no {PROJECT_FILE} to make the release again from; --project names one")
    })
}

/// Data that the commit does not hold is taken from the project; its digest tells whether it is
/// still the same.
fn bring_data(manifest: &Manifest, directory: &Path, clean: &Path) -> Result<()> {
    for file in manifest.training_set.iter().flat_map(|set| &set.files) {
        let (from, to) = (directory.join(&file.path), clean.join(&file.path));
        if to.exists() || !from.is_file() {
            continue;
        }
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

fn train_at(directory: &Path, models: &dyn Models) -> Result<Trained> {
    let project = state::read_project(directory)?;
    let mut bars = Bars::new();
    let tools = Tools { models, runner: &CommandRunner };
    let trained = train::train(&project, directory, &tools, &mut bars);
    bars.finish();
    trained.context("the release cannot be made again")
}

fn compare(
    shelf: &Shelf,
    (id, kept): (&ReleaseId, &Manifest),
    trained: &Trained,
    provenance: Option<&serde_json::Value>,
) -> Result<Rebuilt> {
    let contract = serde_json::to_vec_pretty(&trained.contract)?;
    let made = trained.manifest(&kept.project, kept.commit.as_deref(), &contract);
    let (_, release) = made.seal()?;
    let machine = provenance.and_then(statement::machine);
    Ok(Rebuilt {
        same: release == *id,
        release: release.to_string(),
        largest_difference: largest_difference(shelf, (id, kept), trained)?,
        differences: differences(kept, &made, machine.as_ref(), &System::machine()),
    })
}

/// The kept golden rows, answered by the model that was made again.
fn largest_difference(
    shelf: &Shelf,
    (id, kept): (&ReleaseId, &Manifest),
    trained: &Trained,
) -> Result<Option<f64>> {
    let Some(files) = &kept.golden else { return Ok(None) };
    let read = |file: &shipworthy_core::FileDigest| {
        shelf.bundles.read_verified(id, &file.name, &file.sha256)
    };
    let golden = Golden { input: read(&files.input)?, output: read(&files.output)? };
    let contract: Contract = serde_json::from_slice(&shelf.bundles.read_verified(
        id,
        &kept.contract.name,
        &kept.contract.sha256,
    )?)?;
    let model = shelf.models.load(&trained.model)?;
    let release = train::loaded(&model, &contract, &kept.output)?;
    match golden.replay(&release) {
        Ok(()) => Ok(Some(0.0)),
        Err(golden::Error::Differs { largest, .. }) if largest.is_finite() => Ok(Some(largest)),
        Err(golden::Error::Differs { .. }) => Ok(None),
        Err(error) => bail!(error),
    }
}
