//! `shipworthy release`: a model tied to its commit and its data.

mod archive;
mod attest;
mod diff;
mod forget;
mod import;
mod list;
mod make;
mod pull;
mod rebuild;
mod retention;
mod show;
mod verify;

pub(crate) use archive::send;
pub(crate) use diff::side;
pub(crate) use make::commit_of;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args as ClapArgs, Subcommand};
use shipworthy_control::models::Trees;
use shipworthy_control::release::Shelf;
use shipworthy_ledger::{ReadError, Reader, RealDisk};
use shipworthy_store::{Bundles, SqliteStore, StateDir};

use crate::cli::Outcome;
use crate::client::TokenArgs;
use crate::onnx_runtime::OnnxRuntime;
use crate::signing::{SigningArgs, TrustArgs};
use crate::state::StateArgs;
use crate::system::System;

/// Make a release of a project, or look at the ones that are there.
///
/// A release is a model together with its contract, its golden rows, and the digests of everything
/// that made it: data, trainer, commit. Its id is the SHA-256 of all that, so the same commit and
/// data give the same id wherever it is made. A tree with uncommitted changes, and a commit that
/// no branch or tag has, are refused: nobody could make the release again. No server may hold the
/// state directory meanwhile; to look at releases it may.
#[derive(ClapArgs, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Examples:\n  shipworthy release examples/flights\n  shipworthy release \
    verify 08d796d1faec --state examples/flights/.shipworthy\n  shipworthy release import \
    late.json --name late\n\nExit codes of verify: 0 it is what \
    it was; 1 it is not (standard error names the file); 2 there is no such release.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The project: a directory with a shipworthy.toml.
    #[arg(value_name = "PROJECT", required = true)]
    project: Option<PathBuf>,

    /// The state directory, if it is not PROJECT/.shipworthy.
    #[arg(long, value_name = "DIR", env = "SHIPWORTHY_STATE")]
    state: Option<PathBuf>,

    /// Tie the release to its commit by an annotated git tag, shipworthy/PROJECT/DIGITS.
    #[arg(long)]
    tag: bool,

    /// Make it of a tree that no commit stands for; it is marked unreproducible.
    #[arg(long)]
    allow_dirty: bool,

    /// Why; it stands in the record of this action.
    #[arg(long, value_name = "WHY", default_value = "made by `shipworthy release`")]
    reason: String,

    #[command(flatten)]
    actor: TokenArgs,

    #[command(flatten)]
    signing: SigningArgs,

    #[command(flatten)]
    onnx: OnnxRuntime,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(import::Args),
    /// Write a release into one file, to be taken in elsewhere: `release import FILE`.
    Export(archive::Args),
    Pull(pull::Args),
    /// Check every byte of a release, and that it answers its golden rows as it did.
    Verify(verify::Args),
    /// Show what a release is made of.
    Show(One),
    /// List the releases, newest first.
    List(list::Args),
    /// Compare two releases: metrics, parameters, contract, data.
    Diff(diff::Args),
    /// List what is said about a release: by whom, when, signed with which key.
    Attestations(attest::AttestationsArgs),
    /// Sign a release off: an approver's word that it may serve.
    Approve(attest::Saying),
    /// Say something else about a release, a gate report for one.
    Attest(attest::AttestArgs),
    /// Sign anew what a revoked key has signed.
    Sign(attest::Saying),
    /// Remove the files of releases that no slot, decision or hold refers to; their records
    /// stay, and `release` makes the same again from the same commit.
    Prune(retention::PruneArgs),
    /// Keep a release from being pruned.
    Hold(retention::HoldArgs),
    /// End a hold.
    Free(retention::HoldArgs),
    /// Erase a person's rows from what is kept beside releases; their ids stay.
    Forget(forget::Args),
}

/// One release.
#[derive(ClapArgs, Debug)]
struct One {
    /// Its id, at least six digits of it, or its slot: ENDPOINT@stable, @candidate, @previous
    /// (the only endpoint needs no name).
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    state: StateArgs,

    #[command(flatten)]
    trust: TrustArgs,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl One {
    /// The releases, by the keys that are to count.
    fn shelf(&self) -> Result<Shelf> {
        Ok(Shelf { trusted: self.trust.trusted()?, ..shelf(&self.state)? })
    }
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    match &args.command {
        None => make::run(args, system),
        Some(Command::Import(args)) => import::run(args, system),
        Some(Command::Export(args)) => archive::export(args, system),
        Some(Command::Pull(args)) => pull::run(args, system),
        Some(Command::Verify(args)) => verify::run(args, system),
        Some(Command::Show(one)) => show::run(one),
        Some(Command::List(list)) => list::run(list),
        Some(Command::Diff(args)) => diff::run(args),
        Some(Command::Attestations(args)) => attest::attestations(args),
        Some(Command::Approve(saying)) => attest::approve(saying, system),
        Some(Command::Attest(args)) => attest::attest(args, system),
        Some(Command::Sign(saying)) => attest::sign(saying, system),
        Some(Command::Prune(args)) => retention::prune(args, system),
        Some(Command::Hold(args)) => retention::hold(args, system),
        Some(Command::Free(args)) => retention::free(args, system),
        Some(Command::Forget(args)) => forget::run(args, system),
    }
}

/// The ledger of a state directory, to read; `None` where there is none.
///
/// # Errors
/// When it is damaged at its end.
fn ledger(directory: &StateDir) -> Result<Option<Reader>> {
    let path = directory.ledger();
    // Opening a disk makes its directory.
    if !path.is_dir() {
        return Ok(None);
    }
    match Reader::open(Arc::new(RealDisk::new(path)?), None) {
        Err(ReadError::NoLedger) => Ok(None),
        opened => Ok(Some(opened?)),
    }
}

/// The releases of a state directory, to read only: a server may hold it. Only trees are loaded.
pub(crate) fn shelf(state: &StateArgs) -> Result<Shelf> {
    let path = &state.state;
    let missing = || {
        format!(
            "there are no releases in {}: `shipworthy release PROJECT` makes one in \
             PROJECT/.shipworthy, and --state names another place",
            path.display()
        )
    };
    if !path.is_dir() {
        bail!(missing());
    }
    let directory = StateDir::open(path)?;
    if !directory.state_db().is_file() {
        bail!(missing());
    }
    let store = SqliteStore::reading(&directory.state_db())?;
    let bundles = Arc::new(Bundles::reading(&directory));
    Ok(Shelf { store: Arc::new(store), bundles, models: Arc::new(Trees), trusted: None })
}
