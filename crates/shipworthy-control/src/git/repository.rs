//! What a pipeline must know of the repository that a project lies in.

use std::path::{Path, PathBuf};

use super::git;

/// What a branch is called where git does not tell.
const USUAL_BRANCH: &str = "main";

/// A repository, seen from a directory in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its root.
    pub root: PathBuf,
    /// The directory's path in it, with `/` between the parts; empty at its root.
    pub prefix: String,
    /// The branch that changes come to: the remote's default, else the one that is checked out.
    pub branch: String,
}

impl Repository {
    /// Asks git about the tree that holds `directory`; `None` when there is none.
    #[must_use]
    pub fn of(directory: &Path) -> Option<Self> {
        let root = PathBuf::from(git(directory, &["rev-parse", "--show-toplevel"])?);
        let prefix = git(directory, &["rev-parse", "--show-prefix"])?;
        let branch = |of: &str| git(directory, &["symbolic-ref", "--quiet", "--short", of]);
        let default = branch("refs/remotes/origin/HEAD");
        let default = default.and_then(|name| Some(name.strip_prefix("origin/")?.to_owned()));
        let branch = default.or_else(|| branch("HEAD")).unwrap_or_else(|| USUAL_BRANCH.to_owned());
        Some(Self { root, prefix: prefix.trim_end_matches('/').to_owned(), branch })
    }

    /// Whether git has a file (its path from the directory on), so that every clone does.
    #[must_use]
    pub fn has(&self, file: &Path) -> bool {
        let name = file.display().to_string();
        let directory = self.root.join(&self.prefix);
        git(&directory, &["ls-files", "--error-unmatch", "--", &name]).is_some()
    }

    /// Whether git keeps such a file's bytes elsewhere, with Git LFS.
    #[must_use]
    pub fn is_large(&self, file: &Path) -> bool {
        let name = file.display().to_string();
        let directory = self.root.join(&self.prefix);
        let said = git(&directory, &["check-attr", "filter", "--", &name]);
        said.is_some_and(|said| said.ends_with(": filter: lfs"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn a_project_inside_a_repository_knows_its_place() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(Repository::of(place.path()), None);
        run(place.path(), &["init", "--quiet", "--initial-branch", "trunk"]);
        let project = place.path().join("models/late");
        std::fs::create_dir_all(&project).unwrap();
        let write = |name: &str, text: &str| std::fs::write(project.join(name), text).unwrap();
        write(".gitattributes", "*.parquet filter=lfs diff=lfs merge=lfs -text\n");
        write("kept.csv", "a\n");
        write("fetched.csv", "a\n");
        run(&project, &["add", "kept.csv"]);
        let repository = Repository::of(&project).unwrap();
        assert_eq!(repository.root, place.path().canonicalize().unwrap());
        assert_eq!((&*repository.prefix, &*repository.branch), ("models/late", "trunk"));
        assert!(repository.has(Path::new("kept.csv")));
        assert!(!repository.has(Path::new("fetched.csv")));
        assert!(repository.is_large(Path::new("a.parquet")));
        assert!(!repository.is_large(Path::new("kept.csv")));
    }

    #[test]
    fn the_default_branch_of_the_remote_comes_before_the_one_that_is_checked_out() {
        let place = tempfile::tempdir().unwrap();
        let (remote, clone) = (place.path().join("remote"), place.path().join("clone"));
        std::fs::create_dir(&remote).unwrap();
        run(&remote, &["init", "--quiet", "--initial-branch", "trunk"]);
        run(&remote, &["commit", "--quiet", "--allow-empty", "-m", "a"]);
        let paths = [&remote, &clone].map(|path| path.display().to_string());
        run(place.path(), &["clone", "--quiet", &paths[0], &paths[1]]);
        run(&clone, &["checkout", "--quiet", "-b", "a-change"]);
        assert_eq!(Repository::of(&clone).unwrap().branch, "trunk");
    }
}
