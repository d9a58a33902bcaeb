//! `shipworthy test`: the gates that a release must pass.

mod trial;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::json;
use shipworthy_control::gate::{Report, report};
use shipworthy_control::models::Trees;
use shipworthy_control::project::LedgerSizes;
use shipworthy_control::statement::stated;
use shipworthy_core::ReleaseId;
use shipworthy_store::Permission;

use crate::cli::Outcome;
use crate::client::{Found, RemoteArgs, find, segment};
use crate::server::{State, copy_events};
use crate::signing::SigningArgs;
use crate::system::System;
use crate::{output, state};
pub(crate) use trial::{Trial, TrialArgs};

/// Test a release by the gates of its project, on rows that its training never saw.
///
/// A gate about a number passes by its confidence bound: what could be worse than the limit is no
/// pass, and too few rows are none. Exit code 1 when a gate fails.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  shipworthy test examples/flights\n  shipworthy test . \
    --candidate 08d796d1faec --against @stable --junit gates.xml")]
pub(crate) struct Args {
    #[command(flatten)]
    trial: TrialArgs,

    /// Sign nothing: otherwise the report becomes a signed statement about the release.
    #[arg(long)]
    no_attest: bool,

    /// Why; it stands in the record of the statement.
    #[arg(long, value_name = "WHY", default_value = "tested by `shipworthy test`")]
    reason: String,

    #[command(flatten)]
    remote: RemoteArgs,

    #[command(flatten)]
    signing: SigningArgs,

    /// Write JUnit's XML, for build servers.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write Markdown, for the summary of a job or a comment.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write one page of HTML, for people.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let project = state::read_project(&args.trial.project)?;
    if project.gates.is_empty() {
        bail!(
            "{} declares no gates: add a [[gate]] (docs/reference/project-file.md), for example\n\n  \
             [[gate]]\n  metric = \"roc_auc\"\n  min = 0.65",
            state::project_file(&args.trial.project).display()
        );
    }
    let trial = Trial::open(&args.trial, project, system)?;
    let report = trial.judge(system)?;
    tell(args, &report)?;
    if !args.no_attest {
        match attest(args, (trial.candidate.id(), &report), system) {
            Ok(()) => output::note("the report is signed, as a statement about the release"),
            Err(error) => output::note(&format!("the report is not signed: {error:#}")),
        }
    }
    Ok(if report.passed { Outcome::Done } else { Outcome::Failed })
}

/// Says the report about the release, signed; by the server that holds the state, if one runs.
fn attest(args: &Args, (id, told): (&ReleaseId, &Report), system: &System) -> Result<()> {
    const KIND: &str = "gate-report";
    let place = args.trial.place();
    let predicate = report::predicate(told);
    if let Found::Server(client) = find(&place, &args.remote)? {
        let body = json!({"type": KIND, "predicate": predicate, "reason": args.reason});
        let path = format!("/v1/releases/{}:attest", segment(id.as_str()));
        client.post::<_, serde_json::Value>(&path, &body)?;
        return Ok(());
    }
    let said = stated(KIND, predicate)?;
    let kept = State::open(&place, Arc::new(Trees), system)?;
    let by = kept.authorise(&args.remote.actor, Permission::Control, &args.reason, system)?;
    let signer = args.signing.signer(&kept, Some(&by), system)?;
    kept.shelf.attest(id, &said, &signer, &by)?;
    copy_events(&kept.lock, &kept.shelf.store, &LedgerSizes::default(), system);
    Ok(())
}

fn tell(args: &Args, told: &Report) -> Result<()> {
    let files = [
        (&args.junit, report::junit as fn(&Report) -> String),
        (&args.markdown, report::markdown),
        (&args.html, report::html),
    ];
    for (file, write) in files {
        let Some(file) = file else { continue };
        fs::write(file, write(told)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.json {
        return output::json(told);
    }
    for gate in &told.gates {
        let mark = match gate.passed {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "·",
        };
        output::line(&format!("{mark} {:<15} {}\n    {}", gate.verdict(), gate.name, gate.why))?;
    }
    output::line(&told.summary())
}
