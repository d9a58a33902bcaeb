//! How a model becomes a release: made, signed and kept.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use shipworthy_control::project::Project;
use shipworthy_control::release::{Keeping, Made};
use shipworthy_control::statement::Circumstances;
use shipworthy_control::train::{Tools, Trained};
use shipworthy_control::{Commit, Origin, train};
use shipworthy_core::ReleaseId;
use shipworthy_core::signing::SigningKey;
use shipworthy_rows::Timestamp;
use shipworthy_store::Attribution;

use crate::command_runner::CommandRunner;
use crate::commands::release::commit_of;
use crate::commands::train::Bars;
use crate::server::State;
use crate::signing::SigningArgs;
use crate::system::System;

/// Where releases go, and who signs them.
pub(crate) struct Making<'a> {
    kept: &'a State,
    signer: SigningKey,
    by: Attribution,
    started_at: Timestamp,
    system: &'a System,
}

impl<'a> Making<'a> {
    /// Begins to make a release, for who makes it and why: what cannot be signed need not be made.
    ///
    /// # Errors
    /// When what was given as the key is none, or its word would not count.
    pub(crate) fn begin(
        kept: &'a State,
        signing: &SigningArgs,
        by: Attribution,
        system: &'a System,
    ) -> Result<Self> {
        let signer = signing.signer(kept, Some(&by), system)?;
        kept.shelf.check_signer(&signer)?;
        Ok(Self { kept, signer, by, started_at: system.clock.now(), system })
    }

    /// Makes the model of a project that lies in `directory`, and keeps it as a release that
    /// follows from `commit`.
    ///
    /// # Errors
    /// When there is no model, the tree changes meanwhile, or the release cannot be kept.
    pub(crate) fn of_project(
        &self,
        (project, directory): (&Project, &Path),
        commit: &Commit,
    ) -> Result<(ReleaseId, Trained)> {
        let mut bars = Bars::new();
        let tools = Tools { models: self.kept.shelf.models.as_ref(), runner: &CommandRunner };
        let trained = train::train(project, directory, &tools, &mut bars);
        let trained = trained.context("there is no model")?;
        bars.finish();
        if commit.id().is_some() && commit_of(project, directory) != *commit {
            bail!("the tree was changed while the release was made; commit, and make it again");
        }
        let circumstances = self.circumstances(Origin::of(directory), Value::Null);
        let name = &project.identity.name;
        let made = Made { project: name, trained: &trained, commit, circumstances: &circumstances };
        Ok((self.keep(&made)?, trained))
    }

    /// What varies by machine and by time.
    pub(crate) fn circumstances(&self, origin: Origin, model_origin: Value) -> Circumstances {
        Circumstances {
            started_at: self.started_at,
            finished_at: self.system.clock.now(),
            origin,
            model_origin,
            machine: System::machine(),
            pipeline: System::pipeline(),
        }
    }

    /// Signs and keeps what was made.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(crate) fn keep(&self, made: &Made<'_>) -> Result<ReleaseId> {
        let by = Attribution::new(self.by.actor(), self.by.reason(), self.system.clock.now())?;
        let entropy = self.system.entropy.as_ref();
        let keeping = Keeping { signer: &self.signer, entropy, by: &by };
        Ok(self.kept.shelf.keep(made, &keeping)?)
    }
}
