//! What a row costs, here and in other libraries, in microseconds.
//!
//! `trees --only ours` measures this runtime on the models of the tests, within seconds. With
//! `--plan FILE` it measures every contender of the plan in one interleaved run and prints JSON;
//! `cargo xtask bench trees` writes the plan and reads the answer.

#![allow(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that prints how long things took, on rows rounded to f32 on purpose"
)]

mod compiled;
mod contender;
mod library;
mod lightgbm;
mod onnxruntime;
mod ours;
mod plan;
mod python;
mod report;
mod rounds;
mod rows;
mod xgboost;

use std::env;

use anyhow::{Context, Result, bail};

use crate::plan::Plan;

const USAGE: &str = "usage: trees --only ours | --plan FILE [--model NAME] [--rounds N]";
const DEFAULT_ROUNDS: usize = 9;

fn main() -> Result<()> {
    let (mut plan, mut json, mut model, mut rounds) = (None, false, None, DEFAULT_ROUNDS);
    let mut arguments = env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{flag} needs a value\n{USAGE}"))?;
        match (flag.as_str(), value.as_str()) {
            ("--only", "ours") => plan = Some(Plan::ours()),
            ("--plan", path) => (plan, json) = (Some(Plan::read(path.as_ref())?), true),
            ("--model", name) => model = Some(name.to_owned()),
            ("--rounds", number) => rounds = number.parse().context("--rounds")?,
            _ => bail!("{flag} {value}?\n{USAGE}"),
        }
    }
    let mut plan = plan.context(USAGE)?;
    plan.models.retain(|candidate| model.as_ref().is_none_or(|name| *name == candidate.name));
    let arenas = rounds::run(&plan, rounds)?;
    println!("{}", if json { report::json(&arenas) } else { report::text(&arenas) });
    Ok(())
}
