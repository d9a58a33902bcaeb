//! `shipworthy release export`, and `release import` of such a file.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shipworthy_control::project::LedgerSizes;
use shipworthy_control::release::{Archive, Error, Refusal, Shelf, Taken};
use shipworthy_core::ReleaseId;
use shipworthy_core::signing::PublicKey;
use shipworthy_store::Permission;
use ureq::AsSendBody;

use super::One;
use super::import;
use crate::cli::Outcome;
use crate::client::{Client, Found, TokenArgs, find, segment};
use crate::input;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::output;
use crate::server::{State, copy_events};
use crate::state::StateArgs;
use crate::system::System;

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  shipworthy release export 08d796d1faec --output late.tar\n  \
    shipworthy key show > team.pem\nand where it is to go:\n  shipworthy release import late.tar --trust \
    team.pem")]
pub(super) struct Args {
    #[command(flatten)]
    one: One,

    /// The file to write.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    onnx: OnnxRuntime,
}

pub(super) fn export(args: &Args, system: &System) -> Result<Outcome> {
    let mut shelf = args.one.shelf()?;
    shelf.models = ModelLoader::for_command(&args.onnx, system);
    let archive = shelf.export(&shelf.resolve(&args.one.release)?)?;
    let path = &args.output;
    let written = output::file(path, |out| archive.write(out));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    if args.one.json {
        let bytes = fs::metadata(path)?.len();
        output::json(&json!({"release": archive.id().as_str(), "path": path, "bytes": bytes}))?;
    } else {
        output::line(&path.display().to_string())?;
    }
    Ok(Outcome::Done)
}

/// Whether a file begins as an archive of a release does.
pub(super) fn is_meant(path: &Path) -> bool {
    const NAME: &[u8] = b"release.json\0";
    const MAGIC: (usize, &[u8]) = (257, b"ustar");
    let mut begin = [0; 512];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && begin.starts_with(NAME) && begin[MAGIC.0..].starts_with(MAGIC.1)
}

/// What to do about a key that is not known here.
fn advised(error: Error) -> anyhow::Error {
    let is_unknown = matches!(&error,
        Error::Refused { why, .. } if matches!(**why, Refusal::NoProvenance));
    let error = anyhow::Error::from(error);
    match is_unknown {
        true => error.context(
            "nobody who is trusted here says where it comes from: --trust FILE trusts the keys that \
             `shipworthy key show` prints where it was made",
        ),
        false => error,
    }
}

fn keys(path: &Path) -> Result<Vec<PublicKey>> {
    PublicKey::all_from_pem(&input::text(path)?).with_context(|| path.display().to_string())
}

/// Takes in the release of an archive, or has a server do it: the one that was named, or that holds
/// the state directory.
pub(super) fn take(args: &import::Args, system: &System) -> Result<Outcome> {
    if let Some(said) = args.said_of_a_model() {
        bail!("{said} says something of a model, and an archive has a whole release: leave it out");
    }
    let path = &args.source;
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let uploaded = match server(args)? {
        Some(server) => upload(args, &server, &file)?,
        None => take_here(args, file, system)?,
    };
    tell(&uploaded, args.json)?;
    Ok(Outcome::Done)
}

/// Tells people, or programs, what came of it.
pub(super) fn tell(uploaded: &Uploaded, as_json: bool) -> Result<()> {
    if as_json {
        return output::json(uploaded);
    }
    let Uploaded { release, project, was_here, left_out } = uploaded;
    for statement in left_out {
        output::note(&format!("left out: {statement}"));
    }
    output::line(release)?;
    let was_here = if *was_here { "is here already" } else { "is taken in" };
    let short = release.get(..19).unwrap_or(release);
    output::note(&format!(
        "{project}: {was_here}; to serve it: shipworthy serve --release {short}"
    ));
    Ok(())
}

/// What came of it, as a server says it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Uploaded {
    release: String,
    project: String,
    was_here: bool,
    left_out: Vec<String>,
}

fn server(args: &import::Args) -> Result<Option<Client>> {
    // Where there is no state directory yet, nobody holds it.
    if args.remote.server.is_none() && !args.state.state.is_dir() {
        return Ok(None);
    }
    match find(&args.state.state, &args.remote)? {
        Found::Server(client) => Ok(Some(client)),
        Found::Files(_) => Ok(None),
    }
}

fn upload(args: &import::Args, server: &Client, file: &File) -> Result<Uploaded> {
    if args.trust.is_some() {
        bail!(
            "the server at {} must stop before it is told whom to trust: `shipworthy key trust FILE` \
             where its state directory is, then without --trust",
            server.base()
        );
    }
    sent(server, file, &args.reason)
}

fn sent(server: &Client, archive: impl AsSendBody, reason: &str) -> Result<Uploaded> {
    let path = format!("/v1/releases?reason={}", segment(reason));
    server.upload(&path, "application/octet-stream", archive)
}

/// Has a server take in a release that lies here.
///
/// # Errors
/// When the release is not whole, or the server refuses it.
pub(crate) fn send(shelf: &Shelf, id: &ReleaseId, server: &Client, reason: &str) -> Result<()> {
    let mut bytes = Vec::new();
    shelf.export(id)?.write(&mut bytes)?;
    let Uploaded { project, left_out, .. } = sent(server, bytes.as_slice(), reason)?;
    output::note(&format!("{project}: the server took in {id}"));
    for statement in &left_out {
        output::note(&format!("left out: {statement}"));
    }
    Ok(())
}

fn take_here(args: &import::Args, file: File, system: &System) -> Result<Uploaded> {
    let archive = Archive::read(BufReader::new(file));
    let archive = archive.with_context(|| format!("{} is refused", args.source.display()))?;
    let place = Place {
        state: &args.state,
        trust: args.trust.as_deref(),
        actor: &args.remote.actor,
        reason: &args.reason,
        onnx: &args.onnx,
    };
    place.take(&archive, system)
}

/// Where an archive is taken in, and by whom.
pub(super) struct Place<'a> {
    pub(super) state: &'a StateArgs,
    /// Keys to trust first.
    pub(super) trust: Option<&'a Path>,
    pub(super) actor: &'a TokenArgs,
    pub(super) reason: &'a str,
    pub(super) onnx: &'a OnnxRuntime,
}

impl Place<'_> {
    /// Takes a release in.
    ///
    /// # Errors
    /// When a server holds the state directory, or the release is not whole or not trusted there.
    pub(super) fn take(&self, archive: &Archive, system: &System) -> Result<Uploaded> {
        let keys = self.trust.map_or_else(|| Ok(Vec::new()), keys)?;
        let models = ModelLoader::for_command(self.onnx, system);
        let kept = State::open(&self.state.state, models, system)?;
        let by = kept.authorise(self.actor, Permission::Control, self.reason, system)?;
        let taken = (|| {
            for key in &keys {
                kept.shelf.store.trust_key(key, &by)?;
            }
            kept.shelf.take(archive, &by).map_err(advised)
        })();
        copy_events(&kept.lock, &kept.shelf.store, &LedgerSizes::default(), system);
        let Taken { id, project, was_here, left_out } = taken?;
        Ok(Uploaded { release: id.to_string(), project, was_here, left_out })
    }
}
