//! How a project becomes a release: trained, signed and kept.

use std::path::Path;

use anyhow::{Context, Result, bail};
use shipworthy_control::project::Project;
use shipworthy_control::release::{Keeping, Made};
use shipworthy_control::statement::Circumstances;
use shipworthy_control::train::Trained;
use shipworthy_control::{Commit, Origin, train};
use shipworthy_core::ReleaseId;

use crate::commands::release::commit_of;
use crate::commands::train::Bars;
use crate::server::State;
use crate::signing::SigningArgs;
use crate::system::System;

/// A project, and where its releases go.
pub(crate) struct Making<'a> {
    pub(crate) project: &'a Project,
    /// Where the project lies.
    pub(crate) directory: &'a Path,
    pub(crate) kept: &'a State,
    pub(crate) signing: &'a SigningArgs,
    pub(crate) system: &'a System,
}

impl Making<'_> {
    /// Trains the model, and keeps it as a release that follows from `commit`.
    ///
    /// # Errors
    /// When the training fails, the tree changes meanwhile, or the release cannot be kept.
    pub(crate) fn release(&self, commit: &Commit, reason: &str) -> Result<(ReleaseId, Trained)> {
        let Self { project, directory, kept, signing, system } = self;
        // What cannot be signed need not be trained.
        let signer = signing.signer(kept, system)?;
        let started_at = system.clock.now();
        let mut bars = Bars::new();
        let models = kept.shelf.models.as_ref();
        let trained = train::train(project, directory, models, &mut bars);
        let trained = trained.context("there is no model")?;
        bars.finish();
        if commit.id().is_some() && commit_of(project, directory) != *commit {
            bail!("the tree was changed while the release was made; commit, and make it again");
        }
        let circumstances = Circumstances {
            started_at,
            finished_at: system.clock.now(),
            origin: Origin::of(directory),
            machine: System::machine(),
        };
        let name = &project.identity.name;
        let made = Made { project: name, trained: &trained, commit, circumstances: &circumstances };
        let by = kept.attribution(reason, system)?;
        let keeping = Keeping { signer: &signer, entropy: &*system.entropy, by: &by };
        let id = kept.shelf.keep(&made, &keeping)?;
        Ok((id, trained))
    }
}
