//! A server: its ports, its state, its ledger, from ready to drained. What it serves, and what a
//! reload means, is for the command that starts it to say.

mod acting;
mod callers;
mod data_plane;
mod ledger;
mod outbox;
mod sockets;
mod state;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use shipworthy_control::plane::{self, ControlPlane, Reload, ServingFacts, Signer};
use shipworthy_control::project::LedgerSizes;
use shipworthy_control::traffic::{self, Declared, Traffic};
use shipworthy_serving::listener;
use shipworthy_serving::{Endpoint, Limits, Plan, Ports, Serving, mirror, summarise};
use shipworthy_store::{ServerInfo, Store};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::output;
use crate::signing::{SigningArgs, StateSigner, TrustArgs};
use crate::system::System;
pub(crate) use acting::Acting;
use data_plane::DataPlane;
pub(crate) use ledger::LedgerKind;
use ledger::Running;
use outbox::Outbox;
pub(crate) use outbox::copy_events;
use sockets::Sockets;
pub(crate) use state::{State, keep_out_of_git, settled};

/// Where a server listens and what it keeps: options of every command that serves.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Options {
    /// Where decisions are asked for. Beyond loopback every route but health needs a token.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "SHIPWORTHY_LISTEN")]
    pub(crate) listen: SocketAddr,

    /// Where the server is steered; always needs a token.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081", env = "SHIPWORTHY_ADMIN")]
    pub(crate) admin: SocketAddr,

    /// Where decisions are asked for over gRPC; off unless given. The same tokens apply.
    #[arg(long, value_name = "ADDR", env = "SHIPWORTHY_GRPC")]
    pub(crate) grpc: Option<SocketAddr>,

    /// The state directory, if it is not .shipworthy in the project (or here, without one).
    #[arg(long, value_name = "DIR", env = "SHIPWORTHY_STATE")]
    pub(crate) state: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) onnx: OnnxRuntime,

    /// Where decisions are recorded. `memory` is for benchmarks: nothing survives the process.
    #[arg(long, value_enum, default_value_t = LedgerKind::Disk)]
    pub(crate) ledger: LedgerKind,

    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// What a command serves.
pub(crate) trait Serves: Send + Sync + 'static {
    /// The bounds of a request.
    fn limits(&self) -> Limits;

    /// The endpoints by name, whatever it takes to make them; the server is up and not ready yet.
    ///
    /// # Errors
    /// When one of them cannot be served: the server ends.
    fn endpoints(&self, state: &State, system: &System) -> Result<BTreeMap<String, Endpoint>>;

    /// Who signs what is said about releases meanwhile.
    fn signing(&self) -> SigningArgs;

    /// What is declared about rollouts.
    fn declared(&self) -> Arc<dyn Declared>;

    /// What a reload does.
    fn reloader(&self, serving: &Arc<Serving>, store: &Arc<dyn Store>) -> Arc<dyn Reload>;
}

/// A server that holds its ports, its state and its ledger.
pub(crate) struct Server {
    state: State,
    ledger: Running,
    sockets: Sockets,
}

impl Server {
    /// Takes the ports first, for work that ends at a taken port would be a waste; then the state
    /// directory and the ledger in it.
    ///
    /// # Errors
    /// When something of it is taken, or damaged.
    pub(crate) fn open(
        options: &Options,
        state: &Path,
        sizes: &LedgerSizes,
        system: &System,
    ) -> Result<Self> {
        start_logging()?;
        let sockets = Sockets::bind(options)?;
        let mut state = State::open(state, ModelLoader::to_serve(&options.onnx, system), system)?;
        state.shelf.trusted = options.trust.trusted()?;
        let ledger = ledger::open(options.ledger, sizes, &state.lock, system)?;
        Ok(Self { state, ledger, sockets })
    }

    /// Serves until a signal, then drains.
    ///
    /// # Errors
    /// When what is to be served cannot be.
    pub(crate) fn serve(self, what: Arc<dyn Serves>, system: &System) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(run(self, what, system));
        runtime.shutdown_timeout(Duration::from_secs(1));
        served
    }
}

async fn run(server: Server, what: Arc<dyn Serves>, system: &System) -> Result<()> {
    let Server { state, ledger, sockets } = server;
    let (state, mut signals) = (Arc::new(state), Signals::new()?);
    let info = sockets.announcement()?;
    let store = Arc::clone(&state.shelf.store);
    let ports = Ports {
        clock: Arc::clone(&system.clock),
        entropy: Arc::clone(&system.entropy),
        ledger: ledger.ledger.clone(),
    };
    let serving = Arc::new(Serving::new(nothing_yet(what.limits()), ports, System::cores()));
    let reloader = what.reloader(&serving, &store);
    let signer: Arc<dyn Signer> = Arc::new(StateSigner::new(&state, what.signing(), system));
    let traffic = steering((&state, &ledger), &serving, (what.declared(), &signer), system);
    let control = Arc::new(ControlPlane::new(plane::Ports {
        store: Arc::clone(&store),
        shelf: state.shelf.clone(),
        signer,
        serving: Arc::clone(&serving),
        traffic: Arc::clone(&traffic),
        ledger_disk: Arc::clone(&ledger.disk),
        ledger: ledger.ledger.clone(),
        clock: Arc::clone(&system.clock),
        entropy: Arc::clone(&system.entropy),
        reload: Arc::clone(&reloader),
        facts: Arc::new(facts(&state, &serving, &ledger, what.declared(), system)),
        bound: info.admin,
    }));

    let data_plane = DataPlane::spawn(&serving, sockets.data, sockets.grpc, &store)?;
    let (stop_rest, rest) = (CancellationToken::new(), TaskTracker::new());
    let (admin, app) = (sockets::listener(sockets.admin)?, plane::router(Arc::clone(&control)));
    rest.spawn(listener::serve(admin, app, listener::Options::default(), stop_rest.clone()));
    rest.spawn(mirror(Arc::clone(&serving), stop_rest.clone()));
    rest.spawn(summarise(Arc::clone(&serving), stop_rest.clone()));
    let outbox = Outbox::start(&ledger, &store, system);

    state.lock.announce(&info)?;
    let made = async {
        let (what, state, system) = (Arc::clone(&what), Arc::clone(&state), system.clone());
        let traffic = Arc::clone(&traffic);
        let made = tokio::task::spawn_blocking(move || {
            anyhow::Ok(traffic.take_over(what.endpoints(&state, &system)?)?)
        });
        let made = made.await??;
        // No decision is recorded before the actions that led to it.
        outbox.flush().await;
        anyhow::Ok(made)
    };
    let endpoints = tokio::select! {
        made = made => Some(made?),
        () = signals.end() => None,
    };
    if let Some(endpoints) = endpoints {
        serving.set_plan(Plan { endpoints, limits: what.limits() });
        rest.spawn(traffic::run(traffic, traffic::Options::default(), stop_rest.clone()));
        greet(&state, &control, &info)?;
        signals.wait_for_the_end(&state, &reloader, system).await;
    }

    data_plane.drain(&serving).await;
    stop_rest.cancel();
    rest.close();
    rest.wait().await;
    // Nobody acts any more.
    outbox.end().await;
    drop((serving, control, reloader));
    tokio::task::spawn_blocking(|| ledger.close()).await?;
    state.lock.withdraw()?;
    Ok(())
}

/// Not ready: no model has answered its warm-up row.
const fn nothing_yet(limits: Limits) -> Plan {
    Plan { endpoints: BTreeMap::new(), limits }
}

/// The hand on the traffic of what is served.
fn steering(
    (state, ledger): (&State, &Running),
    serving: &Arc<Serving>,
    (declared, signer): (Arc<dyn Declared>, &Arc<dyn Signer>),
    system: &System,
) -> Arc<Traffic> {
    Arc::new(Traffic::new(traffic::Ports {
        shelf: state.shelf.clone(),
        signer: Arc::clone(signer),
        serving: Arc::clone(serving),
        ledger_disk: Arc::clone(&ledger.disk),
        clock: Arc::clone(&system.clock),
        entropy: Arc::clone(&system.entropy),
        declared,
    }))
}

/// What the checklist is judged by.
fn facts(
    state: &State,
    serving: &Arc<Serving>,
    ledger: &Running,
    declared: Arc<dyn Declared>,
    system: &System,
) -> ServingFacts {
    ServingFacts {
        shelf: state.shelf.clone(),
        serving: Arc::clone(serving),
        ledger: ledger.ledger.clone(),
        declared,
        clock: Arc::clone(&system.clock),
    }
}

/// The base URL for programs; for people also where else the server is, and the way in.
fn greet(state: &State, control: &ControlPlane, info: &ServerInfo) -> Result<()> {
    if let Some(grpc) = info.grpc {
        output::note(&format!("gRPC: {grpc}"));
    }
    let admin_url = format!("http://{}", info.admin);
    match &state.local {
        Some(token) => {
            let link = control.sign_in_link(&admin_url, token);
            output::note(&format!("control plane: {admin_url}; sign in once with\n  {link}"));
        }
        None => output::note(&format!(
            "control plane: {admin_url}; the token in the state directory is missing or revoked, \
             so sign in with another one's link"
        )),
    }
    output::line(&format!("http://{}", info.listen))
}

/// What the outside tells the process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Reloads at each SIGHUP; returns at a SIGTERM or an interrupt.
    async fn wait_for_the_end(
        &mut self,
        state: &State,
        reloader: &Arc<dyn Reload>,
        system: &System,
    ) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => reload(state, reloader, system).await,
            }
        }
    }
}

/// The process's owner asks for a reload; the actor is the token of the state directory, which
/// only the owner can read.
async fn reload(state: &State, reloader: &Arc<dyn Reload>, system: &System) {
    let attribution = match state.attribution("SIGHUP", system) {
        Ok(attribution) => attribution,
        Err(error) => return tracing::error!("reload refused: {error}"),
    };
    let reloader = Arc::clone(reloader);
    match tokio::task::spawn_blocking(move || reloader.reload(&attribution)).await {
        Ok(Ok(changed)) if changed.is_empty() => tracing::info!("reloaded: nothing has changed"),
        Ok(Ok(changed)) => tracing::info!("reloaded: {}", changed.join(", ")),
        Ok(Err(refused)) => {
            tracing::error!("reload refused, the old policy stays: {}", refused.message);
        }
        Err(error) => tracing::error!(%error, "the reload did not end"),
    }
}

/// Events go to standard error, from `info` on unless SHIPWORTHY_LOG says otherwise.
fn start_logging() -> Result<()> {
    use tracing_subscriber::EnvFilter;
    let filter = System::variable("SHIPWORTHY_LOG").unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::builder().parse(filter)?;
    let colours = output::is_coloured();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours);
    subscriber
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))
}
