//! Whether a commit lies on a branch.

use std::path::Path;
use std::process::Command;

use super::git;

/// What a clone knows of a commit and a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ancestry {
    /// The branch has the commit.
    On {
        /// The branch that was looked at: `origin/main`, or the local one where there is no remote's.
        branch: String,
    },
    /// It does not.
    Off {
        /// The branch that was looked at.
        branch: String,
    },
    /// The clone cannot tell.
    Unknown {
        /// Why, and what would help.
        why: String,
    },
}

impl Ancestry {
    /// Asks git about the clone that holds `directory`.
    #[must_use]
    pub fn of(directory: &Path, commit: &str, branch: &str) -> Self {
        let unknown = |why: String| Self::Unknown { why };
        // What a server says goes to git only as digits.
        if commit.len() < 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return unknown(format!("`{commit}` is no commit"));
        }
        let Some(is_shallow) = git(directory, &["rev-parse", "--is-shallow-repository"]) else {
            return unknown(format!("{} is in no git repository", directory.display()));
        };
        let is_there = |name: &str| {
            let name = format!("{name}^{{commit}}");
            git(directory, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name])
                .is_some()
        };
        let refs = [("origin/", "refs/remotes/origin/"), ("", "refs/heads/")];
        let found = refs.iter().find(|(_, place)| is_there(&format!("{place}{branch}")));
        let Some((remote, place)) = found else {
            return unknown(format!(
                "this clone has no branch {branch}: `git fetch origin {branch}:refs/remotes/origin/\
                 {branch}`"
            ));
        };
        let named = format!("{remote}{branch}");
        let shallow = || {
            unknown(format!(
                "this clone is shallow, and does not have all of {named}: fetch the whole history \
                 (`git fetch --unshallow`; of GitHub's checkout `fetch-depth: 0`, of GitLab \
                 `GIT_DEPTH: 0`)"
            ))
        };
        let is_shallow = is_shallow == "true";
        if !is_there(commit) {
            return match is_shallow {
                true => shallow(),
                // A whole clone has every commit of its branches.
                false => Self::Off { branch: named },
            };
        }
        let mut asked = Command::new("git");
        let asked = asked.arg("-C").arg(directory).args(["merge-base", "--is-ancestor", commit]);
        match asked.arg(format!("{place}{branch}")).output().map(|output| output.status.code()) {
            Ok(Some(0)) => Self::On { branch: named },
            Ok(Some(1)) if is_shallow => shallow(),
            Ok(Some(1)) => Self::Off { branch: named },
            _ => unknown(format!("git cannot tell whether {named} has {commit}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    fn commit(directory: &Path, name: &str) -> String {
        run(directory, &["commit", "--quiet", "--allow-empty", "-m", name]);
        git(directory, &["rev-parse", "HEAD"]).unwrap()
    }

    fn clone(from: &Path, to: &Path, options: &[&str]) {
        let url = format!("file://{}", from.display());
        let mut arguments = vec!["clone", "--quiet"];
        arguments.extend(options);
        let to = to.display().to_string();
        arguments.extend([&*url, &*to]);
        run(from, &arguments);
    }

    #[test]
    fn a_commit_is_on_the_branch_that_has_it() {
        let place = tempfile::tempdir().unwrap();
        let (remote, here) = (place.path().join("remote"), place.path().join("here"));
        std::fs::create_dir(&remote).unwrap();
        run(&remote, &["init", "--quiet", "--initial-branch", "main"]);
        let [first, second] = ["a", "b"].map(|name| commit(&remote, name));
        run(&remote, &["checkout", "--quiet", "-b", "change"]);
        let aside = commit(&remote, "c");
        run(&remote, &["checkout", "--quiet", "main"]);
        clone(&remote, &here, &[]);
        let on = Ancestry::On { branch: "origin/main".to_owned() };
        let off = Ancestry::Off { branch: "origin/main".to_owned() };
        assert_eq!(Ancestry::of(&here, &first, "main"), on);
        assert_eq!(Ancestry::of(&here, &second, "main"), on);
        assert_eq!(Ancestry::of(&here, &aside, "main"), off);
        assert_eq!(Ancestry::of(&here, &"0c".repeat(20), "main"), off);
        let local = Ancestry::On { branch: "main".to_owned() };
        assert_eq!(Ancestry::of(&remote, &first, "main"), local);
    }

    #[test]
    fn a_clone_that_cannot_tell_says_what_would_help() {
        let place = tempfile::tempdir().unwrap();
        let (remote, here) = (place.path().join("remote"), place.path().join("here"));
        std::fs::create_dir(&remote).unwrap();
        run(&remote, &["init", "--quiet", "--initial-branch", "main"]);
        let [first, second] = ["a", "b"].map(|name| commit(&remote, name));
        clone(&remote, &here, &["--depth=1"]);
        let why = |directory: &Path, commit: &str, branch: &str| match Ancestry::of(
            directory, commit, branch,
        ) {
            Ancestry::Unknown { why } => why,
            told => format!("{told:?}"),
        };
        assert!(why(&here, &first, "main").contains("fetch-depth: 0"));
        assert!(why(&here, &second, "main").contains("On"), "its last commit it has");
        assert!(why(&here, &first, "trunk").contains("no branch trunk"));
        assert!(why(&here, "--upload-pack=x", "main").contains("no commit"));
        assert!(why(place.path(), &first, "main").contains("in no git repository"));
    }
}
