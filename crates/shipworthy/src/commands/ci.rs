//! `shipworthy ci`: what the team's own pipeline does with a project.

mod comment;
mod init;
mod verify;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::Outcome;
use crate::system::System;

/// Tie releases to the pipeline that the team already has.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Verify(verify::Args),
    Comment(comment::Args),
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    match &args.command {
        Command::Init(args) => init::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Comment(args) => comment::run(args, system),
    }
}
