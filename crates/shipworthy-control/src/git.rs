//! Which commit a project follows from.

mod ancestry;
mod checkout;
mod repository;

use std::path::Path;
use std::process::Command;

pub use ancestry::Ancestry;
pub use checkout::{Checkout, Error, check_tagger, tag};
pub use repository::Repository;

/// The commit of a clean tree, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Everything in the tree is in this commit.
    Clean(String),
    /// No commit says what the tree is.
    None {
        /// Why.
        reason: String,
    },
}

impl Commit {
    /// Asks git about the tree that holds `directory`.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        let none = |reason: &str| Self::None { reason: reason.to_owned() };
        let Some(commit) = git(directory, &["rev-parse", "--verify", "--quiet", "HEAD"]) else {
            return none(&why_no_commit(directory));
        };
        match git(directory, &["status", "--porcelain"]) {
            None => none("git cannot tell whether the tree is clean"),
            Some(changes) if changes.is_empty() => Self::reachable(directory, commit),
            Some(changes) => {
                let count = changes.lines().count();
                let changes = if count == 1 { "change" } else { "changes" };
                none(&format!(
                    "the tree has {count} uncommitted {changes} (`git status` lists them)"
                ))
            }
        }
    }

    /// As [`Self::of`], and whether that commit has these files (paths from `directory` on) as they
    /// are: what git ignores leaves a tree clean, and no clone has it.
    #[must_use]
    pub fn holding<'a>(directory: &Path, files: impl IntoIterator<Item = &'a Path>) -> Self {
        let commit = Self::of(directory);
        if let Self::None { .. } = commit {
            return commit;
        }
        for file in files {
            let name = file.display();
            let kept =
                git(directory, &["rev-parse", "--quiet", "--verify", &format!("HEAD:./{name}")]);
            let found = git(directory, &["hash-object", "--", &name.to_string()]);
            if kept.is_none() || kept != found {
                let reason =
                    format!("the commit does not have {name} as it is (`git add -f` adds it)");
                return Self::None { reason };
            }
        }
        commit
    }

    /// Only a commit of a branch or tag is in a clone.
    fn reachable(directory: &Path, commit: String) -> Self {
        let holders = ["for-each-ref", "--count=1", "--contains", &commit];
        match git(directory, &holders) {
            Some(holder) if !holder.is_empty() => Self::Clean(commit),
            _ => Self::None {
                reason: format!(
                    "commit {commit} is on no branch and has no tag, so no clone will have it"
                ),
            },
        }
    }

    /// The commit, when the tree is clean.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Clean(commit) => Some(commit),
            Self::None { .. } => None,
        }
    }
}

/// Where a commit is found, as far as git knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The URL of the remote, without user and password.
    pub remote: Option<String>,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// The project's path in the repository; empty at its root.
    pub path: String,
}

impl Origin {
    /// Asks git about the tree that holds `directory`.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        let ask = |arguments: &[&str]| git(directory, arguments).filter(|text| !text.is_empty());
        let path = ask(&["rev-parse", "--show-prefix"]).unwrap_or_default();
        Self {
            remote: ask(&["remote", "get-url", "origin"]).map(|url| without_user(&url)),
            branch: ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]),
            path: path.trim_end_matches('/').to_owned(),
        }
    }
}

/// What stands between `//` and `@` may be a password, and what follows a `?` a token.
fn without_user(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(place, _)| place);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.find('/').unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}

/// Why git names no commit, in its own words where it fails.
fn why_no_commit(directory: &Path) -> String {
    let mut git = Command::new("git");
    let asked = git.env("LC_ALL", "C").arg("-C").arg(directory).args(["rev-parse", "--git-dir"]);
    let output = match asked.output() {
        Ok(output) => output,
        Err(error) => return format!("git cannot be run ({error})"),
    };
    if output.status.success() {
        return "nothing is committed yet in the git repository of the files".to_owned();
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().next().unwrap_or("it says nothing");
    if first.contains("not a git repository (or any") {
        return "the files are in no git repository".to_owned();
    }
    format!("git fails: {}", first.chars().take(300).collect::<String>())
}

/// What git answers, without the last line end; `None` when it fails or is not installed.
fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(directory).args(arguments).output().ok()?;
    let text = output.status.success().then_some(output.stdout)?;
    Some(String::from_utf8_lossy(&text).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn run(directory: &Path, arguments: &[&str]) {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let mut git = Command::new("git");
        let done = git.arg("-C").arg(directory).args(identity).args(arguments).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    #[test]
    fn only_a_clean_tree_follows_from_its_commit() {
        let place = tempfile::tempdir().unwrap();
        assert!(matches!(Commit::of(place.path()), Commit::None { .. }));
        run(place.path(), &["init", "--quiet"]);
        std::fs::write(place.path().join("a"), "1").unwrap();
        run(place.path(), &["add", "a"]);
        run(place.path(), &["commit", "--quiet", "-m", "a"]);
        assert!(Commit::of(place.path()).id().is_some_and(|id| id.len() >= 40));
        std::fs::write(place.path().join("a"), "2").unwrap();
        let Commit::None { reason } = Commit::of(place.path()) else { panic!("a dirty tree") };
        assert!(reason.contains("1 uncommitted"), "{reason}");
    }

    #[test]
    fn a_git_that_fails_is_told_in_its_own_words() {
        let place = tempfile::tempdir().unwrap();
        let reason = |directory: &Path| match Commit::of(directory) {
            Commit::None { reason } => reason,
            Commit::Clean(commit) => commit,
        };
        assert_eq!(reason(place.path()), "the files are in no git repository");
        run(place.path(), &["init", "--quiet"]);
        assert!(reason(place.path()).starts_with("nothing is committed yet"));
        std::fs::write(place.path().join(".git/config"), "[core").unwrap();
        assert!(reason(place.path()).starts_with("git fails: fatal: bad config"));
    }

    #[test]
    fn a_remote_is_told_without_its_password() {
        let shown = |url| without_user(url);
        assert_eq!(shown("https://ana:secret@git.example/a/b@c"), "https://git.example/a/b@c");
        assert_eq!(shown("https://git.example/a"), "https://git.example/a");
        assert_eq!(shown("git@git.example:a/b"), "git@git.example:a/b");
        assert_eq!(shown("ssh://a:b@git.example/a?token=secret@x"), "ssh://git.example/a");
        assert_eq!(shown("/srv/git/a"), "/srv/git/a");
    }

    #[test]
    fn a_file_that_git_ignores_follows_from_no_commit() {
        let place = tempfile::tempdir().unwrap();
        run(place.path(), &["init", "--quiet"]);
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
        write(".gitignore", "*.onnx\n");
        write("model.json", "{}");
        write("model.onnx", "1");
        run(place.path(), &["add", "--all"]);
        run(place.path(), &["commit", "--quiet", "-m", "a"]);
        let holding = |name: &str| Commit::holding(place.path(), [Path::new(name)]);
        assert!(holding("model.json").id().is_some());
        let Commit::None { reason } = holding("model.onnx") else { panic!("it is ignored") };
        assert!(reason.contains("does not have model.onnx"), "{reason}");
        run(place.path(), &["add", "--force", "model.onnx"]);
        run(place.path(), &["commit", "--quiet", "-m", "b"]);
        assert!(holding("model.onnx").id().is_some());
        run(place.path(), &["update-index", "--assume-unchanged", "model.json"]);
        write("model.json", "[]");
        assert!(holding("model.json").id().is_none(), "git was told not to look");
    }

    #[test]
    fn a_commit_that_no_clone_will_have_says_nothing() {
        let place = tempfile::tempdir().unwrap();
        run(place.path(), &["init", "--quiet"]);
        let commit = ["commit", "--quiet", "--allow-empty", "-m", "a"];
        run(place.path(), &commit);
        run(place.path(), &["checkout", "--quiet", "--detach"]);
        assert!(Commit::of(place.path()).id().is_some(), "a branch still has it");
        run(place.path(), &commit);
        let Commit::None { reason } = Commit::of(place.path()) else { panic!("nobody has it") };
        assert!(reason.contains("no branch"), "{reason}");
        run(place.path(), &["tag", "kept"]);
        assert!(Commit::of(place.path()).id().is_some(), "a tag has it");
    }
}
