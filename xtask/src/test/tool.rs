//! Programs of others that steps run, built into the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// The program of crates.io's package `name`, built first unless this `version` is there already.
pub(super) fn program(workspace: &Workspace, name: &str, version: &str) -> Result<PathBuf> {
    let tools = workspace.cache.join("tools");
    let program = tools.join("bin").join(name);
    if !is_installed(&program, version) {
        install(&tools, name, version)?;
    }
    Ok(program)
}

fn is_installed(program: &Path, version: &str) -> bool {
    let found = process::capture(Command::new(program).arg("--version"));
    found.is_ok_and(|found| found.trim().ends_with(version))
}

fn install(tools: &Path, name: &str, version: &str) -> Result<()> {
    println!("  {name} {version} is not in {} yet: building it takes minutes", tools.display());
    fs::create_dir_all(tools).with_context(|| format!("cannot make {}", tools.display()))?;
    let mut install = Command::new("cargo");
    install.args(["install", "--quiet", "--locked", name, "--version", version, "--root"]);
    // Its build belongs in a scratch directory, not among the workspace's artifacts.
    process::run(install.arg(tools).env_remove("CARGO_TARGET_DIR"))
}
