//! `shipworthy completions`: for the shell.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::{Cli, Outcome};
use crate::output;

/// Print completions for a shell.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  shipworthy completions bash > \
    ~/.local/share/bash-completion/completions/shipworthy")]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "shipworthy", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Outcome::Done)
}
