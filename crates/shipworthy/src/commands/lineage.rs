//! `shipworthy lineage`: where a decision comes from, and what became of a commit.

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use serde_json::Value;
use shipworthy_control::lineage::{self, Decision, Subject};
use shipworthy_control::release::Shelf;
use shipworthy_core::{DecisionId, ReleaseId};

use crate::cli::Outcome;
use crate::client::{RemoteArgs, find_to_read};
use crate::commands::ledger::entries::{Entry, Ledger};
use crate::commands::ledger::{answer, moment};
use crate::commands::release;
use crate::output;
use crate::state::StateArgs;
use crate::system::System;

/// Show where something comes from, and what came of it.
///
/// Of a decision: the release that made it, the commit and the data behind that, what is said
/// about it and where it serves. Of a release also its newest decisions; of a commit or a file of
/// rows all that was made of it. It works beside a running server.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:\n  shipworthy lineage 0197b2c3-1c1e-7c3a-9a51-2f6c8a1d4e5f\n  \
    shipworthy lineage @stable\n  shipworthy lineage commit:0c43dd1 --mermaid\n  shipworthy lineage \
    dataset:$(sha256sum data/flights.parquet | cut -c1-64) --json")]
pub(crate) struct Args {
    /// A decision's id; a release by its id, six or more digits of it or its slot; a commit; the
    /// SHA-256 of a file of rows. Where digits could mean two things, `release:`, `commit:` or
    /// `dataset:` before them says which.
    #[arg(value_name = "ID")]
    id: String,

    /// The most decisions to show, the newest: of those among the last 10,000 entries.
    #[arg(long, value_name = "COUNT", default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(0..=10_000))]
    decisions: u64,

    #[command(flatten)]
    state: StateArgs,

    /// Print JSON: nodes, and edges as [from, to, relation].
    #[arg(long)]
    json: bool,

    /// Print a flowchart of Mermaid.
    #[arg(long, conflicts_with = "json")]
    mermaid: bool,
}

/// How far back decisions are looked for: a page of the control plane.
const LOOK_BACK_ENTRIES: u64 = 10_000;

pub(crate) fn run(args: &Args, _system: &System) -> Result<Outcome> {
    let shelf = release::shelf(&args.state)?;
    let subject = subject(args, &shelf)?;
    let releases = lineage::releases(&shelf, &subject)?;
    let decisions = match &subject {
        Subject::Decision(_) => Vec::new(),
        _ => decisions(args, &releases)?,
    };
    let graph = lineage::graph(&shelf, &subject, &releases, &decisions)?;
    if args.json {
        output::json(&graph)?;
    } else if args.mermaid {
        output::line(&graph.mermaid())?;
    } else {
        output::line(&graph.tree(subject.id()))?;
    }
    Ok(Outcome::Done)
}

fn subject(args: &Args, shelf: &Shelf) -> Result<Subject> {
    let decision = args.id.strip_prefix("decision:").unwrap_or(&args.id);
    if let Ok(id) = decision.parse::<DecisionId>() {
        let ledger = ledger(args)?.context("there is no ledger yet, so no decision")?;
        let entry = ledger.find(id)?;
        return Ok(Subject::Decision(read(&entry).context("this entry is no decision")?));
    }
    let mut found = lineage::find(shelf, &args.id)?;
    match found.len() {
        0 => bail!(
            "nothing here is called `{}`: neither a decision nor a release, a commit of one, or a \
             file that one was trained on; `shipworthy release list` lists the releases",
            args.id
        ),
        1 => Ok(found.remove(0)),
        count => bail!(
            "{count} things are called `{}`: give more of the name, or say which with `release:`, \
             `commit:` or `dataset:` before it",
            args.id
        ),
    }
}

fn ledger(args: &Args) -> Result<Option<Ledger>> {
    // A project that was released and never served has no ledger.
    let is_there = args.state.state.join("ledger").is_dir();
    match is_there {
        true => {
            let found = find_to_read(&args.state.state, &RemoteArgs::default())?;
            Ok(Some(Ledger::open(found)?))
        }
        false => Ok(None),
    }
}

/// The newest decisions of these releases.
fn decisions(args: &Args, releases: &[ReleaseId]) -> Result<Vec<Decision>> {
    let ledger = if args.decisions == 0 { None } else { ledger(args)? };
    let Some(ledger) = ledger else { return Ok(Vec::new()) };
    let from = ledger.end()?.saturating_sub(LOOK_BACK_ENTRIES);
    let mut made = Vec::new();
    for entry in ledger.entries(from) {
        let Some(decision) = read(&entry?) else { continue };
        if releases.iter().any(|id| id.as_str() == decision.release) {
            made.push(decision);
        }
    }
    made.reverse();
    made.truncate(usize::try_from(args.decisions)?);
    Ok(made)
}

/// What an entry says of a decision; `None` when it is about none, or was erased. What a shadow makes
/// of a row is no decision.
fn read(entry: &Entry) -> Option<Decision> {
    entry.status().filter(|_| !entry.is_shadow())?;
    let recorded = entry.recorded().ok()??;
    let output: Value = serde_json::from_str(recorded.output.get()).ok()?;
    let label = format!("{} at {}", answer(recorded.status, &output), moment(recorded.received_at));
    Some(Decision { id: entry.id.clone(), release: recorded.release, label })
}
