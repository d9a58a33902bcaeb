//! A commit, checked out for a while into a tree of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Why git does not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be run.
    #[error("git cannot be run")]
    Run(#[from] std::io::Error),
    /// It refuses.
    #[error("git cannot {doing}: {said}")]
    Refused {
        /// What it was asked.
        doing: &'static str,
        /// What it said.
        said: String,
    },
}

/// A worktree of a repository, removed when dropped.
#[derive(Debug)]
pub struct Checkout {
    repository: PathBuf,
    tree: PathBuf,
}

impl Checkout {
    /// Checks a commit of the repository that holds `directory` out into `tree`, which is not
    /// there yet.
    ///
    /// # Errors
    /// When the repository does not have the commit, or the tree cannot be written.
    pub fn of(directory: &Path, commit: &str, tree: &Path) -> Result<Self, Error> {
        let path = tree.display().to_string();
        let add = ["worktree", "add", "--quiet", "--detach", &path, commit];
        run(directory, "check the commit out", &add)?;
        Ok(Self { repository: directory.to_owned(), tree: tree.to_owned() })
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &Path {
        &self.tree
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let path = self.tree.display().to_string();
        // What is left of it, git prunes by itself once the directory is gone.
        let _ = run(&self.repository, "remove", &["worktree", "remove", "--force", &path]);
    }
}

/// Ties an annotated tag to a commit; one that says the same already stays.
///
/// # Errors
/// When the tag stands at another commit, or git knows nobody to sign for it.
pub fn tag(directory: &Path, name: &str, commit: &str, message: &str) -> Result<(), Error> {
    let place = format!("{name}^{{commit}}");
    let there = super::git(directory, &["rev-parse", "--verify", "--quiet", &place]);
    if there.as_deref() == Some(commit) {
        return Ok(());
    }
    run(directory, "write the tag", &["tag", "--annotate", name, commit, "--message", message])
}

fn run(directory: &Path, doing: &'static str, arguments: &[&str]) -> Result<(), Error> {
    let ran = Command::new("git").arg("-C").arg(directory).args(arguments).output()?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr).trim().to_owned();
    Err(Error::Refused { doing, said })
}
