//! A server with two releases of one project, under load while its traffic changes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::control::Control;
use super::load::Load;
use super::payload::{Form, Rows};
use super::server::{DURABLE, MEMORY, Programs, Running, SERVERS};
use super::{disk, machine, project, serve};
use crate::process;
use crate::workspace::Workspace;

const ENDPOINT: &str = "flight-delay";

#[derive(Args)]
pub(crate) struct Options {
    /// Where decisions are recorded
    #[arg(long, value_enum, default_value = "memory")]
    ledger: Ledger,
    /// How often everything is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: u32,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(super) seconds: u32,
    /// Connections that are kept busy
    #[arg(long, default_value_t = 32)]
    pub(super) connections: usize,
    /// Where the server keeps its state [default: the user's cache]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Ledger {
    Memory,
    Durable,
}

/// The server, its load, and the release that it does not serve at first.
pub(super) struct Traffic {
    pub(super) running: Running,
    pub(super) load: Load,
    pub(super) body: String,
    /// What it takes to read the figures.
    pub(super) conditions: String,
    control: Control,
    candidate: String,
    _scratch: tempfile::TempDir,
}

impl Traffic {
    /// Makes two releases of the example, and starts a server that serves one.
    pub(super) fn start(workspace: &Workspace, options: &Options) -> Result<Self> {
        let mut programs = serve::build(workspace)?;
        let parent = options.directory.clone().unwrap_or_else(|| workspace.cache.join("bench"));
        let scratch = serve::scratch(&parent)?;
        let name = options.ledger.server();
        let server = SERVERS.iter().find(|server| server.name == name).context("a known server")?;
        let state = scratch.path().join(name).join("state");
        let releases = two_releases(workspace, &mut programs, scratch.path(), &state)?;
        let running = Running::start(server, &programs, scratch.path())?;
        let body = Rows::read(workspace)?.body(Form::Flights, 1);
        running.probe(&body)?;
        let load = Load::prepare(scratch.path(), options.seconds)?;
        let conditions = conditions(workspace, options, scratch.path())?;
        let control = Control::of(&state)?;
        let serves = control.status(ENDPOINT)?["slots"]["stable"]["release"].clone();
        let candidate = releases.into_iter().find(|release| serves != release.as_str());
        let candidate = candidate.context("there are two releases")?;
        let traffic =
            Self { running, load, body, conditions, control, candidate, _scratch: scratch };
        eprintln!("warming up");
        traffic.load.run(&traffic.running.url, &traffic.body, options.connections)?;
        Ok(traffic)
    }

    /// What the endpoint does now.
    pub(super) fn status(&self) -> Result<Value> {
        self.control.status(ENDPOINT)
    }

    /// Begins a rollout of the candidate.
    pub(super) fn deploy(&self, strategy: &str) -> Result<()> {
        let body = json!({"release": self.candidate, "strategy": strategy});
        self.control.act(ENDPOINT, "deploy", body).map(drop)
    }

    /// `promote` or `rollback`.
    pub(super) fn act(&self, verb: &str) -> Result<()> {
        self.control.act(ENDPOINT, verb, json!({})).map(drop)
    }
}

impl Ledger {
    fn server(self) -> &'static str {
        match self {
            Self::Memory => MEMORY,
            Self::Durable => DURABLE,
        }
    }
}

/// Releases of the example, and of the example with another parameter; `programs` then serve the
/// former.
fn two_releases(
    workspace: &Workspace,
    programs: &mut Programs,
    scratch: &Path,
    state: &Path,
) -> Result<[String; 2]> {
    const RATE: &str = "learning_rate = 0.1\n";
    let release = |root: &Path, rate: &str| {
        project::copy(workspace, root, |text| text.replace(RATE, rate))?;
        let mut command = Command::new(&programs.shipworthy);
        command.arg("release").arg(root.join("examples/flights")).arg("--state").arg(state);
        let made: Value =
            serde_json::from_str(&process::capture(command.args(["--allow-dirty", "--json"]))?)?;
        made["release"].as_str().map(str::to_owned).context("the release has a name")
    };
    let (served, other) = (scratch.join("root"), scratch.join("other"));
    let releases = [release(&served, RATE)?, release(&other, "learning_rate = 0.05\n")?];
    if releases[0] == releases[1] {
        bail!("the example has no `{}` to be changed", RATE.trim());
    }
    programs.root = served;
    Ok(releases)
}

fn conditions(workspace: &Workspace, options: &Options, scratch: &Path) -> Result<String> {
    let machine = machine::facts(workspace);
    let ledger = match options.ledger {
        Ledger::Memory => "in memory".to_owned(),
        Ledger::Durable => {
            let disk::Sync { p50_us, p99_us, .. } = disk::measure(scratch)?;
            format!("durable (8 KiB with fdatasync: p50 {p50_us:.0} µs, p99 {p99_us:.0} µs)")
        }
    };
    Ok(format!(
        "{} cores, {}, {}, commit {}. Ledger {ledger}; one row a request; load from the same machine.\n\n\
         {} rounds of {} s a measurement. Full load: wrk, {} connections, a closed loop.",
        machine.cores,
        machine.cpu,
        machine.kernel,
        machine.commit,
        options.rounds,
        options.seconds,
        options.connections,
    ))
}
