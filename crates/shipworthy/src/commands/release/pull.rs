//! `shipworthy release pull RELEASE --server URL`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use shipworthy_control::release::Archive;

use super::archive::{Place, tell};
use crate::cli::Outcome;
use crate::client::{Client, TokenArgs, segment};
use crate::onnx_runtime::OnnxRuntime;
use crate::state::StateArgs;
use crate::system::System;

/// The longest archive that is taken: as long as one that a server sends, with its statements.
const MAX_ARCHIVE_BYTES: u64 = 576 << 20;

/// Take a release in from a running server, with what is said of it.
///
/// The server sends it as `release export` writes it, and it is taken in as `release import` does:
/// every byte is held to its id, and its provenance must be signed by a key that is trusted here.
/// What serves somewhere can so be compared with what is about to: `test --against`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  shipworthy release pull flight-delay@stable --server \
    http://models:8081 --trust team.pem --state .shipworthy")]
pub(super) struct Args {
    /// Its id there, at least six digits of it, or its slot: ENDPOINT@stable, @candidate, @previous
    /// (the only endpoint needs no name).
    #[arg(value_name = "RELEASE")]
    release: String,

    /// The control plane of the server that has it.
    #[arg(long, value_name = "URL")]
    server: String,

    /// A token of that server which may read.
    #[arg(long, value_name = "TOKEN", env = "SHIPWORTHY_TOKEN", hide_env_values = true)]
    token: String,

    /// Trust the keys of this file first (Ed25519 in PEM, as `key show` prints them).
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,

    #[command(flatten)]
    state: StateArgs,

    /// Why; it stands in the record of this action.
    #[arg(long, value_name = "WHY", default_value = "taken in by `shipworthy release pull`")]
    reason: String,

    #[command(flatten)]
    onnx: OnnxRuntime,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let Args { release, server, token, .. } = args;
    let server = Client::new(server, token.clone())?;
    let path = format!("/v1/releases/{}/archive", segment(release));
    let bytes = server.download(&path, MAX_ARCHIVE_BYTES)?;
    let archive = Archive::read(&*bytes);
    let archive = archive.with_context(|| format!("what {} sent is refused", server.base()))?;
    drop(bytes);
    let digits = release.strip_prefix("sha256:").unwrap_or(release);
    if !release.contains('@') && !archive.id().hex().starts_with(digits) {
        bail!("{} was asked for {release} and sent {}", server.base(), archive.id());
    }
    let place = Place {
        state: &args.state,
        trust: args.trust.as_deref(),
        // The token is the other server's.
        actor: &TokenArgs::default(),
        reason: &args.reason,
        onnx: &args.onnx,
    };
    tell(&place.take(&archive, system)?, args.json)?;
    Ok(Outcome::Done)
}
