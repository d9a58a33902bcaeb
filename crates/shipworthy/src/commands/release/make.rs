//! `shipworthy release PROJECT`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use shipworthy_control::project::{Project, Trainer};
use shipworthy_control::{Commit, git};
use shipworthy_core::ReleaseId;
use shipworthy_store::Permission;

use super::Args;
use crate::cli::Outcome;
use crate::commands::train::summary;
use crate::making::Making;
use crate::model_loader::ModelLoader;
use crate::server::{State, copy_events, keep_out_of_git};
use crate::system::System;
use crate::{output, state};

#[derive(Serialize)]
struct Made<'a> {
    release: String,
    commit: Option<&'a str>,
    reproducible: bool,
}

pub(super) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let given = args.project.as_deref().context("a project is needed")?;
    let project = state::read_project(given)?;
    let directory = state::project_directory(given);
    let place = state::of_project(&directory, args.state.as_deref());
    keep_out_of_git(&place)?;
    let commit = commit(&project, &directory, args.allow_dirty)?;
    if args.tag && commit.id().is_none() {
        bail!("a release that follows from no commit cannot be tied to one by a tag");
    }
    if args.tag {
        git::check_tagger(&directory).context(
            "--tag writes a tag in somebody's name, and git knows none: `git config user.name NAME` \
             and `git config user.email MAIL` tell it",
        )?;
    }
    let kept = State::open(&place, ModelLoader::for_command(&args.onnx, system), system)?;
    let by = kept.authorise(&args.actor, Permission::Control, &args.reason, system)?;
    let making = Making::begin(&kept, &args.signing, by, system)?;
    let (id, trained) = making.of_project((&project, &directory), &commit)?;
    copy_events(&kept.lock, &kept.shelf.store, &project.ledger, system);
    let (release, commit) = (id.to_string(), commit.id());
    if let (true, Some(commit)) = (args.tag, commit) {
        tag(&directory, &project.identity.name, &id, commit)?;
    }
    if args.json {
        output::json(&Made { release, commit, reproducible: commit.is_some() })?;
    } else {
        if let Some(report) = &trained.report {
            output::note(&summary(report));
        }
        output::line(&release)?;
    }
    Ok(Outcome::Done)
}

/// From the commit to the release, as the manifest leads from the release to the commit.
fn tag(directory: &Path, project: &str, id: &ReleaseId, commit: &str) -> Result<()> {
    let name = format!("shipworthy/{project}/{}", &id.hex()[..12]);
    let message = format!("Release {id} of {project}");
    git::tag(directory, &name, commit, &message)
        .with_context(|| format!("the release is made and kept: {id}; its tag is not"))?;
    output::note(&format!("tag {name}; `git push origin {name}` publishes it"));
    Ok(())
}

/// The commit that a release of a project follows from: it must hold the bytes of a model file, and
/// of what a command names.
pub(crate) fn commit_of(project: &Project, directory: &Path) -> Commit {
    match &project.train.trainer {
        Trainer::Builtin => Commit::of(directory),
        Trainer::Command(command) => Commit::holding(directory, command.files(directory)),
        Trainer::File { model } => Commit::holding(directory, [model.as_path()]),
    }
}

/// That commit, unless a release without one is wanted.
fn commit(project: &Project, directory: &Path, allow_dirty: bool) -> Result<Commit> {
    let commit = commit_of(project, directory);
    match &commit {
        Commit::None { reason } if !allow_dirty => bail!(
            "{reason}; put that right first, or use --allow-dirty for a release that is marked \
             unreproducible"
        ),
        Commit::None { reason } => {
            output::note(&format!("the release will be marked unreproducible: {reason}"));
        }
        Commit::Clean(_) => {}
    }
    Ok(commit)
}
