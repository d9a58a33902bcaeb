//! `shipworthy image`: releases as images.

mod build;
mod linked;

use anyhow::Result;
use clap::{Args as ClapArgs, Subcommand};

use crate::cli::Outcome;
use crate::system::System;

/// Put a release into an image, and look at images.
#[derive(ClapArgs, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(Box<build::Args>),
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    match &args.command {
        Command::Build(args) => build::run(args, system),
    }
}
