//! What a workflow must know of a project and its repository.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use shipworthy_control::git::Repository;
use shipworthy_control::project::Project;

/// A project, as its pipeline sees it. What stands here in words can be written into a workflow.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// The root of the repository.
    pub(super) root: PathBuf,
    /// The endpoint: small letters, digits and `-`.
    pub(super) name: String,
    /// The project from the root on; `.` at the root itself.
    pub(super) project: String,
    /// The branch whose commits may be deployed.
    pub(super) branch: String,
    /// The data from the project on, where git does not have it.
    pub(super) data: Option<String>,
    /// Whether what git has of the data lies with Git LFS.
    pub(super) is_large: bool,
}

impl Facts {
    /// Asks the project file, and git.
    ///
    /// # Errors
    /// When there is no repository, or a name means more than itself to a forge.
    pub(super) fn of(project: &Project, directory: &Path) -> Result<Self> {
        let repository = Repository::of(directory).with_context(|| {
            format!(
                "{} is in no git repository, and a pipeline begins with a commit: `git init` makes \
                 one",
                directory.display()
            )
        })?;
        let source = project.source.as_ref().map(|source| source.path.as_path());
        let is_large = source.is_some_and(|source| repository.is_large(source));
        let fetched = source.filter(|source| !repository.has(source));
        let data =
            fetched.map(|path| plain(&path.display().to_string(), "the data")).transpose()?;
        let project_path = match repository.prefix.as_str() {
            "" => ".".to_owned(),
            inside => plain(inside, "the project")?,
        };
        Ok(Self {
            name: project.identity.name.clone(),
            project: project_path,
            branch: plain(&repository.branch, "the branch")?,
            data,
            is_large,
            root: repository.root,
        })
    }

    /// The last part of the image's name, which does not end with `-`.
    pub(super) fn image(&self) -> &str {
        self.name.trim_end_matches('-')
    }

    /// The data from the root of the repository on.
    pub(super) fn data_in_repository(&self) -> Option<String> {
        let data = self.data.as_ref()?;
        Some(if self.project == "." { data.clone() } else { format!("{}/{data}", self.project) })
    }

    /// Where a file is from the root of the repository on, if it is in it.
    ///
    /// # Errors
    /// When its name means more than itself to a forge.
    pub(super) fn place_of(&self, file: &Path) -> Result<Option<String>> {
        let file = std::path::absolute(file)?;
        let inside = file.strip_prefix(&self.root).ok();
        inside.map(|path| plain(&path.display().to_string(), "the workflow")).transpose()
    }

    /// What somebody must do about the project before its pipeline can pass.
    pub(super) fn notes(&self, project: &Project) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(data) = &self.data {
            notes.push(format!(
                "git does not have {data}: put the command that brings it at DATA_FETCH in the file"
            ));
        }
        if project.gates.is_empty() {
            notes.push(
                "the project declares no [[gate]], and its pipeline does not pass without: add one"
                    .to_owned(),
            );
        }
        notes
    }
}

/// What forges, their globs and the shell read as no more than text: in double quotes.
fn plain(text: &str, what: &str) -> Result<String> {
    const MEANT: &str = "$*?[]{}!+\\`\"~";
    if let Some(c) = text.chars().find(|c| MEANT.contains(*c) || c.is_control()) {
        bail!(
            "{what}, {text:?}, has a {c:?} in its name, which means something to pipelines: call \
             it something else"
        );
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_more_than_itself_is_refused() {
        assert_eq!(plain("my models/it's late", "the project").unwrap(), "my models/it's late");
        for name in ["a${{ secrets.A }}", "$HOME", "a*", "a\nb", "a\"b"] {
            let refused = plain(name, "the project").unwrap_err().to_string();
            assert!(refused.contains("means something to pipelines"), "{refused}");
        }
    }
}
