//! Where a project's state is, and what is told to a server that holds it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use shipworthy_control::project::{Decision, Project};
use shipworthy_core::Policy;

/// The name of a project's file.
pub(crate) const PROJECT_FILE: &str = "shipworthy.toml";

/// The name of a project's state directory, unless another is given.
pub(crate) const STATE_DIRECTORY: &str = ".shipworthy";

/// The state directory as an option of commands that need no project.
#[derive(Args, Clone, Debug)]
pub(crate) struct StateArgs {
    /// The state directory of the server.
    #[arg(long, value_name = "DIR", default_value = STATE_DIRECTORY, env = "SHIPWORTHY_STATE")]
    pub(crate) state: PathBuf,
}

/// The state directory of a project.
pub(crate) fn of_project(project: &Path, given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| project.join(STATE_DIRECTORY), Path::to_owned)
}

/// Reads and validates a project.
///
/// # Errors
/// When there is no project file, or it has mistakes (then with all of them).
pub(crate) fn read_project(directory: &Path) -> Result<Project> {
    let path = project_file(directory);
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "cannot read {}; a project is a directory with a {PROJECT_FILE}, and `shipworthy init \
             DATA` makes one",
            path.display()
        )
    })?;
    Ok(Project::parse(&text, &path.display().to_string())?)
}

/// The project file of a directory; a path to the file itself is taken as it is.
pub(crate) fn project_file(directory: &Path) -> PathBuf {
    if directory.is_file() { directory.to_owned() } else { directory.join(PROJECT_FILE) }
}

/// The directory that a project's paths start from.
pub(crate) fn project_directory(given: &Path) -> PathBuf {
    if given.is_file() {
        given.parent().map_or_else(PathBuf::new, Path::to_owned)
    } else {
        given.to_owned()
    }
}

/// How the project's predictions become decisions.
pub(crate) fn policy(project: &Project) -> Policy {
    let Decision { threshold, safe_answer } = &project.decision;
    Policy { threshold: *threshold, safe_answer: safe_answer.clone() }
}
