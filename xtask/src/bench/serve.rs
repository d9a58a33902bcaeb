//! `cargo xtask bench serve`: all servers in one interleaved run.
//!
//! Every server is up for the whole run and measured in turn, in an order that rotates by round,
//! so that a noisy neighbour or a warm disk hits all of them alike.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;

use super::load::{Load, PAYLOAD};
use super::report::{Cell, Report};
use super::server::{Programs, Running, SERVERS, Server};
use super::{disk, machine};
use crate::cargo;
use crate::workspace::Workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// How often each server is measured at each number of connections
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Numbers of connections, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 128])]
    connections: Vec<usize>,
    /// Measure only this server (repeat for several): durable, memory, echo, limit
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
    let servers = choose(&options.servers)?;
    let programs = build(workspace)?;
    let parent = options.directory.clone().unwrap_or_else(|| workspace.cache.join("bench"));
    fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let scratch = tempfile::tempdir_in(&parent)?;
    let load = Load::prepare(scratch.path(), options.seconds)?;
    let disk_before = disk::measure(scratch.path())?;
    let running = start(&servers, &programs, scratch.path())?;
    let cells = measure(&running, &load, options)?;
    drop(running);
    let report = Report {
        rounds: options.rounds,
        seconds: options.seconds,
        machine: machine::facts(workspace),
        disk_before,
        disk_after: disk::measure(scratch.path())?,
        cells,
    };
    print!("{}", report.markdown());
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", json!(report.to_json()));
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn choose(names: &[String]) -> Result<Vec<&'static Server>> {
    if let Some(name) = names.iter().find(|name| SERVERS.iter().all(|known| known.name != **name)) {
        let known: Vec<&str> = SERVERS.iter().map(|server| server.name).collect();
        bail!("no server is called {name}; there are {}", known.join(", "));
    }
    let chosen =
        |server: &&Server| names.is_empty() || names.iter().any(|name| name == server.name);
    Ok(SERVERS.iter().filter(chosen).collect())
}

fn build(workspace: &Workspace) -> Result<Programs> {
    let echo = "--release --package shipworthy-serving --example echo";
    Ok(Programs {
        shipworthy: cargo::build(workspace, "--release --package shipworthy", "shipworthy")?,
        echo: cargo::build(workspace, echo, "echo")?,
        root: workspace.root.clone(),
    })
}

/// Starts every server and makes sure that it answers the payload.
fn start(
    servers: &[&'static Server],
    programs: &Programs,
    scratch: &std::path::Path,
) -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for server in servers {
        eprintln!("starting {}: {}", server.name, server.about);
        let started = Running::start(server, programs, scratch)?;
        started.probe(PAYLOAD)?;
        running.push(started);
    }
    Ok(running)
}

/// One cell for each server and number of connections, in the order of both.
fn measure(running: &[Running], load: &Load, options: &Options) -> Result<Vec<Cell>> {
    let mut cells: Vec<Cell> = running
        .iter()
        .flat_map(|running| options.connections.iter().map(|&c| Cell::new(running.server, c)))
        .collect();
    for server in running {
        eprintln!("warming up {}", server.server.name);
        load.run(&server.url, 8)?;
    }
    for round in 0..options.rounds as usize {
        for (column, &connections) in options.connections.iter().enumerate() {
            for turn in 0..running.len() {
                let at = (round + turn) % running.len();
                let sample = load.run(&running[at].url, connections)?;
                let (name, rate) = (running[at].server.name, sample.requests_per_s);
                eprintln!("round {}: {name} × {connections}: {rate:.0} requests/s", round + 1);
                cells[at * options.connections.len() + column].samples.push(sample);
            }
        }
    }
    Ok(cells)
}
