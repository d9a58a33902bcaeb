//! What a row costs, here and in other libraries, in microseconds.
//!
//! `trees --only ours` measures this runtime on the models of the tests, within seconds. With
//! `--plan FILE` it measures every contender of the plan in one interleaved run and prints JSON;
//! `cargo xtask bench trees` writes the plan and reads the answer.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that prints how long things took"
)]

mod contender;
mod ours;
mod plan;
mod rounds;
mod rows;

use std::env;

use anyhow::{Context, Result, bail};

use crate::plan::Plan;

const USAGE: &str =
    "usage: trees --only ours [--model NAME] [--rounds N]\n       trees --plan FILE";

fn main() -> Result<()> {
    let mut plan = None;
    let mut model = None;
    let mut rounds = None;
    let mut arguments = env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{flag} needs a value\n{USAGE}"))?;
        match (flag.as_str(), value.as_str()) {
            ("--only", "ours") => plan = Some(Plan::ours()),
            ("--plan", path) => plan = Some(Plan::read(path.as_ref())?),
            ("--model", name) => model = Some(name.to_owned()),
            ("--rounds", number) => rounds = Some(number.parse().context("--rounds")?),
            _ => bail!("{flag} {value}?\n{USAGE}"),
        }
    }
    let mut plan = plan.context(USAGE)?;
    plan.rounds = rounds.unwrap_or(plan.rounds);
    plan.models.retain(|candidate| model.as_ref().is_none_or(|name| *name == candidate.name));
    let report = rounds::run(&plan)?;
    println!("{}", if plan.json { report.to_json() } else { report.to_text() });
    Ok(())
}
