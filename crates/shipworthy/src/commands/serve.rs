//! `shipworthy serve`: bare models and kept releases, no project needed.

mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ArgGroup;
use shipworthy_control::plane::{Reload, ReloadError};
use shipworthy_control::project;
use shipworthy_control::traffic::{Declared, Undeclared};
use shipworthy_core::{Policy, ReleaseId, canonical};
use shipworthy_models::{ModelFile, Options as ModelOptions};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_serving::remote::{self, Address, Description, Remote};
use shipworthy_serving::{Batching, Endpoint, Limits, LoadedModel, Serving};
use shipworthy_store::{Attribution, Store};
use tokio::runtime::Handle;

use crate::cli::Outcome;
use crate::commands::up::limits;
use crate::onnx_runtime::MAX_SESSIONS;
use crate::output;
use crate::server::{Options, Server, Serves, State};
use crate::signing::SigningArgs;
use crate::state::STATE_DIRECTORY;
use crate::system::System;

/// Serve models as they are: the two-minute start for a model that is there already.
///
/// A model is a file, or the URL of one on another server that speaks the Open Inference Protocol
/// (Triton, MLServer, KServe). Inputs and outputs are those of its own metadata; GET
/// /v2/models/NAME lists them. No value is required and nothing is decided, but every answer is
/// recorded, with the digest of its model file, or of what the other server says of its model, as
/// the release. A release that is kept here (`shipworthy release import` makes one) has a contract
/// and decides. Prints and stops as `shipworthy up` does.
#[derive(clap::Args, Clone, Debug)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["models", "releases"]))]
#[command(after_help = "Example:\n  shipworthy serve --model late=model.json\n  curl -s \
    localhost:8080/v2/models/late\n\nFormats, found by content: XGBoost (JSON, UBJSON), LightGBM \
    (text), CatBoost (JSON), ONNX (run by ONNX Runtime: pip install onnxruntime).\n\nWith a contract:\n  shipworthy release import late.onnx --task binary\n  shipworthy serve --release 08d796d1faec\n\nIn front of a server that is there:\n  shipworthy serve --model \
    late=http://127.0.0.1:8000/v2/models/late\nIf it wants a token, SHIPWORTHY_REMOTE_TOKEN_LATE \
    holds it.")]
pub(crate) struct Args {
    /// The name that clients call a model by, and its file or URL; may be given several times.
    #[arg(long = "model", short, value_name = "NAME=FILE")]
    models: Vec<Named>,

    /// A release, served under its own name and with its contract: of the state directory its id, at
    /// least six digits of it, or a slot such as ENDPOINT@stable; or a file that `release export`
    /// wrote. May be given several times.
    #[arg(long = "release", short, value_name = "RELEASE")]
    releases: Vec<String>,

    /// How long another server may take to answer, retries included, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5_000,
        value_parser = clap::value_parser!(u64).range(1..=600_000))]
    remote_timeout_ms: u64,

    /// Whether requests that come while a model is busy share its next call: `auto` where a call
    /// costs much beside its rows, which is on another server.
    #[arg(long, value_enum, default_value_t = MicroBatching::Auto)]
    micro_batching: MicroBatching,

    /// Use all trees, also those after the best iteration of a training that stopped early.
    #[arg(long)]
    all_trees: bool,

    #[command(flatten)]
    server: Options,
}

/// When requests to a model are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum MicroBatching {
    /// Where it pays by measurement.
    Auto,
    /// For every model.
    On,
    /// For none.
    Off,
}

impl MicroBatching {
    fn of_remote(self, release: LoadedRelease) -> LoadedRelease {
        if self == Self::Off { release } else { release.batched(Batching::REMOTE) }
    }

    fn of_file(self, release: LoadedRelease) -> LoadedRelease {
        let batching = Batching { workers: System::cores(), ..Batching::REMOTE };
        if self == Self::On { release.batched(batching) } else { release }
    }
}

/// `NAME=FILE` or `NAME=URL`.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    place: Place,
}

/// Where a model is.
#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Server(Address),
}

/// The longest name: it stands in URLs.
const MAX_NAME_BYTES: usize = 63;

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, place) = text.split_once('=').ok_or("expected NAME=FILE or NAME=URL")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(plain) {
            return Err(format!(
                "{name:?} cannot be a name in a URL: use letters, digits, `-`, `_` and `.`, at \
                 most {MAX_NAME_BYTES}"
            ));
        }
        let place = match Address::is_meant(place) {
            true => Place::Server(place.parse()?),
            false => Place::File(place.into()),
        };
        Ok(Self { name: name.to_owned(), place })
    }
}

pub(crate) fn run(args: Args, system: &System) -> Result<Outcome> {
    let mut names = BTreeSet::new();
    if let Some(twice) = args.models.iter().find(|named| !names.insert(&named.name)) {
        bail!("two models are called `{}`", twice.name);
    }
    // Before anything is taken or made: a wrong file is the likeliest mistake.
    let timeout = Duration::from_millis(args.remote_timeout_ms);
    let (mut endpoints, mut remotes) = (BTreeMap::new(), Vec::new());
    for Named { name, place } in &args.models {
        match place {
            Place::File(file) => {
                let release = args.micro_batching.of_file(from_file(name, file, &args)?);
                endpoints.insert(name.clone(), endpoint(name, release));
            }
            Place::Server(address) => {
                remotes.push(Elsewhere { name: name.clone(), address: address.clone(), timeout });
            }
        }
    }
    let state = args.server.state.clone().unwrap_or_else(|| STATE_DIRECTORY.into());
    let sizes = project::LedgerSizes::default();
    let server = Server::open(&args.server, &state, &sizes, system)?;
    let (releases, micro_batching) = (args.releases, args.micro_batching);
    let what = Bare { endpoints, remotes, releases, micro_batching };
    server.serve(Arc::new(what), system)?;
    Ok(Outcome::Done)
}

fn endpoint(name: &str, release: LoadedRelease) -> Endpoint {
    let policy = Policy { threshold: 0.5, safe_answer: None };
    Endpoint::new(name, Arc::new(release), policy)
}

/// A model file; its release is named by the file's digest.
fn from_file(name: &str, file: &Path, args: &Args) -> Result<LoadedRelease> {
    let bytes = read(file)?;
    let onnx = args.server.onnx.open_for(&bytes, System::cores().min(MAX_SESSIONS))?;
    let options = ModelOptions { all_trees: args.all_trees, onnx };
    let model = ModelFile::load(&bytes, &options)
        .with_context(|| format!("cannot load {}", file.display()))?;
    let release = LoadedRelease::bare(release_id(&bytes)?, &model)
        .with_context(|| format!("{} cannot be served", file.display()))?;
    output::note(&format!("{name}: {} ({})", file.display(), model.signature().format));
    Ok(release)
}

fn release_id(bytes: &[u8]) -> Result<ReleaseId> {
    let id = format!("sha256:{}", canonical::sha256_hex(bytes));
    id.parse().context("a digest names a release")
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// A model on another server.
struct Elsewhere {
    name: String,
    address: Address,
    timeout: Duration,
}

impl Elsewhere {
    /// Asks the server for its model; the release is named by the digest of what it says.
    fn load(&self, system: &System) -> Result<LoadedRelease> {
        let variable = format!("{}{}", Description::TOKEN_PREFIX, in_capitals(&self.name));
        let token = remote::Token { value: System::variable(&variable), variable };
        let options = remote::Options { token, timeout: Some(self.timeout) };
        let (clock, entropy) = (Arc::clone(&system.clock), Arc::clone(&system.entropy));
        let ports = remote::Ports { clock, entropy, runtime: Handle::current() };
        let model = Remote::connect_waiting(self.address.clone(), options, ports)?;
        let id = release_id(canonical::to_string(&model.identity())?.as_bytes())?;
        let release = LoadedRelease::bare(id, LoadedModel::Elsewhere(Arc::new(model)));
        let release = release.with_context(|| format!("{} cannot be served", self.address))?;
        output::note(&format!("{}: {} (remote)", self.name, self.address));
        Ok(release)
    }
}

/// A name as it stands in the name of an environment variable.
pub(crate) fn in_capitals(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(plain).collect()
}

/// Models, served as they are.
struct Bare {
    endpoints: BTreeMap<String, Endpoint>,
    remotes: Vec<Elsewhere>,
    releases: Vec<String>,
    micro_batching: MicroBatching,
}

impl Serves for Bare {
    fn limits(&self) -> Limits {
        limits(&project::Limits::default())
    }

    fn endpoints(&self, state: &State, system: &System) -> Result<BTreeMap<String, Endpoint>> {
        let mut endpoints = self.endpoints.clone();
        for elsewhere in &self.remotes {
            let release = elsewhere.load(system)?;
            let release = self.micro_batching.of_remote(release);
            endpoints.insert(elsewhere.name.clone(), endpoint(&elsewhere.name, release));
        }
        for (name, endpoint) in kept::endpoints(&self.releases, state, system)? {
            if endpoints.insert(name.clone(), endpoint).is_some() {
                bail!("a model and a release are both called `{name}`");
            }
        }
        Ok(endpoints)
    }

    fn signing(&self) -> SigningArgs {
        SigningArgs::default()
    }

    fn declared(&self) -> Arc<dyn Declared> {
        Arc::new(Undeclared)
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
            message: "models are taken at a start only".to_owned(),
            hint: "restart with the other ones; a project has a policy that can be reloaded"
                .to_owned(),
        })
    }
}
