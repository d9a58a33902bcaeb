//! `cargo xtask bench store`: what control state costs when it holds 10,000 releases and a million
//! events.
//!
//! The example `scale` of shipworthy-store fills a store and calls it; this prints the table.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;

use super::machine::{self, Machine};
use super::quantiles::{median, quantile, range};
use crate::cargo;
use crate::process;
use crate::workspace::Workspace;

const EXAMPLE: &str = "--release --package shipworthy-store --example scale";

/// What every call is to stay under, in microseconds.
const BOUND_US: f64 = 10_000.0;

#[derive(Args)]
pub(crate) struct Options {
    /// Also write everything that was measured to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let example = cargo::build(workspace, EXAMPLE, "scale")?;
    let parent = workspace.cache.join("bench");
    fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let scratch = tempfile::tempdir_in(&parent)?;
    let mut command = Command::new(example);
    let printed = process::capture(command.arg(scratch.path()).stderr(Stdio::inherit()))?;
    let measured: Value =
        serde_json::from_str(&printed).context("the example printed something else than JSON")?;
    print!("{}", markdown(&measured, &machine::facts(workspace))?);
    if let Some(path) = &options.json {
        fs::write(path, printed).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// A row a call: the median, the 99th percentile and the longest of its samples.
fn markdown(measured: &Value, machine: &Machine) -> Result<String> {
    let Machine { cores, cpu, kernel, rustc, commit } = machine;
    let held = |what: &str| measured["held"][what].as_u64().unwrap_or(0);
    let mut page = format!(
        "## Store\n\n{} releases, {} events, {} endpoints: {:.0} MB, filled in {:.1} s. \
         {cores} cores, {cpu}, {kernel}, {rustc}, commit {commit}.\n\n\
         | call | median ms | p99 ms | longest ms | under 10 ms |\n|---|---:|---:|---:|---|\n",
        held("releases"),
        held("events"),
        held("endpoints"),
        measured["bytes"].as_f64().unwrap_or(0.0) / 1e6,
        measured["filled_s"].as_f64().unwrap_or(0.0),
    );
    for call in measured["calls"].as_array().context("no calls were measured")? {
        let name = call["name"].as_str().unwrap_or_default();
        let samples = call["samples_us"].as_array().into_iter().flatten();
        let samples_us: Vec<f64> = samples.filter_map(Value::as_f64).collect();
        let (median_us, p99_us) = (median(&samples_us), quantile(&samples_us, 0.99));
        let (_, longest_us) = range(&samples_us);
        let verdict = if p99_us < BOUND_US { "yes" } else { "no" };
        let [median, p99, longest] = [median_us, p99_us, longest_us].map(|us| us / 1e3);
        let _ = writeln!(page, "| {name} | {median:.3} | {p99:.3} | {longest:.3} | {verdict} |");
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_judged_by_its_99th_percentile() {
        let calls = json!([
            {"name": "quick", "samples_us": [1_000.0, 2_000.0, 3_000.0]},
            {"name": "slow at times", "samples_us": [1_000.0, 1_000.0, 10_000.0]},
        ]);
        let held = json!({"releases": 2, "events": 3, "endpoints": 1});
        let measured = json!({"held": held, "bytes": 1_000_000, "filled_s": 0.5, "calls": calls});
        let unknown = || "unknown".to_owned();
        let [cpu, kernel, rustc, commit] = [unknown(), unknown(), unknown(), unknown()];
        let page = markdown(&measured, &Machine { cores: 2, cpu, kernel, rustc, commit });
        let page = page.unwrap_or_default();
        assert!(page.contains("2 releases, 3 events, 1 endpoints: 1 MB"), "{page}");
        assert!(page.contains("| quick | 2.000 | 3.000 | 3.000 | yes |"), "{page}");
        assert!(page.contains("| slow at times | 1.000 | 10.000 | 10.000 | no |"), "{page}");
    }
}
