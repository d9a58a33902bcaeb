//! What the dependencies may be, checked by cargo-deny.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Outcome;
use crate::process;
use crate::workspace::Workspace;

/// Pinned: a new version may judge otherwise.
const VERSION: &str = "0.20.2";

/// Checks bans, licences and sources. Advisories need their database from the network: run
/// `cargo deny check advisories` where that can be had.
pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let tools = workspace.cache.join("tools");
    let program = tools.join("bin/cargo-deny");
    if !is_installed(&program) {
        install(&tools)?;
    }
    println!("  note: advisories are not checked here; `cargo deny check advisories` does");
    let mut check = Command::new(&program);
    process::run(
        check.current_dir(&workspace.root).args(["check", "bans", "licenses", "sources"]),
    )?;
    Ok(Outcome::Passed)
}

fn is_installed(program: &Path) -> bool {
    let version = process::capture(Command::new(program).arg("--version"));
    version.is_ok_and(|version| version.trim().ends_with(VERSION))
}

fn install(tools: &Path) -> Result<()> {
    println!("  cargo-deny {VERSION} is not in {} yet: building it takes minutes", tools.display());
    fs::create_dir_all(tools).with_context(|| format!("cannot make {}", tools.display()))?;
    let mut install = Command::new("cargo");
    install.args(["install", "--quiet", "--locked", "cargo-deny", "--version", VERSION, "--root"]);
    // Its build belongs in a scratch directory, not among the workspace's artifacts.
    process::run(install.arg(tools).env_remove("CARGO_TARGET_DIR"))
}
