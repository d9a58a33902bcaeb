//! A release of a project on the rows that its training never saw, beside the one that it is held
//! against: what `test` judges, and `ci comment` tells of.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use shipworthy_control::gate::{Ground, Report};
use shipworthy_control::project::{Project, Test};
use shipworthy_control::release::Shelf;
use shipworthy_control::train::{self, HeldOut, Tools, Trained};
use shipworthy_core::{Manifest, ReleaseId};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_store::ReleaseQuery;

use crate::command_runner::CommandRunner;
use crate::commands::release;
use crate::commands::train::Bars;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::state::StateArgs;
use crate::system::System;
use crate::{output, state};

/// Which release is tried, and against which.
#[derive(Args, Debug)]
pub(crate) struct TrialArgs {
    /// The project: a directory with a shipworthy.toml.
    #[arg(value_name = "PROJECT")]
    pub(crate) project: PathBuf,

    /// The state directory, if it is not .shipworthy in the project.
    #[arg(long, value_name = "DIR", env = "SHIPWORTHY_STATE")]
    state: Option<PathBuf>,

    /// The release to test; the newest of the project, but for the one that it is held against,
    /// unless given.
    #[arg(long, value_name = "RELEASE")]
    candidate: Option<String>,

    /// The release that it is held against; the endpoint's stable one unless given.
    #[arg(long, value_name = "RELEASE")]
    against: Option<String>,

    #[command(flatten)]
    onnx: OnnxRuntime,
}

impl TrialArgs {
    /// The state directory.
    pub(crate) fn place(&self) -> PathBuf {
        state::of_project(&state::project_directory(&self.project), self.state.as_deref())
    }
}

/// Everything that a release is judged by.
pub(crate) struct Trial {
    pub(crate) project: Project,
    pub(crate) shelf: Shelf,
    pub(crate) candidate: LoadedRelease,
    /// What it is held against, if there is one.
    pub(crate) stable: Option<LoadedRelease>,
    directory: PathBuf,
    manifest: Manifest,
    rows: HeldOut,
}

impl Trial {
    /// Loads the releases, and the rows.
    ///
    /// # Errors
    /// When there is no such release, or no row that its training never saw.
    pub(crate) fn open(args: &TrialArgs, project: Project, system: &System) -> Result<Self> {
        let directory = state::project_directory(&args.project);
        let models = ModelLoader::for_command(&args.onnx, system);
        let shelf = Shelf { models, ..release::shelf(&StateArgs { state: args.place() })? };
        let named = match &args.against {
            Some(text) => Some(shelf.resolve(text)?),
            None => None,
        };
        let candidate = shelf.load(&candidate(args, &project, &shelf, named.as_ref())?)?;
        let manifest = shelf.manifest(candidate.id())?;
        check_unseen(&project, &manifest)?;
        let stable = match named {
            Some(id) => Some(id),
            None => {
                let endpoint = shelf.store.endpoint(&project.identity.name)?;
                let stable = endpoint.and_then(|endpoint| endpoint.stable);
                stable.filter(|stable| stable != candidate.id())
            }
        };
        let stable = match stable {
            Some(id) => Some(shelf.load(&id)?),
            None => None,
        };
        let mut bars = Bars::new();
        let rows = train::held_out(&project, &directory, &mut bars)?;
        bars.finish();
        Ok(Self { project, shelf, candidate, stable, directory, manifest, rows })
    }

    /// Judges the release by the gates of the project.
    ///
    /// # Errors
    /// When a release does not answer.
    pub(crate) fn judge(&self, system: &System) -> Result<Report> {
        let again = || trained_again(&self.project, &self.directory, &self.shelf, &self.manifest);
        Ok(self.ground(&again, system).judge(&self.project.gates)?)
    }

    /// What gates look at; `again` trains once more.
    pub(crate) fn ground<'a>(
        &'a self,
        again: &'a dyn Fn() -> Result<bool, String>,
        system: &'a System,
    ) -> Ground<'a> {
        Ground {
            rows: &self.rows,
            threshold: self.project.decision.threshold,
            candidate: &self.candidate,
            stable: self.stable.as_ref(),
            again,
            clock: system.clock.as_ref(),
        }
    }
}

/// The release that was named, else the newest of the project: but not the one that it is held
/// against, which may have been taken in last, unless there is no other.
fn candidate(
    args: &TrialArgs,
    project: &Project,
    shelf: &Shelf,
    against: Option<&ReleaseId>,
) -> Result<ReleaseId> {
    if let Some(text) = &args.candidate {
        return Ok(shelf.resolve(text)?);
    }
    let name = project.identity.name.clone();
    let query = ReleaseQuery { project: Some(name), ..ReleaseQuery::default() };
    let newest = shelf.store.search_releases(&query, None, 2)?;
    let other = newest.iter().find(|release| Some(&release.id) != against);
    let found = other.or(newest.first()).map(|release| release.id.clone());
    found.context("the project has no release yet: `shipworthy release` makes one")
}

/// A release that has learned from the rows that it is judged on would pass everything.
fn check_unseen(project: &Project, manifest: &Manifest) -> Result<()> {
    let id = &manifest.model.sha256[..12];
    match (&project.train.test, &manifest.training_set) {
        (None, _) => bail!(
            "gates are judged on rows that the training never saw, and there are none: keep some \
             with `test` in [train]"
        ),
        (Some(_), None) => {
            output::note("nobody knows what the model has learned from: it may know the test rows");
        }
        (Some(Test::Share(_)), Some(_)) if manifest.trainer.seed != Some(project.train.seed) => {
            bail!(
                "the model {id} was trained with another seed than that of [train], which draws the \
                 test rows: it has learned from some of them; test it with the project file of its \
                 commit"
            )
        }
        (Some(Test::Window(window)), Some(learned)) => {
            let times = [learned.first, learned.last];
            if times.into_iter().flatten().any(|at| window.contains(at)) {
                bail!("the model {id} has learned from rows of the window of `test` in [train]")
            }
        }
        (Some(Test::Share(_)), Some(_)) => {}
    }
    Ok(())
}

/// Whether training again gives the bytes of the release; of one that is not of this tree, whether
/// training twice gives the same.
fn trained_again(
    project: &Project,
    directory: &Path,
    shelf: &Shelf,
    manifest: &Manifest,
) -> Result<bool, String> {
    let tools = Tools { models: shelf.models.as_ref(), runner: &CommandRunner };
    let once = || -> Result<Trained, String> {
        let mut bars = Bars::new();
        let trained = train::train(project, directory, &tools, &mut bars);
        bars.finish();
        trained.map_err(|error| {
            format!("it cannot be trained again: {:#}", anyhow::Error::from(error))
        })
    };
    let first = once()?;
    if shipworthy_core::FileDigest::of(&first.model_file, &first.model) == manifest.model {
        return Ok(true);
    }
    Ok(first.model == once()?.model)
}
