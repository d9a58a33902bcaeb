//! `shipworthy deploy`: a rollout begins, of a release that is brought along where the server does
//! not have it.

use anyhow::{Context, Error, Result};
use serde_json::json;
use shipworthy_control::release::Shelf;
use shipworthy_core::ReleaseId;

use super::{Endpoint, no_server, told};
use crate::cli::Outcome;
use crate::client::is_refusal;
use crate::commands::release;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::system::System;

/// Begin the rollout of a release, beside the one that is stable.
///
/// The server loads the release and verifies it first: every byte, every signature, its golden
/// rows. How it becomes stable is for `[rollout]` to say. A release that the server does not have,
/// and the state directory does, is sent to it first.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  shipworthy deploy flight-delay 08d796d1faec --reason \
    'learned from June too'\n  shipworthy deploy flight-delay 08d796d1faec --strategy shadow \
    --reason 'see how it decides'\n  shipworthy deploy flight-delay 08d796d1faec --server \
    http://127.0.0.1:9081 --reason 'made by the pipeline'")]
pub(crate) struct Args {
    #[command(flatten)]
    to: Endpoint,

    /// Its id, at least six digits of it, or its slot.
    #[arg(value_name = "RELEASE")]
    release: String,

    /// In which way, instead of the project's.
    #[arg(long, value_name = "shadow|canary|blue_green",
        value_parser = ["shadow", "canary", "blue_green"], hide_possible_values = true)]
    strategy: Option<String>,

    #[command(flatten)]
    onnx: OnnxRuntime,
}

pub(super) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let acting = &args.to.acting;
    let Some(server) = acting.server()? else { return no_server(&acting.state) };
    let deploy = |release: &str| {
        args.to.ask(&server, "deploy", json!({"release": release, "strategy": args.strategy}))
    };
    match deploy(&args.release) {
        Ok(seen) => told(seen),
        Err(refused) => {
            let Some((shelf, id)) = lacking(args, &refused, system) else { return Err(refused) };
            release::send(&shelf, &id, &server, &acting.reason)
                .with_context(|| format!("the server does not have {id}, and it is not sent"))?;
            told(deploy(id.as_str())?)
        }
    }
}

/// The release that the server lacks, where it lies here. Slots are the server's: it alone knows
/// what is in them.
fn lacking(args: &Args, refused: &Error, system: &System) -> Option<(Shelf, ReleaseId)> {
    if !is_refusal(refused, "no_such_release") || args.release.contains('@') {
        return None;
    }
    let shelf = release::shelf(&args.to.acting.state).ok()?;
    let id = shelf.resolve(&args.release).ok()?;
    Some((Shelf { models: ModelLoader::for_command(&args.onnx, system), ..shelf }, id))
}
