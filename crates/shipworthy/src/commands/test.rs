//! `shipworthy test`: the gates that a release must pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::json;
use shipworthy_control::gate::{Ground, Report, report};
use shipworthy_control::models::Trees;
use shipworthy_control::project::{LedgerSizes, Project, Test};
use shipworthy_control::release::Shelf;
use shipworthy_control::statement::stated;
use shipworthy_control::train::{self, HeldOut, Tools, Trained};
use shipworthy_core::{Manifest, ReleaseId};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_store::{Permission, ReleaseQuery};

use crate::cli::Outcome;
use crate::client::{Found, RemoteArgs, find, segment};
use crate::command_runner::CommandRunner;
use crate::commands::release;
use crate::commands::train::Bars;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::server::{State, copy_events};
use crate::signing::SigningArgs;
use crate::state::StateArgs;
use crate::system::System;
use crate::{output, state};

/// Test a release by the gates of its project, on rows that its training never saw.
///
/// A gate about a number passes by its confidence bound: what could be worse than the limit is no
/// pass, and too few rows are none. Exit code 1 when a gate fails.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  shipworthy test examples/flights\n  shipworthy test . \
    --candidate 08d796d1faec --against @stable --junit gates.xml")]
pub(crate) struct Args {
    /// The project: a directory with a shipworthy.toml.
    #[arg(value_name = "PROJECT")]
    project: PathBuf,

    /// The state directory, if it is not .shipworthy in the project.
    #[arg(long, value_name = "DIR", env = "SHIPWORTHY_STATE")]
    state: Option<PathBuf>,

    /// The release to test; the newest of the project unless given.
    #[arg(long, value_name = "RELEASE")]
    candidate: Option<String>,

    /// The release that it is held against; the endpoint's stable one unless given.
    #[arg(long, value_name = "RELEASE")]
    against: Option<String>,

    /// Sign nothing: otherwise the report becomes a signed statement about the release.
    #[arg(long)]
    no_attest: bool,

    /// Why; it stands in the record of the statement.
    #[arg(long, value_name = "WHY", default_value = "tested by `shipworthy test`")]
    reason: String,

    #[command(flatten)]
    remote: RemoteArgs,

    #[command(flatten)]
    signing: SigningArgs,

    /// Write JUnit's XML, for build servers.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write Markdown, for the summary of a job or a comment.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write one page of HTML, for people.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    #[command(flatten)]
    onnx: OnnxRuntime,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let project = state::read_project(&args.project)?;
    if project.gates.is_empty() {
        bail!(
            "{} declares no gates: add a [[gate]] (docs/reference/project-file.md), for example\n\n  \
             [[gate]]\n  metric = \"roc_auc\"\n  min = 0.65",
            state::project_file(&args.project).display()
        );
    }
    let directory = state::project_directory(&args.project);
    let place = state::of_project(&directory, args.state.as_deref());
    let models = ModelLoader::for_command(&args.onnx, system);
    let shelf = Shelf { models, ..release::shelf(&StateArgs { state: place.clone() })? };
    let candidate = candidate(args, &project, &shelf)?;
    let manifest = shelf.manifest(candidate.id())?;
    check_unseen(&project, &manifest)?;
    let stable = against(args, &project, &shelf, candidate.id())?;
    let mut bars = Bars::new();
    let rows = train::held_out(&project, &directory, &mut bars)?;
    bars.finish();
    let again = || trained_again(&project, &directory, &shelf, &manifest);
    let report = judge(&project, &rows, (&candidate, stable.as_ref()), &again, system)?;
    tell(args, &report)?;
    if !args.no_attest {
        match attest(args, &place, (candidate.id(), &report), system) {
            Ok(()) => output::note("the report is signed, as a statement about the release"),
            Err(error) => output::note(&format!("the report is not signed: {error:#}")),
        }
    }
    Ok(if report.passed { Outcome::Done } else { Outcome::Failed })
}

fn judge(
    project: &Project,
    rows: &HeldOut,
    (candidate, stable): (&LoadedRelease, Option<&LoadedRelease>),
    again: &dyn Fn() -> Result<bool, String>,
    system: &System,
) -> Result<Report> {
    let clock = system.clock.as_ref();
    let threshold = project.decision.threshold;
    let ground = Ground { rows, threshold, candidate, stable, again, clock };
    Ok(ground.judge(&project.gates)?)
}

/// Says the report about the release, signed; by the server that holds the state, if one runs.
fn attest(
    args: &Args,
    place: &Path,
    (id, told): (&ReleaseId, &Report),
    system: &System,
) -> Result<()> {
    const KIND: &str = "gate-report";
    let predicate = report::predicate(told);
    if let Found::Server(client) = find(place, &args.remote)? {
        let body = json!({"type": KIND, "predicate": predicate, "reason": args.reason});
        let path = format!("/v1/releases/{}:attest", segment(id.as_str()));
        client.post::<_, serde_json::Value>(&path, &body)?;
        return Ok(());
    }
    let said = stated(KIND, predicate)?;
    let kept = State::open(place, Arc::new(Trees), system)?;
    let by = kept.authorise(&args.remote.actor, Permission::Control, &args.reason, system)?;
    let signer = args.signing.signer(&kept, Some(&by), system)?;
    kept.shelf.attest(id, &said, &signer, &by)?;
    copy_events(&kept.lock, &kept.shelf.store, &LedgerSizes::default(), system);
    Ok(())
}

fn candidate(args: &Args, project: &Project, shelf: &Shelf) -> Result<LoadedRelease> {
    let id = match &args.candidate {
        Some(text) => shelf.resolve(text)?,
        None => {
            let name = project.identity.name.clone();
            let query = ReleaseQuery { project: Some(name), ..ReleaseQuery::default() };
            let newest = shelf.store.search_releases(&query, None, 1)?.into_iter().next();
            newest.context("the project has no release yet: `shipworthy release` makes one")?.id
        }
    };
    Ok(shelf.load(&id)?)
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

/// The release that the candidate is held against, if there is another one.
fn against(
    args: &Args,
    project: &Project,
    shelf: &Shelf,
    candidate: &ReleaseId,
) -> Result<Option<LoadedRelease>> {
    let id = match &args.against {
        Some(text) => Some(shelf.resolve(text)?),
        None => {
            let endpoint = shelf.store.endpoint(&project.identity.name)?;
            endpoint.and_then(|endpoint| endpoint.stable).filter(|stable| stable != candidate)
        }
    };
    match id {
        Some(id) => Ok(Some(shelf.load(&id)?)),
        None => Ok(None),
    }
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

fn tell(args: &Args, told: &Report) -> Result<()> {
    let files = [
        (&args.junit, report::junit as fn(&Report) -> String),
        (&args.markdown, report::markdown),
        (&args.html, report::html),
    ];
    for (file, write) in files {
        let Some(file) = file else { continue };
        fs::write(file, write(told)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.json {
        return output::json(told);
    }
    for gate in &told.gates {
        let mark = match gate.passed {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "·",
        };
        output::line(&format!("{mark} {:<15} {}\n    {}", gate.verdict(), gate.name, gate.why))?;
    }
    output::line(&told.summary())
}
