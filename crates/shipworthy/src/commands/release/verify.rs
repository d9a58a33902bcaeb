//! `shipworthy release verify RELEASE`.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::Args as ClapArgs;
use serde_json::json;
use shipworthy_control::release::{Error, Shelf};
use shipworthy_control::{models, outbox};
use shipworthy_core::ReleaseId;
use shipworthy_store::{StateDir, store};

use super::rebuild::{Rebuilt, rebuild};
use super::{One, ledger};
use crate::cli::Outcome;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::output;
use crate::system::System;

#[derive(ClapArgs, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    one: One,

    /// Also check the commit out into a clean tree, train again, and compare.
    #[arg(long)]
    rebuild: bool,

    /// The project to make it again from, or a clone of it; else the one of the state directory.
    #[arg(long, value_name = "DIR", requires = "rebuild")]
    project: Option<PathBuf>,

    /// The largest difference of a prediction over the golden rows that passes, where the bits
    /// are not the same: made on another processor, say.
    #[arg(long, value_name = "DIFFERENCE", requires = "rebuild", value_parser = tolerance)]
    tolerance: Option<f64>,

    #[command(flatten)]
    onnx: OnnxRuntime,
}

fn tolerance(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "expected a number from 0 on".to_owned())
}

pub(super) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let one = &args.one;
    let shelf = Shelf { models: ModelLoader::for_command(&args.onnx, system), ..one.shelf()? };
    let id = shelf.resolve(&one.release)?;
    let why = match shelf.verify(&id) {
        Ok(_) => None,
        Err(error @ Error::Store(store::Error::Corrupt { .. })) => Some(told(error)),
        // Nothing was found out about the release.
        Err(
            error @ (Error::Store(_)
            | Error::Unknown { .. }
            | Error::Model { source: models::Error::NoRuntime(_), .. }),
        ) => return Err(error.into()),
        Err(error) => Some(told(error)),
    };
    let (same_events, edited) = match &why {
        None => compare_events(&shelf, &one.state.state, &id)?,
        Some(_) => (None, None),
    };
    let why = why.or(edited);
    let rebuilt = match (&why, args.rebuild) {
        (None, true) => Some(rebuild(&shelf, &id, args.project.as_deref(), &one.state.state)?),
        _ => None,
    };
    let passes = why.is_none() && rebuilt.as_ref().is_none_or(|rebuilt| args.passes(rebuilt));
    if one.json {
        let id = id.to_string();
        output::json(&json!({
            "release": id, "ok": passes, "why": why, "rebuilt": rebuilt,
            "events_in_ledger": same_events,
        }))?;
    } else {
        tell(&id, why.as_deref(), rebuilt.as_ref(), passes)?;
    }
    if let (Some(why), true) = (&why, one.json) {
        output::note(&not_what_it_was(&id, why));
    }
    Ok(if passes { Outcome::Done } else { Outcome::Failed })
}

fn told(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}

/// Compares the events about a release with their copies in the ledger, if there is one: how many
/// are the same, or which one is not. A ledger that cannot be read says nothing about a release.
fn compare_events(
    shelf: &Shelf,
    state: &Path,
    id: &ReleaseId,
) -> Result<(Option<usize>, Option<String>)> {
    let unread = |error: anyhow::Error| {
        output::note(&format!(
            "warning: the events about this release are not compared with the ledger, which cannot \
             be read: {error:#}"
        ));
        Ok((None, None))
    };
    let ledger = match ledger(&StateDir::open(state)?) {
        Ok(Some(ledger)) => ledger,
        Ok(None) if shelf.store.outbox()?.is_none() => return Ok((None, None)),
        Ok(None) => return unread(anyhow!("it is gone, though it has copies")),
        Err(error) => return unread(error),
    };
    match outbox::compare(shelf.store.as_ref(), &ledger, id.as_str()) {
        Ok(Ok(same)) => Ok((Some(same), None)),
        Ok(Err(edited)) => Ok((None, Some(told(edited)))),
        Err(error @ outbox::Error::Read(_)) => unread(error.into()),
        Err(error) => Err(error.into()),
    }
}

impl Args {
    fn passes(&self, rebuilt: &Rebuilt) -> bool {
        let is_within = |tolerance| {
            rebuilt.largest_difference.is_some_and(|difference| difference <= tolerance)
        };
        rebuilt.same || self.tolerance.is_some_and(is_within)
    }
}

fn not_what_it_was(id: &ReleaseId, why: &str) -> String {
    format!("{id} is not what it was: {why}")
}

fn tell(id: &ReleaseId, why: Option<&str>, rebuilt: Option<&Rebuilt>, passes: bool) -> Result<()> {
    if let Some(why) = why {
        output::note(&not_what_it_was(id, why));
        return Ok(());
    }
    output::line(&format!("{id} is what it was, and answers as it did"))?;
    let Some(rebuilt) = rebuilt else { return Ok(()) };
    if rebuilt.same {
        output::line("made again from its commit, it is the same, bit for bit")?;
    } else {
        let difference = match rebuilt.largest_difference {
            Some(largest) => {
                format!("the largest difference of a golden prediction is {largest:e}")
            }
            None => "its golden predictions cannot be compared".to_owned(),
        };
        let verdict = if passes { ", which --tolerance lets pass" } else { "" };
        output::note(&format!("made again from its commit, it is another: {difference}{verdict}"));
    }
    for difference in &rebuilt.differences {
        output::note(&format!("  {:<9} {}", difference.what.name(), difference.detail));
    }
    Ok(())
}
