//! `shipworthy release forget`: a person's rows are erased, and the release stays what it is.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use serde_json::json;
use shipworthy_control::reference::ReferenceRows;
use shipworthy_control::release::Shelf;
use shipworthy_core::ReleaseId;
use shipworthy_store::{Attribution, Permission};

use crate::cli::Outcome;
use crate::output;
use crate::server::Acting;
use crate::system::System;

#[derive(ClapArgs, Debug)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["condition", "all"]))]
pub(super) struct Args {
    /// The release; without one, of every release.
    #[arg(value_name = "RELEASE")]
    release: Option<String>,

    /// The rows where a column of the contract has this value: card=4711.
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    condition: Option<(String, String)>,

    /// Every row.
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    acting: Acting,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn condition(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(column, _)| !column.is_empty());
    let (column, value) = parts.ok_or("expected COLUMN=VALUE")?;
    Ok((column.to_owned(), value.to_owned()))
}

pub(super) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let erased =
        args.acting.act(Permission::Control, system, |kept, by| forget(args, &kept.shelf, by))?;
    if args.json {
        output::json(&json!({ "erased": erased }))?;
    } else {
        output::line(&format!("{erased} reference rows are erased"))?;
    }
    Ok(Outcome::Done)
}

/// A name that no row has would forget nobody, and say that it did.
fn check_column(shelf: &Shelf, releases: &[ReleaseId], column: &str) -> Result<()> {
    let mut known = BTreeSet::new();
    for id in releases {
        known.extend(shelf.reference_rows(id)?.iter().flat_map(ReferenceRows::columns));
    }
    if known.is_empty() || known.contains(column) {
        return Ok(());
    }
    let known = known.into_iter().collect::<Vec<_>>().join(", ");
    bail!("no reference row has a column `{column}`; there are {known}")
}

/// Gives how many rows.
fn forget(args: &Args, shelf: &Shelf, by: &Attribution) -> Result<usize> {
    let releases = match &args.release {
        Some(release) => vec![shelf.resolve(release)?],
        None => shelf.ids()?,
    };
    if let Some((column, _)) = &args.condition {
        check_column(shelf, &releases, column)?;
    }
    let mut erased = 0;
    for id in releases {
        let rows = shelf.erase_reference_rows(
            &id,
            |rows| match &args.condition {
                Some((column, value)) => rows.erase(column, value),
                None => rows.erase_all(),
            },
            by,
        );
        erased += rows.with_context(|| format!("{erased} rows were erased before {id}"))?.len();
    }
    Ok(erased)
}
