//! `shipworthy ci comment PROJECT --against RELEASE`: what a change does, for a pull request.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use shipworthy_contract::{Change as ContractChange, difference};
use shipworthy_control::comparison::{Comparison, compare};
use shipworthy_control::gate::report::{Comment, comment};
use shipworthy_control::gate::{Change, Judged};

use crate::cli::Outcome;
use crate::commands::release::side;
use crate::commands::test::{Trial, TrialArgs};
use crate::system::System;
use crate::{output, state};

/// Write the comment of a pull request: what a change does against the release that serves.
///
/// Metrics with the interval of their difference, slices that moved, the contract, gates that fail,
/// and how long a row takes, all on the same rows, which the training never saw. It tells and judges
/// nothing, so its exit code is 0 whatever it finds: `shipworthy test` is what stops a change.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  stable=$(shipworthy release pull flight-delay@stable --server \
    http://models:8081)\n  shipworthy ci comment . --against \"$stable\" --output comment.md"
)]
pub(super) struct Args {
    #[command(flatten)]
    trial: TrialArgs,

    /// Write it into this file instead of to standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print JSON; the file has Markdown all the same.
    #[arg(long)]
    json: bool,
}

/// The comment for programs.
#[derive(Serialize)]
struct Told<'a> {
    candidate: &'a str,
    against: Option<&'a str>,
    rows: usize,
    passed: bool,
    gates: &'a [Judged],
    change: Option<&'a Change>,
    contract: &'a [ContractChange],
    differences: &'a Comparison,
    markdown: &'a str,
}

pub(super) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let project = state::read_project(&args.trial.project)?;
    let trial = Trial::open(&args.trial, project, system)?;
    let Trial { project, shelf, candidate, .. } = &trial;
    let Some(stable) = &trial.stable else {
        bail!(
            "there is no release to hold {} against: name it with --against; `shipworthy release \
             pull ENDPOINT@stable --server URL` takes in the one that serves",
            candidate.id()
        );
    };
    let report = trial.judge(system)?;
    let never = || Err("a comment trains nothing".to_owned());
    let change = match candidate.id() == stable.id() {
        true => None,
        false => trial.ground(&never, system).change()?,
    };
    let contract = difference(stable.contract(), candidate.contract());
    let compared = compare(&side(shelf, stable.id())?, &side(shelf, candidate.id())?);
    let reproduce = reproduce(args, &trial, stable.id().as_str());
    let markdown = comment(&Comment {
        project: &project.identity.name,
        report: &report,
        change: change.as_ref(),
        contract: &contract,
        compared: &compared,
        reproduce: &reproduce,
    });
    if let Some(path) = &args.output {
        fs::write(path, &markdown).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if args.json {
        output::json(&Told {
            candidate: &report.candidate,
            against: report.against.as_deref(),
            rows: report.rows,
            passed: report.passed,
            gates: &report.gates,
            change: change.as_ref(),
            contract: &contract,
            differences: &compared,
            markdown: &markdown,
        })?;
    } else if args.output.is_none() {
        output::line(markdown.trim_end())?;
    }
    Ok(Outcome::Done)
}

/// The commands that give this comment again, in a clone of the repository.
fn reproduce(args: &Args, trial: &Trial, stable: &str) -> Vec<String> {
    let project = args.trial.project.display();
    let commit = trial.candidate.commit().map(|commit| format!("git checkout {commit}"));
    let release = format!("shipworthy release {project}");
    let pull =
        format!("shipworthy release pull {stable} --server URL --state {project}/.shipworthy");
    let id = trial.candidate.id();
    let comment = format!("shipworthy ci comment {project} --candidate {id} --against {stable}");
    commit.into_iter().chain([release, pull, comment]).collect()
}
