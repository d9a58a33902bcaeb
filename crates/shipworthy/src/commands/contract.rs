//! `shipworthy contract`: contracts from elsewhere, from data, and beside one another.

mod diff;
mod import;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args as ClapArgs, Subcommand};

use crate::cli::Outcome;
use crate::commands::init;
use crate::output;

/// Take a contract over from elsewhere, propose one from data, or compare two.
#[derive(ClapArgs, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a suite or a schema as `[[column]]` and `[[expect]]` sections of a project file.
    ///
    /// Takes a suite of Great Expectations (1.x or 0.18), or a JSON Schema of an object as Pydantic's
    /// model_json_schema() writes it. What cannot be translated is listed on standard error, each
    /// with the reason.
    #[command(
        after_help = "Examples:\n  shipworthy contract import suite.json >> shipworthy.toml\n  \
        python -c 'import json, app; print(json.dumps(app.Payment.model_json_schema()))' | \
        shipworthy contract import -"
    )]
    Import {
        /// The suite or schema (JSON); `-` reads standard input.
        #[arg(value_name = "SUITE")]
        source: PathBuf,
    },
    /// Print the [[column]] sections that a data file suggests, with the evidence beside each.
    ///
    /// `shipworthy init` makes a whole project of a file; this is its contract alone.
    #[command(after_help = "Example:\n  shipworthy contract infer loans.parquet --target Status")]
    Infer {
        /// The data: a .parquet, .csv or .jsonl file.
        #[arg(value_name = "DATA")]
        data: PathBuf,

        /// The column that is predicted: it is no part of the contract.
        #[arg(long, value_name = "COLUMN")]
        target: Option<String>,
    },
    /// Say what a caller notices when B takes the place of A; exit with code 1 when it breaks
    /// requests.
    ///
    /// Breaking is what refuses a request that was answered, or answers it without a value that it
    /// has: a narrower range, a column that is newly required, another type, a category that is gone.
    #[command(
        after_help = "Example:\n  git show main:shipworthy.toml > /tmp/old.toml\n  shipworthy \
        contract diff /tmp/old.toml shipworthy.toml"
    )]
    Diff {
        /// The contract before: a project, its shipworthy.toml, or a release's contract.json.
        #[arg(value_name = "A")]
        old: PathBuf,

        /// The contract after.
        #[arg(value_name = "B")]
        new: PathBuf,

        /// Print the changes as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    match &args.command {
        Command::Import { source } => import::run(source)?,
        Command::Infer { data, target } => {
            let text = init::contract(data, target.as_deref())?;
            output::line(text.trim())?;
        }
        Command::Diff { old, new, json } => return diff::run(old, new, *json),
    }
    Ok(Outcome::Done)
}
