//! What the dependencies may be, checked by cargo-deny.

use std::process::Command;

use anyhow::Result;

use super::{Outcome, tool};
use crate::process;
use crate::workspace::Workspace;

/// Pinned: a new version may judge otherwise.
const VERSION: &str = "0.20.2";

/// Checks bans, licences and sources. Advisories need their database from the network: run
/// `cargo deny check advisories` where that can be had.
pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let program = tool::program(workspace, "cargo-deny", VERSION)?;
    println!("  note: advisories are not checked here; `cargo deny check advisories` does");
    let mut check = Command::new(&program);
    process::run(
        check.current_dir(&workspace.root).args(["check", "bans", "licenses", "sources"]),
    )?;
    Ok(Outcome::Passed)
}
