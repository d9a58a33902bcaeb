//! Copies of the example project, to be edited.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// Copies `examples/flights` below `root`, its project file edited.
pub(super) fn copy(
    workspace: &Workspace,
    root: &Path,
    edit: impl FnOnce(String) -> String,
) -> Result<()> {
    let examples = root.join("examples");
    fs::create_dir_all(&examples)?;
    let project = workspace.root.join("examples/flights");
    process::run(Command::new("cp").arg("-r").arg(project).arg(&examples))?;
    let file = examples.join("flights/shipworthy.toml");
    let text = fs::read_to_string(&file)?;
    fs::write(&file, edit(text)).with_context(|| format!("cannot write {}", file.display()))
}
