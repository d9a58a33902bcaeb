//! The two listeners, from ready to drained.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener as Socket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use shipworthy_control::plane::{self, ControlPlane, Reload, ServingFacts};
use shipworthy_control::project::Project;
use shipworthy_serving::listener::{self, Options};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_serving::{Callers, Endpoint, Plan, Ports, Serving, accept, summarise};
use shipworthy_store::ServerInfo;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::callers::TokenCallers;
use super::ledger::Running;
use super::reload::{Reloader, limits};
use super::state::State;
use super::{Args, release};
use crate::system::System;
use crate::{output, state as projects};

/// After a SIGTERM answers tell their clients to go, for so long at most: a client that keeps a
/// connection open is told before the connection is closed under it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Everything that a server starts with.
pub(super) struct Start<'a> {
    pub(super) args: Args,
    pub(super) project: Project,
    pub(super) state: State,
    pub(super) ledger: Running,
    pub(super) sockets: Sockets,
    pub(super) system: &'a System,
}

/// The two ports, bound but not yet answering.
pub(super) struct Sockets {
    data: Socket,
    admin: Socket,
}

impl Sockets {
    /// Takes both ports, or says which is taken.
    pub(super) fn bind(listen: SocketAddr, admin: SocketAddr) -> Result<Self> {
        let bind = |address: SocketAddr, option: &str| {
            Socket::bind(address).with_context(|| {
                format!("cannot listen on {address}; choose another address with {option}")
            })
        };
        Ok(Self { data: bind(listen, "--listen")?, admin: bind(admin, "--admin")? })
    }
}

/// Serves until a signal, then drains.
pub(super) fn serve(start: Start<'_>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(run(start));
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

async fn run(start: Start<'_>) -> Result<()> {
    let Start { args, project, state, ledger, sockets, system } = start;
    let (state, mut signals) = (Arc::new(state), Signals::new()?);
    let (data, admin) = (listener(sockets.data)?, listener(sockets.admin)?);
    let (data_at, admin_at) = (data.local_addr()?, admin.local_addr()?);
    let store = Arc::clone(&state.shelf.store);
    let callers: Option<Arc<dyn Callers>> = if data_at.ip().is_loopback() {
        None
    } else {
        Some(Arc::new(TokenCallers::new(Arc::clone(&store))))
    };
    let ports = Ports {
        clock: Arc::clone(&system.clock),
        entropy: Arc::clone(&system.entropy),
        ledger: ledger.ledger.clone(),
        callers,
    };
    let serving = Arc::new(Serving::new(nothing_yet(&project), ports, System::cores()));
    let file = projects::project_file(&args.project);
    let reloader = Reloader::new(file, project.clone(), Arc::clone(&serving), Arc::clone(&store));
    let reloader: Arc<dyn Reload> = Arc::new(reloader);
    let control = Arc::new(ControlPlane::new(plane::Ports {
        store: Arc::clone(&store),
        serving: Arc::clone(&serving),
        ledger_disk: Arc::clone(&ledger.disk),
        ledger: ledger.ledger.clone(),
        clock: Arc::clone(&system.clock),
        entropy: Arc::clone(&system.entropy),
        reload: Arc::clone(&reloader),
        facts: Arc::new(ServingFacts {
            store: Arc::clone(&store),
            serving: Arc::clone(&serving),
            ledger: ledger.ledger.clone(),
        }),
        bound: admin_at,
    }));

    let (stop_data, stop_rest) = (CancellationToken::new(), CancellationToken::new());
    let (decisions, rest) = (TaskTracker::new(), TaskTracker::new());
    let app = accept::router(Arc::clone(&serving));
    let options = Options::default();
    let data_plane = decisions.spawn(listener::serve(data, app, options, stop_data.clone()));
    let app = plane::router(Arc::clone(&control));
    rest.spawn(listener::serve(admin, app, options, stop_rest.clone()));
    rest.spawn(summarise(Arc::clone(&serving), stop_rest.clone()));

    let server = ServerInfo { pid: std::process::id(), listen: data_at, admin: admin_at };
    state.lock.announce(&server)?;
    let made = {
        let (args, project, state) = (args.clone(), project.clone(), Arc::clone(&state));
        let system = system.clone();
        tokio::task::spawn_blocking(move || release::find_or_make(&args, &project, &state, &system))
    };
    let release = tokio::select! {
        made = made => Some(made??),
        () = signals.end() => None,
    };
    if let Some(release) = release {
        serving.set_plan(plan(&project, release));
        greet(&state, &control, data_at, admin_at)?;
        signals.wait_for_the_end(&state, &reloader, system).await;
    }

    drain(&serving, &stop_data, &decisions, data_plane).await;
    stop_rest.cancel();
    rest.close();
    rest.wait().await;
    drop((serving, control, reloader));
    tokio::task::spawn_blocking(|| ledger.close()).await?;
    state.lock.withdraw()?;
    Ok(())
}

/// Not ready: no model has answered its warm-up row.
fn nothing_yet(project: &Project) -> Plan {
    Plan { endpoints: BTreeMap::new(), limits: limits(project) }
}

/// One endpoint, whose stable release is `release`.
fn plan(project: &Project, release: Arc<LoadedRelease>) -> Plan {
    let name = project.identity.name.clone();
    let policy = projects::policy(project);
    let endpoint = Endpoint { name: name.clone(), stable: release, policy };
    Plan { endpoints: BTreeMap::from([(name, endpoint)]), limits: limits(project) }
}

fn listener(socket: Socket) -> Result<TcpListener> {
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from_std(socket)?)
}

/// The base URL for programs; for people also where the control plane is, and the way in.
fn greet(state: &State, control: &ControlPlane, data: SocketAddr, admin: SocketAddr) -> Result<()> {
    let admin_url = format!("http://{admin}");
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
    output::line(&format!("http://{data}"))
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

/// Answers everybody who is there, and lets nobody new in.
async fn drain(
    serving: &Serving,
    stop: &CancellationToken,
    decisions: &TaskTracker,
    data_plane: tokio::task::JoinHandle<usize>,
) {
    serving.start_draining();
    tracing::info!("draining");
    tokio::time::sleep(FAREWELL).await;
    stop.cancel();
    decisions.close();
    match data_plane.await {
        Ok(0) => tracing::info!("drained"),
        Ok(cut) => tracing::warn!(connections = cut, "some connections had to be cut"),
        Err(error) => tracing::error!(%error, "the data plane panicked"),
    }
}
