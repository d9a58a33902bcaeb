//! `cargo xtask bench trees`: this runtime and other libraries on the same models and rows.
//!
//! A program in Python converts and compiles the models for everybody and writes the plan; the
//! example `trees` of shipworthy-models measures them, one process and one thread, in turn.

mod report;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use self::report::Report;
use super::machine;
use crate::cargo;
use crate::process;
use crate::python;
use crate::workspace::Workspace;

const REQUIREMENTS: &str = "xtask/requirements-bench.txt";
const PREPARE: &str = "xtask/src/bench/trees/prepare.py";
const FIXTURES: &str = "crates/shipworthy-models/tests/data";
const EXAMPLE: &str = "--release --package shipworthy-models --example trees";

#[derive(Args)]
pub(crate) struct Options {
    /// How often each library is measured at each number of rows
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Measure only this model of the tests: xgb_binary_num, lgb_regression, lgb_binary_cat,
    /// cb_binary
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Also write everything that was measured to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(why) = python::missing_interpreter()? {
        bail!("no Python for the other libraries: {why}");
    }
    let environment = python::environment(workspace, REQUIREMENTS)?;
    let example = cargo::build(workspace, EXAMPLE, "trees")?;
    let parent = workspace.cache.join("bench");
    fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let scratch = tempfile::tempdir_in(&parent)?;
    let plan = prepare(workspace, &environment, scratch.path())?;
    let load_before = load_average();
    let models = measure(&example, &plan, options)?;
    let report = Report {
        rounds: options.rounds,
        machine: machine::facts(workspace),
        load_averages: [load_before, load_average()],
        plan: serde_json::from_slice(&fs::read(&plan)?)?,
        models,
    };
    print!("{}", report.markdown());
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", report.to_json());
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Converts and compiles the models; the path of the plan.
fn prepare(workspace: &Workspace, environment: &Path, scratch: &Path) -> Result<PathBuf> {
    eprintln!("converting and compiling the models: a minute");
    let mut python = Command::new(environment.join("bin/python"));
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(workspace.root.join(PREPARE));
    // What the converters say is not the report.
    python.arg(workspace.root.join(FIXTURES)).arg(scratch).stdout(Stdio::from(io::stderr()));
    process::run(&mut python)?;
    Ok(scratch.join("plan.json"))
}

/// What the example measured: a list of models.
fn measure(example: &Path, plan: &Path, options: &Options) -> Result<Value> {
    let rounds = options.rounds.to_string();
    eprintln!("measuring: {rounds} rounds of some four seconds");
    let mut command = Command::new(example);
    command.env("OMP_NUM_THREADS", "1").stderr(Stdio::inherit());
    command.arg("--plan").arg(plan).args(["--rounds", &rounds]);
    if let Some(model) = &options.model {
        command.args(["--model", model]);
    }
    let printed = process::capture(&mut command)?;
    serde_json::from_str(&printed).context("the example printed something else than JSON")
}

/// Programs that ran beside the measurement, on average over the last minute.
fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|first| !first.is_empty()).unwrap_or("unknown").to_owned()
}
