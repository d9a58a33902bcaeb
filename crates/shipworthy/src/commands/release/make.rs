//! `shipworthy release PROJECT`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use shipworthy_control::Commit;

use super::Args;
use crate::cli::Outcome;
use crate::commands::train::summary;
use crate::making::Making;
use crate::server::State;
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
    let commit = commit(&directory, args.allow_dirty)?;
    let kept = State::open(&state::of_project(&directory, args.state.as_deref()), system)?;
    let making = Making {
        project: &project,
        directory: &directory,
        kept: &kept,
        signing: &args.signing,
        system,
    };
    let (id, trained) = making.release(&commit, &args.reason)?;
    let (release, commit) = (id.to_string(), commit.id());
    if args.json {
        output::json(&Made { release, commit, reproducible: commit.is_some() })?;
    } else {
        output::note(&summary(&trained.report));
        output::line(&release)?;
    }
    Ok(Outcome::Done)
}

/// The commit that the release follows from, unless a release without one is wanted.
fn commit(directory: &Path, allow_dirty: bool) -> Result<Commit> {
    let commit = Commit::of(directory);
    match &commit {
        Commit::None { reason } if !allow_dirty => bail!(
            "{reason}; commit first, or use --allow-dirty for a release that is marked \
             unreproducible"
        ),
        Commit::None { reason } => {
            output::note(&format!("the release will be marked unreproducible: {reason}"));
        }
        Commit::Clean(_) => {}
    }
    Ok(commit)
}
