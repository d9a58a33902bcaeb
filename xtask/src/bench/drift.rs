//! `cargo xtask bench drift`: the drift of a table by Evidently's default preset, here and in Evidently.
//!
//! Two processes hold the same two tables in memory and are asked in turn: 100,000 rows each, 15
//! columns of numbers and 10 of categories. Their scores must agree in every round.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use super::asked::Asked;
use super::machine::{self, Machine};
use super::quantiles::{median, quantile};
use crate::workspace::Workspace;
use crate::{cargo, python};

const REQUIREMENTS: &str = "xtask/requirements-drift.txt";
const PEER: &str = "xtask/src/bench/drift/peer.py";
const EXAMPLE: &str = "--release --package shipworthy-stats --example drift";

/// How far apart two scores may be, as a part of them.
const TOLERANCE: f64 = 1e-9;

#[derive(Args)]
pub(crate) struct Options {
    /// How often each is measured
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(why) = python::missing_interpreter()? {
        bail!("no Python for Evidently: {why}");
    }
    let environment = python::environment(workspace, REQUIREMENTS)?;
    let example = cargo::build(workspace, EXAMPLE, "drift")?;
    let tables = workspace.cache.join("bench/drift");
    fs::create_dir_all(&tables)?;
    let mut evidently = Command::new(environment.join("bin/python"));
    evidently.env("PYTHONDONTWRITEBYTECODE", "1").arg(workspace.root.join(PEER)).arg(&tables);
    // It makes the tables, so it comes first.
    let mut evidently = ready(&mut evidently)?;
    let mut ours = ready(Command::new(example).arg(&tables))?;
    let mut samples: [Vec<f64>; 2] = Default::default();
    // The first round warms up.
    for round in 0..=options.rounds {
        let answers = [Answer::of(&mut ours)?, Answer::of(&mut evidently)?];
        answers[0].agrees(&answers[1])?;
        for (answer, samples) in answers.iter().zip(&mut samples) {
            samples.extend((round > 0).then_some(answer.millis));
        }
    }
    print!("{}", report(options, &machine::facts(workspace), &samples));
    Ok(())
}

fn ready(command: &mut Command) -> Result<Asked> {
    let mut process = Asked::start(command)?;
    let said = process.line()?;
    ensure!(said == "ready", "{command:?} is not ready, but says {said:?}");
    Ok(process)
}

/// How long it took, and the score of each column.
struct Answer {
    millis: f64,
    scores: BTreeMap<String, f64>,
}

impl Answer {
    fn of(process: &mut Asked) -> Result<Self> {
        let line = process.ask("drift")?;
        let value: Value =
            serde_json::from_str(&line).with_context(|| format!("no answer: {line:?}"))?;
        let millis = value["micros"].as_f64().context("no time")? / 1e3;
        let scores = value["scores"].as_object().context("no scores")?.iter();
        let scores = scores.map(|(column, score)| {
            Ok((column.clone(), score.as_f64().with_context(|| format!("no score of {column}"))?))
        });
        Ok(Self { millis, scores: scores.collect::<Result<_>>()? })
    }

    fn agrees(&self, other: &Self) -> Result<()> {
        ensure!(self.scores.keys().eq(other.scores.keys()), "they score different columns");
        for (column, score) in &self.scores {
            let theirs = other.scores[column];
            let is_near = (score - theirs).abs() <= TOLERANCE * theirs.abs();
            ensure!(is_near, "the score of {column} is {score}, and {theirs} of Evidently");
        }
        Ok(())
    }
}

fn report(options: &Options, machine: &Machine, samples: &[Vec<f64>; 2]) -> String {
    let Machine { cores, cpu, kernel, rustc, commit } = machine;
    let mut page = format!(
        "## Drift\n\n{} rounds, in turn; 25 columns of 100,000 rows in memory, reference and current, \
         with equal scores (1e-9). {cores} cores, {cpu}, {kernel}, {rustc}, commit {commit}.\n\n\
         | | median ms | quartiles | times ours | wanted |\n|---|---:|---:|---:|---:|\n",
        options.rounds
    );
    let ours = median(&samples[0]);
    for ((name, wanted), samples) in [("ours", ""), ("Evidently", "50")].iter().zip(samples) {
        let (low, high) = (quantile(samples, 0.25), quantile(samples, 0.75));
        let middle = median(samples);
        let times = middle / ours;
        page += &format!("| {name} | {middle:.1} | {low:.1}–{high:.1} | {times:.1} | {wanted} |\n");
    }
    page
}
