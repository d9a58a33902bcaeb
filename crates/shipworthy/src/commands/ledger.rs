//! `shipworthy ledger`: what was decided and done.

mod decision;
pub(crate) mod entries;
mod export;
mod parquet;
mod show;
mod tail;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;
use shipworthy_core::DecisionId;

pub(crate) use self::decision::{answer, moment};
use self::entries::Ledger;
use crate::cli::Outcome;
use crate::client::{RemoteArgs, find_to_read};
use crate::output;
use crate::state::StateArgs;
use crate::system::System;

/// Read the ledger: every decision, with its input, its output and the release that made it, and
/// every control action, with who did it and why.
///
/// These commands ask the server that runs, and read the files themselves when none does. They
/// change nothing.
#[derive(ClapArgs, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(ClapArgs, Debug)]
struct Place {
    #[command(flatten)]
    state: StateArgs,

    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the newest entries.
    #[command(after_help = "Examples:\n  shipworthy ledger tail\n  shipworthy ledger tail -n 100 \
        --json | jq .payload.input\n  shipworthy ledger tail --follow")]
    Tail {
        /// How many; at most 1000.
        #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 20,
              value_parser = clap::value_parser!(u64).range(0..=1000))]
        count: u64,

        /// Go on, and show entries as they come, until interrupted.
        #[arg(short, long)]
        follow: bool,

        /// Print one JSON object an entry, as it is in the ledger.
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        place: Place,
    },
    /// Show everything about one decision or control action.
    #[command(after_help = "Example:\n  shipworthy ledger show \
        0197b2c3-1c1e-7c3a-9a51-2f6c8a1d4e5f\n  shipworthy ledger show event:2")]
    Show {
        /// The entry's id, from the answer's `decision_ids` or from `ledger tail`; or event:N, the
        /// control action of that number.
        #[arg(value_name = "ID", value_parser = show::parse_id)]
        id: DecisionId,

        /// Print the entry as JSON, as it is in the ledger.
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        place: Place,
    },
    /// Write all decisions to a Parquet file, one row each; a shadow's answers are rows of their own,
    /// under the ids of the decisions beside them.
    ///
    /// Columns: decision_id, received_at (UTC), endpoint, release, slot (shadow: nobody was told),
    /// status (answered, refused, quarantined or stopped; of shadows also failed), input and output
    /// (JSON text), latency_us. Decisions made after the start of
    /// the export are not in it. The file appears whole, in the end, or not at all.
    #[command(after_help = "Example:\n  shipworthy ledger export --output decisions.parquet")]
    Export {
        /// The file to write; one that is there is replaced.
        #[arg(short, long, value_name = "F.parquet")]
        output: PathBuf,

        /// Print what was written as JSON.
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        place: Place,
    },
}

pub(crate) fn run(args: &Args, _system: &System) -> Result<Outcome> {
    match &args.command {
        Command::Tail { count, follow, json, place } => {
            tail::tail(&open(place)?, *count, *follow, *json)?;
        }
        Command::Show { id, json, place } => show::show(&open(place)?, *id, *json)?,
        Command::Export { output: file, json, place } => {
            let decisions = export::export(&open(place)?, file)?;
            let path = file.display();
            if *json {
                let written = json!({"decisions": decisions, "output": path.to_string()});
                output::json(&written)?;
            } else {
                output::note(&format!("{decisions} decisions written to {path}"));
            }
        }
    }
    Ok(Outcome::Done)
}

fn open(place: &Place) -> Result<Ledger> {
    Ledger::open(find_to_read(&place.state.state, &place.remote)?)
}

#[cfg(test)]
mod tests;
