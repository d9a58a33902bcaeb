//! `shipworthy release verify RELEASE`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use serde_json::json;
use shipworthy_control::models;
use shipworthy_control::release::{Error, Shelf};
use shipworthy_core::ReleaseId;
use shipworthy_store::store;

use super::One;
use super::rebuild::{Rebuilt, rebuild};
use crate::cli::Outcome;
use crate::onnx_runtime::OnnxRuntime;
use crate::output;

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

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let one = &args.one;
    let shelf = Shelf { models: args.onnx.models(1), ..one.shelf()? };
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
    let rebuilt = match (&why, args.rebuild) {
        (None, true) => Some(rebuild(&shelf, &id, args.project.as_deref(), &one.state.state)?),
        _ => None,
    };
    let passes = why.is_none() && rebuilt.as_ref().is_none_or(|rebuilt| args.passes(rebuilt));
    if one.json {
        let id = id.to_string();
        output::json(&json!({"release": id, "ok": passes, "why": why, "rebuilt": rebuilt}))?;
    } else {
        tell(&id, why.as_deref(), rebuilt.as_ref(), passes)?;
    }
    if let (Some(why), true) = (&why, one.json) {
        output::note(&not_what_it_was(&id, why));
    }
    Ok(if passes { Outcome::Done } else { Outcome::Failed })
}

fn told(error: Error) -> String {
    format!("{:#}", anyhow::Error::new(error))
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
