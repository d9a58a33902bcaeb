//! `cargo xtask bench validate`: ten expectations on a table and the rules of a request's row, here
//! and in Great Expectations, Pandera and Pydantic.
//!
//! Two processes hold the same rows in memory, and are asked in turn.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::asked::Asked;
use super::machine::{self, Machine};
use super::quantiles::{median, quantile};
use crate::workspace::Workspace;
use crate::{cargo, python};

const REQUIREMENTS: &str = "xtask/requirements-validate.txt";
const FILES: &str = "xtask/src/bench/validate";
const DATA: &str = "examples/flights/data/flights.parquet";
const EXAMPLE: &str = "--release --package shipworthy-contract --example expectations";

/// What is asked of which process (0: ours), and what is at least wanted of ours beside it.
const ASKED: [(&str, usize, Option<f64>); 5] = [
    ("table", 0, None),
    ("great_expectations", 1, Some(20.0)),
    ("pandera", 1, Some(2.0)),
    ("row", 0, None),
    ("pydantic", 1, Some(3.0)),
];

#[derive(Args)]
pub(crate) struct Options {
    /// How often each is measured
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Rows of the table
    #[arg(long, default_value_t = 100_000)]
    rows: u32,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(why) = python::missing_interpreter()? {
        bail!("no Python for the other libraries: {why}");
    }
    let environment = python::environment(workspace, REQUIREMENTS)?;
    let example = cargo::build(workspace, EXAMPLE, "expectations")?;
    let files = workspace.root.join(FILES);
    let arguments: Vec<PathBuf> = vec![
        workspace.root.join(DATA),
        files.join("suite.json"),
        files.join("contract.json"),
        options.rows.to_string().into(),
    ];
    let mut peer = Command::new(environment.join("bin/python"));
    peer.env("PYTHONDONTWRITEBYTECODE", "1").arg(files.join("peer.py"));
    let mut ours = Command::new(example);
    let mut asked = [Asked::start(ours.args(&arguments))?, Asked::start(peer.args(&arguments))?];
    let mut samples: [Vec<f64>; 5] = Default::default();
    // The first round warms up.
    for round in 0..=options.rounds {
        for ((name, of, _), samples) in ASKED.iter().zip(&mut samples) {
            let line = asked[*of].ask(name)?;
            let micros: f64 =
                line.parse().with_context(|| format!("no time for {name}: {line:?}"))?;
            samples.extend((round > 0).then_some(micros));
        }
    }
    print!("{}", report(options, &machine::facts(workspace), &samples));
    Ok(())
}

fn report(options: &Options, machine: &Machine, samples: &[Vec<f64>; 5]) -> String {
    let Machine { cores, cpu, kernel, rustc, commit } = machine;
    let mut page = format!(
        "## Validation\n\n{} rounds, in turn; ten expectations on {} rows in memory, and a row of \
         ten columns. {cores} cores, {cpu}, {kernel}, {rustc}, commit {commit}.\n\n| | median µs | \
         quartiles | times ours | wanted |\n|---|---:|---:|---:|---:|\n",
        options.rounds, options.rows
    );
    let mut ours = f64::NAN;
    for ((name, of, wanted), samples) in ASKED.iter().zip(samples) {
        let middle = median(samples);
        let (low, high) = (quantile(samples, 0.25), quantile(samples, 0.75));
        if *of == 0 {
            ours = middle;
        }
        let wanted = wanted.map_or_else(String::new, |wanted| format!("{wanted}"));
        page += &format!(
            "| {name} | {middle:.3} | {low:.3}–{high:.3} | {:.1} | {wanted} |\n",
            middle / ours
        );
    }
    page
}
