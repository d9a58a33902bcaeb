//! `cargo xtask bench serve`: all servers in one interleaved run.
//!
//! Every server is up for the whole run and measured in turn, in an order that rotates by round,
//! so that a noisy neighbour or a warm disk hits all of them alike.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::load::Load;
use super::payload::{Form, Rows};
use super::peers::{MLSERVER, PEERS, SERVE};
use super::report::{Cell, Report};
use super::server::{ONNX, OURS, Programs, Running, SERVERS, Server};
use super::{disk, machine};
use crate::workspace::Workspace;
use crate::{cargo, onnxruntime, python};

/// A peer predicts what this server predicts, up to the rounding of its numbers.
const TOLERANCE: f64 = 1e-5;

#[derive(Args)]
pub(crate) struct Options {
    /// How often each server is measured at each number of connections and rows
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Numbers of connections, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32])]
    connections: Vec<usize>,
    /// Rows in each request, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64])]
    rows: Vec<usize>,
    /// Leave out the peers in Python
    #[arg(long)]
    no_peers: bool,
    /// Measure only this server (repeat for several), such as durable, limit, mlserver
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<String>,
    /// Also write everything that was measured to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the servers keep their state, on the disk to be measured [default: the user's cache]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let servers = choose(&options.servers, options.no_peers)?;
    let mut left_out = Vec::new();
    let mut programs = build(workspace)?;
    programs.environments = environments(workspace, &servers, &mut left_out);
    let parent = options.directory.clone().unwrap_or_else(|| workspace.cache.join("bench"));
    let scratch = scratch(&parent)?;
    let load = Load::prepare(scratch.path(), options.seconds)?;
    let rows = Rows::read(workspace)?;
    let disk_before = disk::measure(scratch.path())?;
    let running = start(&servers, &programs, scratch.path(), &rows, &mut left_out)?;
    let versions = versions(workspace, &running);
    let cells = measure(&running, &load, &rows, options)?;
    drop(running);
    let report = Report {
        rounds: options.rounds,
        seconds: options.seconds,
        machine: machine::facts(workspace),
        disk_before,
        disk_after: disk::measure(scratch.path())?,
        versions,
        left_out,
        cells,
    };
    print!("{}", report.markdown());
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", report.to_json());
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// A directory below `parent` that is gone when dropped.
pub(super) fn scratch(parent: &Path) -> Result<tempfile::TempDir> {
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    Ok(tempfile::tempdir_in(parent)?)
}

/// The servers of these names, all without one. Peers come with the server that they are held
/// against.
fn choose(names: &[String], no_peers: bool) -> Result<Vec<&'static Server>> {
    let all = || SERVERS.iter().chain(PEERS);
    if let Some(name) = names.iter().find(|name| all().all(|known| known.name != **name)) {
        let known: Vec<&str> = all().map(|server| server.name).collect();
        bail!("no server is called {name}; there are {}", known.join(", "));
    }
    let named = |server: &Server| names.is_empty() || names.iter().any(|name| name == server.name);
    let peers = |server: &Server| server.peer.is_some() && !no_peers && named(server);
    let beside = |server: &Server| server.name == OURS && PEERS.iter().any(peers);
    let chosen = |server: &&Server| match server.peer {
        Some(_) => peers(server),
        None => named(server) || beside(server),
    };
    Ok(all().filter(chosen).collect())
}

/// The programs of this product.
pub(super) fn build(workspace: &Workspace) -> Result<Programs> {
    let echo = "--release --package shipworthy-serving --example echo";
    Ok(Programs {
        shipworthy: cargo::build(workspace, "--release --package shipworthy", "shipworthy")?,
        echo: cargo::build(workspace, echo, "echo")?,
        root: workspace.root.clone(),
        onnxruntime: onnxruntime::library(workspace)?.ok(),
        environments: BTreeMap::new(),
    })
}

type LeftOut = Vec<(&'static str, String)>;

/// The environments that the servers need. A peer whose environment cannot be made is left out.
fn environments(
    workspace: &Workspace,
    servers: &[&'static Server],
    left_out: &mut LeftOut,
) -> BTreeMap<&'static str, PathBuf> {
    let mut made = BTreeMap::new();
    for list in [SERVE, MLSERVER] {
        let of_list =
            |server: &&&'static Server| server.peer.is_some_and(|peer| peer.requirements == list);
        let needing: Vec<_> = servers.iter().filter(of_list).collect();
        if needing.is_empty() {
            continue;
        }
        match environment(workspace, list) {
            Ok(path) => drop(made.insert(list, path)),
            Err(error) => {
                left_out.extend(needing.iter().map(|peer| (peer.name, format!("{error:#}"))));
            }
        }
    }
    made
}

fn environment(workspace: &Workspace, list: &str) -> Result<PathBuf> {
    if let Some(why) = python::missing_interpreter()? {
        bail!("no Python: {why}");
    }
    python::environment(workspace, list)
}

fn versions(workspace: &Workspace, running: &[Running]) -> Vec<(&'static str, String)> {
    let of = |running: &Running| {
        let peer = running.server.peer?;
        let pins = fs::read_to_string(workspace.root.join(peer.requirements)).unwrap_or_default();
        Some((running.server.name, peer.versions(&pins)))
    };
    running.iter().filter_map(of).collect()
}

/// Starts every server and makes sure that it answers; a peer that does not is left out.
fn start(
    servers: &[&'static Server],
    programs: &Programs,
    scratch: &Path,
    rows: &Rows,
    left_out: &mut LeftOut,
) -> Result<Vec<Running>> {
    let mut running: Vec<Running> = Vec::new();
    for server in servers {
        if ONNX.contains(&server.name) && programs.onnxruntime.is_none() {
            left_out
                .push((server.name, "no Python that ONNX Runtime can be installed with".into()));
            continue;
        }
        let Some(peer) = server.peer else {
            running.push(start_one(server, programs, scratch, rows)?);
            continue;
        };
        if !programs.environments.contains_key(peer.requirements) {
            continue;
        }
        let ours = running.iter().find(|ours| ours.server.name == OURS);
        let ours = ours.context("the server that peers are held against is started first")?;
        let started = start_one(server, programs, scratch, rows);
        match started.and_then(|peer| agrees(peer, ours, rows)) {
            Ok(peer) => running.push(peer),
            Err(error) => left_out.push((server.name, format!("{error:#}"))),
        }
    }
    Ok(running)
}

fn start_one(
    server: &'static Server,
    programs: &Programs,
    scratch: &Path,
    rows: &Rows,
) -> Result<Running> {
    eprintln!("starting {}: {}", server.name, server.about);
    let started = Running::start(server, programs, scratch)?;
    started.probe(&rows.body(server.form, 1))?;
    Ok(started)
}

/// The peer, if it predicts what this server does.
fn agrees(peer: Running, ours: &Running, rows: &Rows) -> Result<Running> {
    const CHECKED: usize = 64;
    let expect = ours.predictions(&rows.body(Form::Named, CHECKED))?;
    let scores = peer.predictions(&rows.body(peer.server.form, CHECKED))?;
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= TOLERANCE;
    if scores.len() != CHECKED || !expect.iter().zip(&scores).all(near) {
        bail!("it predicts {scores:?} where this server predicts {expect:?}");
    }
    Ok(peer)
}

/// One cell for each server, number of connections and number of rows, in the order of the three.
fn measure(running: &[Running], load: &Load, rows: &Rows, options: &Options) -> Result<Vec<Cell>> {
    let loads: Vec<(usize, usize)> = options
        .rows
        .iter()
        .flat_map(|&rows| options.connections.iter().map(move |&connections| (rows, connections)))
        .collect();
    let mut cells: Vec<Cell> = running
        .iter()
        .flat_map(|running| loads.iter().map(|&(rows, c)| Cell::new(running.server, c, rows)))
        .collect();
    for server in running {
        eprintln!("warming up {}", server.server.name);
        load.run(&server.url, &rows.body(server.server.form, 1), 8)?;
    }
    for round in 0..options.rounds as usize {
        for (column, &(count, connections)) in loads.iter().enumerate() {
            for turn in 0..running.len() {
                let at = (round + turn) % running.len();
                let server = &running[at];
                let body = rows.body(server.server.form, count);
                let sample = load.run(&server.url, &body, connections)?;
                let (name, rate) = (server.server.name, sample.requests_per_s);
                let round = round + 1;
                eprintln!("round {round}: {name} × {connections} × {count}: {rate:.0} requests/s");
                cells[at * loads.len() + column].samples.push(sample);
            }
        }
    }
    Ok(cells)
}
