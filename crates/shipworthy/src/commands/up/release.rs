//! The release that is served: the endpoint's stable one, or a new one.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use shipworthy_control::Commit;
use shipworthy_control::golden;
use shipworthy_control::project::{Project, Trainer};
use shipworthy_control::statement::require;
use shipworthy_core::ReleaseId;
use shipworthy_serving::release::LoadedRelease;
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Attribution, ReleaseQuery, Retention};

use super::Args;
use crate::commands::release::commit_of;
use crate::commands::train::summary;
use crate::making::Making;
use crate::server::State;
use crate::system::System;
use crate::{given, output, state};

/// The release to serve: the stable one, else the newest; made now if there is none.
pub(super) fn find_or_make(
    args: &Args,
    project: &Project,
    kept: &State,
    system: &System,
) -> Result<Arc<LoadedRelease>> {
    let name = &project.identity.name;
    let stable = kept.shelf.store.endpoint(name)?.and_then(|endpoint| endpoint.stable);
    let id = match stable {
        _ if args.release.is_some() => given(args, project, kept, system)?,
        Some(id) if !args.new_release => id,
        None if !args.new_release => match newest(project, kept)? {
            Some(id) => serve_kept(project, id, kept, system)?,
            None => make(args, project, kept, system)?,
        },
        _ => make(args, project, kept, system)?,
    };
    let (release, rounding) = kept.shelf.load_to_serve(&id)?;
    warn_of_rounding(rounding);
    warn_of_changes(project, &release);
    Ok(Arc::new(release))
}

/// The release to serve where a file with one is given, which must be one of the project.
fn given(args: &Args, project: &Project, kept: &State, system: &System) -> Result<ReleaseId> {
    let file = args.release.as_deref().context("a release is given")?;
    let taken = given::take(file, kept, &args.signing, system)?;
    let name = &project.identity.name;
    if taken.project != *name {
        bail!(
            "{} has a release of `{}`, and the project is `{name}`",
            file.display(),
            taken.project
        );
    }
    given::stable(&taken, kept, system)
}

/// The newest release that `shipworthy release` made of the project, its files at hand.
fn newest(project: &Project, kept: &State) -> Result<Option<ReleaseId>> {
    let query =
        ReleaseQuery { project: Some(project.identity.name.clone()), ..ReleaseQuery::default() };
    let found = kept.shelf.store.search_releases(&query, None, MAX_PAGE_ROWS)?;
    let mut found = found.into_iter().filter(|release| release.retention != Retention::Pruned);
    Ok(found.next().map(|release| release.id))
}

fn serve_kept(
    project: &Project,
    id: ReleaseId,
    kept: &State,
    system: &System,
) -> Result<ReleaseId> {
    let by = kept.attribution("the newest release, served by `shipworthy up`", system)?;
    becomes_stable(project, &id, kept, &by)?;
    output::note(&format!(
        "release {id} is here already, the newest; --new-release makes another of the tree as it is"
    ));
    Ok(id)
}

/// Trains the project's model, and makes it the endpoint's stable release.
fn make(args: &Args, project: &Project, kept: &State, system: &System) -> Result<ReleaseId> {
    let directory = &state::project_directory(&args.project);
    output::note(&match &project.train.trainer {
        Trainer::Builtin | Trainer::Command(_) => format!("training {}", project.identity.name),
        Trainer::File { model } => format!("taking {}", model.display()),
    });
    let commit = commit_of(project, directory);
    if let Commit::None { reason } = &commit {
        output::note(&format!("the release will be marked unreproducible: {reason}"));
    }
    let reason = "made and served by `shipworthy up`";
    let making = Making::begin(kept, &args.signing, kept.attribution(reason, system)?, system)?;
    let (id, trained) = making.of_project((project, directory), &commit)?;
    trained.report.iter().for_each(|report| output::note(&summary(report)));
    let by = kept.attribution(reason, system)?;
    output::note(&format!("release {id}"));
    becomes_stable(project, &id, kept, &by)?;
    Ok(id)
}

/// Makes a release the endpoint's stable one, if all is said about it that the policy requires.
fn becomes_stable(project: &Project, id: &ReleaseId, kept: &State, by: &Attribution) -> Result<()> {
    let requires = &project.rollout.requires;
    if let Err(lacking) = require(requires, id, &kept.shelf.statements(id)?) {
        bail!(
            "{lacking}, so it answers nobody: {}; the release is kept, for the next `shipworthy up` \
             where no other is stable, else for `shipworthy deploy`",
            lacking.hint
        );
    }
    kept.shelf.set_stable(&project.identity.name, id, by)?;
    Ok(())
}

/// Says how the answers differ from those of the machine that made the release.
pub(crate) fn warn_of_rounding(rounding: Option<golden::Error>) {
    if let Some(rounding) = rounding {
        output::note(&format!(
            "warning: the model is run by another library or processor than when the release was \
             made, and rounds otherwise: {rounding}"
        ));
    }
}

/// A project that was changed after its release was made serves the old rules until a new one.
fn warn_of_changes(project: &Project, release: &LoadedRelease) {
    let mut served = release.contract().clone();
    for column in &mut served.columns {
        column.categories = None;
    }
    if served != project.contract() {
        output::note(
            "warning: the [[column]] rules of shipworthy.toml are not those of the release that \
             serves; `shipworthy up PROJECT --new-release` makes one that has them",
        );
    }
}
