//! A commit, checked out for a while into a tree of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Why git does not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be run.
    #[error("git cannot be run")]
    Run(#[from] std::io::Error),
    /// No repository.
    #[error("{} is in no git repository that can be read", directory.display())]
    NoRepository {
        /// The directory.
        directory: PathBuf,
    },
    /// A commit that is not there.
    #[error(
        "the repository of {} does not have commit {commit} whole: fetch it (in a shallow clone \
         `git fetch --unshallow`), or name another clone with --project",
        directory.display()
    )]
    Commit {
        /// The commit.
        commit: String,
        /// The directory.
        directory: PathBuf,
        /// What git said.
        #[source]
        source: Box<Error>,
    },
    /// It refuses.
    #[error("git cannot {doing}: {said}")]
    Refused {
        /// What it was asked.
        doing: &'static str,
        /// What it said.
        said: String,
    },
}

/// A tree with a commit of a repository, which is borrowed from and not written.
#[derive(Debug)]
pub struct Checkout {
    tree: PathBuf,
}

impl Checkout {
    /// Checks a commit of the repository that holds `directory` out into `tree`, a directory that
    /// is not there yet. Not a worktree, which the repository would go on to list after a kill.
    ///
    /// # Errors
    /// When the repository does not have the commit, or the tree cannot be written.
    pub fn of(directory: &Path, commit: &str, tree: &Path) -> Result<Self, Error> {
        let ask = |asked: &[&str]| {
            super::git(directory, asked)
                .ok_or_else(|| Error::NoRepository { directory: directory.to_owned() })
        };
        let objects = ask(&["rev-parse", "--path-format=absolute", "--git-path", "objects"])?;
        let format = format!("--object-format={}", ask(&["rev-parse", "--show-object-format"])?);
        std::fs::create_dir_all(tree)?;
        // No hooks of anybody's template.
        run(tree, "make a repository", &["init", "--quiet", "--template=", &format])?;
        let info = tree.join(".git/objects/info");
        std::fs::create_dir_all(&info)?;
        std::fs::write(info.join("alternates"), objects + "\n")?;
        let checkout = run(tree, "check it out", &["checkout", "--quiet", "--detach", commit]);
        checkout.map_err(|source| Error::Commit {
            commit: commit.to_owned(),
            directory: directory.to_owned(),
            source: Box::new(source),
        })?;
        Ok(Self { tree: tree.to_owned() })
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &Path {
        &self.tree
    }
}

/// Whether git knows in whose name it would write a tag.
///
/// # Errors
/// When it does not.
pub fn check_tagger(directory: &Path) -> Result<(), Error> {
    run(directory, "tell who writes the tag", &["var", "GIT_COMMITTER_IDENT"])
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
