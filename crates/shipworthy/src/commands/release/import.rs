//! `shipworthy release import PATH` or `URL`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use serde::Serialize;
use shipworthy_control::import::{self, Imported, Origin, Request, Source};
use shipworthy_control::project::LedgerSizes;
use shipworthy_control::release::Made;
use shipworthy_control::{Commit, git};
use shipworthy_core::{Output, Task};
use shipworthy_serving::remote::{Address, Description};
use shipworthy_store::Permission;

use super::archive;
use crate::cli::Outcome;
use crate::client::RemoteArgs;
use crate::commands::serve::in_capitals;
use crate::making::Making;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::output;
use crate::server::{State, copy_events};
use crate::signing::SigningArgs;
use crate::state::StateArgs;
use crate::system::System;

/// Make a release of a model that is there already (an MLflow model, a model file, or a model on
/// another server), or take in a release that `release export` wrote.
///
/// Of an MLflow model (a directory with a file MLmodel) the flavours xgboost, lightgbm, catboost
/// and onnx are read, and its signature becomes the contract; of a bare file its own metadata do.
/// What cannot be taken is refused or listed. The release names the git commit that has the files,
/// when they lie in a clean tree of which a clone will have it; else it is marked unreproducible.
/// A model on another server (Open Inference Protocol V2 over REST) stays there: the release says
/// where it is, what it takes and what it answers to the golden rows. A release that comes as an
/// archive keeps its id and what keys say of it that are trusted here; its reference rows stay where
/// it was made.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:\n  shipworthy release import mlruns/1/models/m-8a6f/artifacts \
    --name late\n  shipworthy release import late.onnx --task binary --target late\n  shipworthy \
    release import http://green:8080/v2/models/late\n  shipworthy release import late.tar\n  shipworthy \
    serve --release 08d796d1faec")]
pub(super) struct Args {
    /// The directory of an MLflow model, or a model file (XGBoost JSON or UBJSON, LightGBM text,
    /// CatBoost JSON, ONNX), or the address of a model on another server
    /// (http://HOST:PORT/v2/models/NAME), or an archive of a release.
    #[arg(value_name = "PATH or URL")]
    pub(super) source: PathBuf,

    /// The name of the endpoint that will serve it; made from the path or URL, unless given.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// What it predicts; found in the objective of its training, where that tells.
    #[arg(long, value_name = "TASK", value_parser = task)]
    task: Option<Task>,

    /// The name of what it predicts; that of the endpoint, unless given.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,

    /// The names of its classes in the order of its answers, with commas between them; of two the
    /// negative one first. Unless given: `not_TARGET,TARGET`, or 0, 1, 2 and so on.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    classes: Option<Vec<String>>,

    /// A contract of your own, as JSON in the form of a bundle's contract.json.
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,

    /// How long a call to another server may take, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5_000,
          value_parser = clap::value_parser!(u64).range(1..=60_000))]
    remote_timeout_ms: u64,

    /// The environment variable that will have the token for that server, whenever its release is
    /// loaded: `SHIPWORTHY_REMOTE_TOKEN_` and more. Unless given, the endpoint's name in capitals.
    #[arg(long, value_name = "VARIABLE")]
    remote_token_variable: Option<String>,

    /// Of an archive: trust the keys of this file first (Ed25519 in PEM, as `key show` prints them).
    #[arg(long, value_name = "FILE")]
    pub(super) trust: Option<PathBuf>,

    #[command(flatten)]
    pub(super) state: StateArgs,

    /// Why; it stands in the record of this action.
    #[arg(long, value_name = "WHY", default_value = "imported by `shipworthy release import`")]
    pub(super) reason: String,

    #[command(flatten)]
    pub(super) remote: RemoteArgs,

    #[command(flatten)]
    signing: SigningArgs,

    #[command(flatten)]
    pub(super) onnx: OnnxRuntime,

    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Printed<'a> {
    release: String,
    name: &'a str,
    commit: Option<&'a str>,
    reproducible: bool,
    unreproducible_reason: Option<&'a str>,
    output: &'a Output,
    columns: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    mlflow: Option<&'a Origin>,
    notes: &'a [String],
}

fn task(text: &str) -> Result<Task, String> {
    let found = Task::ALL.into_iter().find(|(name, _)| *name == text);
    found.map(|(_, task)| task).ok_or_else(|| "one of binary, multiclass, regression".to_owned())
}

impl Args {
    /// The first option that says something of a model and is given.
    pub(super) fn said_of_a_model(&self) -> Option<&'static str> {
        let given = [
            ("--name", self.name.is_some()),
            ("--task", self.task.is_some()),
            ("--target", self.target.is_some()),
            ("--classes", self.classes.is_some()),
            ("--contract", self.contract.is_some()),
            ("--remote-token-variable", self.remote_token_variable.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }
}

pub(super) fn run(args: &Args, system: &System) -> Result<Outcome> {
    if archive::is_meant(&args.source) {
        return archive::take(args, system);
    }
    if args.trust.is_some() {
        bail!("--trust is for an archive that `release export` wrote, and this is none");
    }
    if args.remote.server.is_some() {
        bail!(
            "a server takes in archives: import the model where a state directory is, then \
             `shipworthy release export` writes one"
        );
    }
    let elsewhere = elsewhere(args)?;
    let request = Request {
        source: elsewhere.as_ref().map_or(Source::Path(&args.source), Source::Server),
        name: args.name.as_deref(),
        task: args.task,
        target: args.target.as_deref(),
        classes: args.classes.as_deref(),
        contract: args.contract.as_deref(),
    };
    let models = ModelLoader::for_command(&args.onnx, system);
    let imported = import::import(&request, models.as_ref())?;
    let kept = State::open(&args.state.state, models, system)?;
    let by = kept.authorise(&args.remote.actor, Permission::Control, &args.reason, system)?;
    let making = Making::begin(&kept, &args.signing, by, system)?;
    let Imported { name, trained, commit, origin, .. } = &imported;
    let place = args.source.parent().filter(|_| elsewhere.is_none());
    let place = place.filter(|parent| *parent != Path::new(""));
    let place = git::Origin::of(place.unwrap_or(Path::new(".")));
    let circumstances = &making.circumstances(place, serde_json::to_value(origin)?);
    let made = Made { project: name, trained, commit, circumstances };
    let id = making.keep(&made)?.to_string();
    copy_events(&kept.lock, &kept.shelf.store, &LedgerSizes::default(), system);
    if args.json {
        output::json(&printed(id, &imported))?;
    } else {
        tell(&imported);
        output::line(&id)?;
        output::note(&format!("to serve it: shipworthy serve --release {}", &id[..19]));
    }
    Ok(Outcome::Done)
}

/// The server that is meant, if one is.
fn elsewhere(args: &Args) -> Result<Option<Description>> {
    let Some(url) = args.source.to_str().filter(|text| Address::is_meant(text)) else {
        return Ok(None);
    };
    let address: Address = url.parse().map_err(anyhow::Error::msg)?;
    let name = args.name.as_deref().unwrap_or_else(|| address.name());
    let variable = || format!("{}{}", Description::TOKEN_PREFIX, in_capitals(name));
    let token_variable = args.remote_token_variable.clone().unwrap_or_else(variable);
    let timeout = Some(Duration::from_millis(args.remote_timeout_ms));
    let token_variable = Some(token_variable);
    Ok(Some(Description { address, timeout, token_variable }))
}

fn printed(release: String, imported: &Imported) -> Printed<'_> {
    let commit = imported.commit.id();
    Printed {
        release,
        name: &imported.name,
        commit,
        reproducible: commit.is_some(),
        unreproducible_reason: why_not(&imported.commit),
        output: &imported.trained.output,
        columns: imported.trained.contract.columns.len(),
        mlflow: imported.origin.as_ref(),
        notes: &imported.notes,
    }
}

fn why_not(commit: &Commit) -> Option<&str> {
    match commit {
        Commit::Clean(_) => None,
        Commit::None { reason } => Some(reason),
    }
}

/// For people, on standard error.
fn tell(imported: &Imported) {
    let Output { task, target, classes } = &imported.trained.output;
    let columns = imported.trained.contract.columns.len();
    let classes =
        if classes.is_empty() { String::new() } else { format!(" ({})", classes.join(", ")) };
    let (name, task) = (&imported.name, task.name());
    output::note(&format!("{name}: {columns} columns, predicts {target}: {task}{classes}"));
    if let Some(origin) = &imported.origin {
        let said = [("run", &origin.run_id), ("MLflow", &origin.mlflow_version)].into_iter();
        let said = said.chain([("written", &origin.utc_time_created)]);
        let said = said.filter_map(|(what, value)| Some(format!("{what} {}", value.as_ref()?)));
        output::note(&format!("MLflow model: {}", said.collect::<Vec<_>>().join(", ")));
    }
    imported.notes.iter().for_each(|note| output::note(&format!("note: {note}")));
    if let Some(reason) = why_not(&imported.commit) {
        output::note(&format!("the release is marked unreproducible: {reason}"));
    }
}
