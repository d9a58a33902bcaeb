//! `shipworthy image push FILE REFERENCE`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use serde_json::json;

use crate::cli::Outcome;
use crate::output;
use crate::registry::{Reference, Registry, RegistryArgs};

#[derive(ClapArgs, Debug)]
pub(super) struct Args {
    /// The file of the image.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Where it goes: HOST/NAME:TAG.
    #[arg(value_name = "REFERENCE")]
    reference: Reference,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let Args { file, reference, registry, json } = args;
    let layout = super::read(file)?;
    Registry::to_push(reference, *registry)?.push(&layout)?;
    let (name, digest) = (reference.to_string(), layout.image().digest().to_string());
    if *json {
        output::json(&json!({ "reference": name, "digest": digest }))?;
    } else {
        output::line(&digest)?;
        let attached = layout.referrers().len();
        output::note(&format!("{name} is this image, with {attached} artifacts attached"));
    }
    Ok(Outcome::Done)
}
