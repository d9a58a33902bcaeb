//! `shipworthy serve`: bare model files, no project needed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use shipworthy_control::plane::{Reload, ReloadError};
use shipworthy_control::project;
use shipworthy_core::{Policy, ReleaseId, canonical};
use shipworthy_models::{ModelFile, Options as ModelOptions};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_serving::{Endpoint, Limits, Serving};
use shipworthy_store::{Attribution, Store};

use crate::cli::Outcome;
use crate::commands::up::limits;
use crate::output;
use crate::server::{Options, Server, Serves, State};
use crate::state::STATE_DIRECTORY;
use crate::system::System;

/// Serve model files as they are: the two-minute start for a model that is there already.
///
/// Inputs and outputs are those of the file's own metadata; GET /v2/models/NAME lists them. No
/// value is required and nothing is decided, but every answer is recorded, with the digest of its
/// model file as the release. Prints and stops as `shipworthy up` does.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  shipworthy serve --model late=model.json\n  curl -s \
    localhost:8080/v2/models/late\n\nFormats, found by content: XGBoost (JSON, UBJSON), LightGBM \
    (text), CatBoost (JSON).")]
pub(crate) struct Args {
    /// A model file and the name that clients call it by; may be given several times.
    #[arg(long = "model", short, value_name = "NAME=FILE", required = true)]
    models: Vec<Named>,

    /// Use all trees, also those after the best iteration of a training that stopped early.
    #[arg(long)]
    all_trees: bool,

    #[command(flatten)]
    server: Options,
}

/// `NAME=FILE`.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    file: PathBuf,
}

/// The longest name: it stands in URLs.
const MAX_NAME_BYTES: usize = 63;

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = text.split_once('=').ok_or("expected NAME=FILE")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(plain) {
            return Err(format!(
                "{name:?} cannot be a name in a URL: use letters, digits, `-`, `_` and `.`, at \
                 most {MAX_NAME_BYTES}"
            ));
        }
        Ok(Self { name: name.to_owned(), file: file.into() })
    }
}

pub(crate) fn run(args: Args, system: &System) -> Result<Outcome> {
    // Before anything is taken or made: a wrong file is the likeliest mistake.
    let options = ModelOptions { all_trees: args.all_trees };
    let mut endpoints = BTreeMap::new();
    for named in &args.models {
        let endpoint = endpoint(named, options)?;
        if endpoints.insert(named.name.clone(), endpoint).is_some() {
            bail!("two models are called `{}`", named.name);
        }
    }
    let state = args.server.state.clone().unwrap_or_else(|| STATE_DIRECTORY.into());
    let sizes = project::LedgerSizes::default();
    let server = Server::open(&args.server, &state, &sizes, system)?;
    server.serve(Arc::new(Bare { endpoints }), system)?;
    Ok(Outcome::Done)
}

/// The endpoint of a model file; its release is named by the file's digest.
fn endpoint(named: &Named, options: ModelOptions) -> Result<Endpoint> {
    let file = &named.file;
    let bytes = read(file)?;
    let model = ModelFile::load(&bytes, options)
        .with_context(|| format!("cannot load {}", file.display()))?;
    let id: ReleaseId = format!("sha256:{}", canonical::sha256_hex(&bytes))
        .parse()
        .context("a digest names a release")?;
    let release = LoadedRelease::bare(id, &model)
        .with_context(|| format!("{} cannot be served", file.display()))?;
    output::note(&format!("{}: {} ({})", named.name, file.display(), model.signature().format));
    let policy = Policy { threshold: 0.5, safe_answer: None };
    Ok(Endpoint { name: named.name.clone(), stable: Arc::new(release), policy })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Model files, served.
struct Bare {
    endpoints: BTreeMap<String, Endpoint>,
}

impl Serves for Bare {
    fn limits(&self) -> Limits {
        limits(&project::Limits::default())
    }

    fn endpoints(&self, _: &State, _: &System) -> Result<BTreeMap<String, Endpoint>> {
        Ok(self.endpoints.clone())
    }

    fn reloader(&self, _: &Arc<Serving>, _: &Arc<dyn Store>) -> Arc<dyn Reload> {
        Arc::new(NothingToReload)
    }
}

/// Without a project there is no policy that could change.
struct NothingToReload;

impl Reload for NothingToReload {
    fn reload(&self, _: &Attribution) -> Result<Vec<&'static str>, ReloadError> {
        Err(ReloadError {
            message: "model files are taken at a start only".to_owned(),
            hint: "restart with the other files; a project has a policy that can be reloaded"
                .to_owned(),
        })
    }
}
