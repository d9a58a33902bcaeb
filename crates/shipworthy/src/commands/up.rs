//! `shipworthy up`: the main job. A project, served.
//!
//! The files are the steps: [`state`] takes the state directory and finds who acts in it,
//! [`release`] finds or makes the release, [`server`] serves it until a signal, and [`reload`]
//! takes a changed policy meanwhile.

mod callers;
mod ledger;
mod release;
mod reload;
mod server;
mod state;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::cli::Outcome;
use crate::state as projects;
use crate::system::System;

/// Serve a project: train its first release if there is none, then answer requests.
///
/// The first line on standard output, once ready, is the base URL of the data plane. Everything
/// else is told on standard error, a sign-in link for the control plane included. SIGTERM and
/// Ctrl-C stop it after every accepted request is answered; SIGHUP takes a changed policy.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Examples:\n  shipworthy up examples/flights\n  curl -s \
    localhost:8080/v1/models/flight-delay:predict -d '{\"instances\": [{\"carrier\": \"UA\", \
    \"origin\": \"JFK\", \"dest\": \"LAX\", \"sched_dep_time\": 1730, \"sched_arr_time\": 2045, \
    \"distance\": 2475}]}'")]
pub(crate) struct Args {
    /// The project: a directory with a shipworthy.toml.
    #[arg(value_name = "PROJECT")]
    pub(crate) project: PathBuf,

    /// Where decisions are asked for. Beyond loopback every route but health needs a token.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "SHIPWORTHY_LISTEN")]
    pub(crate) listen: SocketAddr,

    /// Where the server is steered; always needs a token.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081", env = "SHIPWORTHY_ADMIN")]
    pub(crate) admin: SocketAddr,

    /// The state directory, if it is not PROJECT/.shipworthy.
    #[arg(long, value_name = "DIR", env = "SHIPWORTHY_STATE")]
    pub(crate) state: Option<PathBuf>,

    /// Train and serve a new release, even if there is one.
    #[arg(long)]
    pub(crate) new_release: bool,

    /// Where decisions are recorded. `memory` is for benchmarks: nothing survives the process.
    #[arg(long, value_enum, default_value_t = LedgerKind::Disk)]
    pub(crate) ledger: LedgerKind,
}

/// Where decisions are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LedgerKind {
    /// In the state directory; an answer waits until its record is durable.
    Disk,
    /// In memory, and only the last of it: for benchmarks.
    Memory,
}

pub(crate) fn run(args: Args, system: &System) -> Result<Outcome> {
    let project = projects::read_project(&args.project)?;
    let directory = projects::project_directory(&args.project);
    start_logging()?;
    // Ports first: a training that ends at a taken port would be a waste.
    let sockets = server::Sockets::bind(args.listen, args.admin)?;
    let state_path = projects::of_project(&directory, args.state.as_deref());
    let state = state::State::open(&state_path, system)?;
    let ledger = ledger::open(&args, &project, &state, system)?;
    server::serve(server::Start { args, project, state, ledger, sockets, system })?;
    Ok(Outcome::Done)
}

/// Events go to standard error, from `info` on unless SHIPWORTHY_LOG says otherwise.
fn start_logging() -> Result<()> {
    use tracing_subscriber::EnvFilter;
    let filter = System::variable("SHIPWORTHY_LOG").unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::builder().parse(filter)?;
    let colours = crate::output::is_coloured();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours);
    subscriber
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))
}
