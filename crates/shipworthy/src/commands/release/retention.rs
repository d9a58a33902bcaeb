//! `shipworthy release prune`, `hold` and `free`: whose files stay.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use serde_json::json;
use shipworthy_control::release::named_in;
use shipworthy_core::ReleaseId;
use shipworthy_store::{Attribution, Permission, Release, StateDir, Store, store};

use super::ledger;
use crate::cli::Outcome;
use crate::output;
use crate::server::Acting;
use crate::system::System;

#[derive(ClapArgs, Debug)]
pub(super) struct PruneArgs {
    /// The newest releases stay, as many as this, whatever refers to them.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    keep: usize,

    /// Say what would go, and let it be.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    acting: Acting,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(ClapArgs, Debug)]
pub(super) struct HoldArgs {
    /// Its id, at least six digits of it, or its slot.
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    acting: Acting,
}

pub(super) fn prune(args: &PruneArgs, system: &System) -> Result<Outcome> {
    let pruned = args.acting.act(Permission::Control, system, |kept, by| {
        let named = in_ledger(kept.lock.dir())?;
        let prunable = kept.shelf.prunable(&named, args.keep)?;
        if !args.dry_run {
            for id in &prunable {
                kept.shelf.prune(id, by)?;
            }
        }
        Ok(prunable)
    })?;
    let ids: Vec<String> = pruned.iter().map(ToString::to_string).collect();
    if args.json {
        output::json(&json!({"pruned": ids, "dry_run": args.dry_run}))?;
    } else {
        ids.iter().try_for_each(|id| output::line(id))?;
        let done = if args.dry_run { "would be" } else { "are" };
        output::note(&format!("{} releases {done} pruned; their records stay", ids.len()));
    }
    Ok(Outcome::Done)
}

/// What the ledger names, if there is one.
fn in_ledger(directory: &StateDir) -> Result<BTreeSet<String>> {
    let reader = ledger(directory).context("the ledger cannot be read, so nothing is pruned")?;
    let named = reader.map_or_else(|| Ok(BTreeSet::new()), |reader| named_in(&reader));
    named.context("the ledger cannot be read to its end, so nothing is pruned")
}

pub(super) fn hold(args: &HoldArgs, system: &System) -> Result<Outcome> {
    args.act("hold", system, |store, id, by| store.hold_release(id, by))?;
    Ok(Outcome::Done)
}

pub(super) fn free(args: &HoldArgs, system: &System) -> Result<Outcome> {
    args.act("free", system, |store, id, by| store.free_release(id, by))?;
    Ok(Outcome::Done)
}

impl HoldArgs {
    /// Lets the server act that runs, or acts.
    fn act(
        &self,
        verb: &str,
        system: &System,
        action: impl FnOnce(&dyn Store, &ReleaseId, &Attribution) -> Result<Release, store::Error>,
    ) -> Result<()> {
        let Self { release, acting } = self;
        let id = match acting.server()? {
            Some(client) => {
                acting.ask(&client, ("releases", release, verb), json!({}))?["release"].clone()
            }
            None => acting.act(Permission::Control, system, |kept, by| {
                let id = kept.shelf.resolve(release)?;
                action(kept.shelf.store.as_ref(), &id, by)?;
                Ok(id.as_str().into())
            })?,
        };
        let done = if verb == "hold" { "is held" } else { "is held no longer" };
        output::line(&format!("{} {done}", id.as_str().unwrap_or(release)))
    }
}
