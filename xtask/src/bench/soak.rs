//! `cargo xtask bench soak`: does memory stay flat under minutes of full load?

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::curve::{Curve, Point};
use super::load::Load;
use super::payload::{Form, Rows};
use super::server::{DURABLE, Running, SERVERS};
use super::{machine, project, serve, wrk};
use crate::process;
use crate::workspace::Workspace;

const SAMPLE_EVERY: Duration = Duration::from_secs(5);
const TRIAL_S: u32 = 5;
const GIB: u64 = 1 << 30;
/// Left on the disk for everybody else.
const SPARE_BYTES: u64 = 5 * GIB;

#[derive(Args)]
pub(crate) struct Options {
    /// How long the load lasts
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// Connections that are kept busy
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Where the server keeps its state, gigabytes of it [default: the user's cache]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut programs = serve::build(workspace)?;
    let parent = options.directory.clone().unwrap_or_else(|| workspace.cache.join("bench"));
    let scratch = serve::scratch(&parent)?;
    let cap_gib = free_bytes(scratch.path())?.saturating_sub(SPARE_BYTES) / GIB;
    programs.root = project(workspace, scratch.path(), cap_gib)?;
    let seconds = options.minutes * 60;
    let body = Rows::read(workspace)?.body(Form::Flights, 1);
    let server = SERVERS.iter().find(|server| server.name == DURABLE).context("a known server")?;
    let running = Running::start(server, &programs, scratch.path())?;
    let state = scratch.path().join(DURABLE);
    let need = needed(&running, &body, &state, options)?;
    eprintln!("{:.1} GiB of records to come, {cap_gib} GiB allowed", gib(need));
    if need > cap_gib * GIB {
        bail!(
            "{:.1} GiB of records do not fit into {cap_gib} GiB: take fewer --minutes or \
               another --directory",
            gib(need)
        );
    }
    let load = Load::prepare(scratch.path(), seconds)?;
    let mut command = load.command(&running.url, &body, options.connections)?;
    let loading = thread::spawn(move || process::capture(&mut command));
    let curve = watch(running.process_id(), || loading.is_finished())?;
    let output = loading.join().ok().context("the load ended in a panic")??;
    report(workspace, options, &wrk::parse(&output)?, &curve, tree_bytes(&state)?);
    Ok(())
}

fn report(
    workspace: &Workspace,
    options: &Options,
    sample: &wrk::Sample,
    curve: &Curve,
    written: u64,
) {
    let machine = machine::facts(workspace);
    let wrk::Sample { requests_per_s, p50_ms, p99_ms, errors } = sample;
    println!(
        "## Soak: {} minutes at full load, durable ledger\n\n{} cores, {}, {}, commit {}.\n\n\
         {} connections: {requests_per_s:.0} requests/s, p50 {p50_ms:.3} ms, p99 {p99_ms:.3} ms, \
         {errors} errors, {:.1} GiB written.\n\n{}",
        options.minutes,
        machine.cores,
        machine.cpu,
        machine.kernel,
        machine.commit,
        options.connections,
        gib(written),
        curve.markdown(),
    );
}

/// Bytes that the load will have written, from a trial of the same load.
fn needed(running: &Running, body: &str, state: &Path, options: &Options) -> Result<u64> {
    let scratch = state.parent().context("state is below the scratch directory")?;
    let trial = Load::prepare(scratch, TRIAL_S)?;
    let before = tree_bytes(state)?;
    trial.run(&running.url, body, options.connections)?;
    let per_s = (tree_bytes(state)? - before) / u64::from(TRIAL_S);
    // A fifth more: a trial starts cold.
    Ok(per_s * u64::from(options.minutes) * 60 * 6 / 5)
}

/// A copy of the project whose ledger may have `cap_gib`; the root that has it.
fn project(workspace: &Workspace, scratch: &Path, cap_gib: u64) -> Result<PathBuf> {
    let root = scratch.join("root");
    let cap_gib = cap_gib.max(1);
    project::copy(workspace, &root, |text| {
        format!("{text}\n[ledger]\nmax_size = \"{cap_gib} GiB\"\n")
    })?;
    Ok(root)
}

/// Samples the memory of the process until `done`.
fn watch(process_id: u32, done: impl Fn() -> bool) -> Result<Curve> {
    let start = Instant::now();
    let mut curve = Curve::default();
    while !done() {
        thread::sleep(SAMPLE_EVERY);
        let path = format!("/proc/{process_id}/status");
        let status = fs::read_to_string(&path).context("the server is gone")?;
        curve.points.push(Point::read(start.elapsed().as_secs_f64(), &status)?);
    }
    Ok(curve)
}

fn free_bytes(directory: &Path) -> Result<u64> {
    let mut df = Command::new("df");
    let printed = process::capture(df.args(["--output=avail", "-B1"]).arg(directory))?;
    let number = printed.lines().nth(1).and_then(|line| line.trim().parse().ok());
    number.with_context(|| format!("df printed something else than bytes: {printed}"))
}

/// The sizes of all files below a directory.
fn tree_bytes(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // A file that was there may be gone: the server is at work.
        let Ok(facts) = entry.metadata() else { continue };
        bytes += if facts.is_dir() { tree_bytes(&entry.path())? } else { facts.len() };
    }
    Ok(bytes)
}

#[expect(clippy::cast_precision_loss, reason = "for the eye, to a tenth")]
fn gib(bytes: u64) -> f64 {
    bytes as f64 / GIB as f64
}
