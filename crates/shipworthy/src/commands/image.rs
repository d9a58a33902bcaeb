//! `shipworthy image`: a release with all that it needs to run, as containers run it.

mod build;
mod inspect;
mod linked;
mod push;
mod verify;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args as ClapArgs, Subcommand};
use shipworthy_control::image::Layout;

use crate::cli::Outcome;
use crate::registry::{Reference, Registry, RegistryArgs};
use crate::system::System;

/// Put a release into an image, push it to a registry, look at it, check it.
///
/// An image is named by the SHA-256 of its manifest; a copy of it has the same name wherever it is.
/// Registries are asked over https, those on this machine over http. The name and the password are
/// those of SHIPWORTHY_REGISTRY_USERNAME and SHIPWORTHY_REGISTRY_PASSWORD, else those that `podman
/// login` or `docker login` wrote into the file that REGISTRY_AUTH_FILE names, else into
/// ~/.docker/config.json.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:\n  shipworthy image push flights.tar \
    localhost:5000/flights:1.0\n  shipworthy image verify localhost:5000/flights:1.0 --trusted-keys \
    team.pem\n\nExit codes of verify: 0 it is what it says; 1 it is not (standard error says what is \
    wrong); 2 there is no such image.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(Box<build::Args>),
    /// Push an image, and what is attached to it, to a registry.
    Push(push::Args),
    /// Show what an image has in it, and what is attached to it.
    Inspect(inspect::Args),
    /// Check that an image is what it says, and who says so.
    Verify(verify::Args),
}

/// An image, wherever it is.
#[derive(ClapArgs, Debug)]
struct One {
    /// The image: a file, or HOST/NAME:TAG or HOST/NAME@DIGEST in a registry.
    #[arg(value_name = "FILE|REFERENCE")]
    image: String,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    match &args.command {
        Command::Build(args) => build::run(args, system),
        Command::Push(args) => push::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Verify(args) => verify::run(args),
    }
}

impl One {
    /// The image with what is attached to it, from its file or from the registry.
    fn layout(&self) -> Result<Layout> {
        layout(&self.image, self.registry)
    }
}

/// An image with what is attached to it, from its file or from a registry.
///
/// # Errors
/// When there is none, or a part of it is not what it was.
pub(crate) fn layout(image: &str, registry: RegistryArgs) -> Result<Layout> {
    let path = PathBuf::from(image);
    if path.is_file() {
        return read(&path);
    }
    let Ok(reference) = image.parse::<Reference>() else {
        let why = image.parse::<Reference>().map(drop);
        bail!("there is no file {image}, and {}", why.expect_err("it is none"));
    };
    let pulled = Registry::to_pull(&reference, registry)?.pull();
    pulled.with_context(|| format!("{reference} cannot be read"))
}

/// Reads the file of an image.
fn read(path: &Path) -> Result<Layout> {
    let told = || format!("cannot read the image {}", path.display());
    let file = File::open(path).with_context(told)?;
    Layout::read(BufReader::new(file)).with_context(told)
}
