//! Where the project goes, and how its data gets there.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::output;
use crate::state::PROJECT_FILE;

/// Where data from elsewhere is copied to, inside the project.
const DATA_DIRECTORY: &str = "data";

/// A project's directory and the data in it.
#[derive(Debug)]
pub(super) struct Place {
    /// The project's directory, as it was typed.
    pub(super) directory: PathBuf,
    /// The data relative to the directory, with `/` between its parts.
    pub(super) source: String,
    /// Whether the data has to be copied there.
    pub(super) copies: bool,
}

impl Place {
    /// Beside the data, or in `output`.
    ///
    /// # Errors
    /// When the data is not there, or its path cannot be written in a project file.
    pub(super) fn find(data: &Path, output: Option<&Path>) -> Result<Self> {
        let metadata = fs::metadata(data).with_context(|| format!("cannot read {}", show(data)))?;
        if metadata.is_dir() {
            bail!("{} is a directory; init takes one .parquet, .csv or .jsonl file", show(data));
        }
        let beside = data.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = output.or(beside).unwrap_or(Path::new(".")).to_owned();
        let inside = relative(data, &directory)?;
        let copies = inside.is_none();
        let file_name = || Path::new(DATA_DIRECTORY).join(data.file_name().unwrap_or_default());
        let source = with_slashes(&inside.unwrap_or_else(file_name))?;
        Ok(Self { directory, source, copies })
    }

    /// The project file.
    pub(super) fn project_file(&self) -> PathBuf {
        self.directory.join(PROJECT_FILE)
    }

    /// Whether nothing would be overwritten that was not meant to be.
    ///
    /// # Errors
    /// When a project, or other data under the name of the copy, is there and `force` is not.
    pub(super) fn check_free(&self, force: bool) -> Result<()> {
        let project = self.project_file();
        let copy = self.directory.join(&self.source);
        let in_the_way = match (project.exists(), self.copies && copy.exists()) {
            _ if force => return Ok(()),
            (true, _) => project,
            (false, true) => copy,
            (false, false) => return Ok(()),
        };
        bail!(
            "{} is there already; --force replaces it, --output DIR makes the project elsewhere",
            show(&in_the_way)
        )
    }

    /// Writes the project file, and copies the data when it lies elsewhere.
    ///
    /// # Errors
    /// When something cannot be written, or a project file has appeared meanwhile.
    pub(super) fn write(&self, data: &Path, text: &str, force: bool) -> Result<()> {
        self.bring(data)?;
        let path = self.project_file();
        let mut options = OpenOptions::new();
        options.write(true).create_new(!force).create(force).truncate(force);
        let written = options.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| {
            format!("cannot write {}; --output DIR makes the project elsewhere", show(&path))
        })
    }

    fn bring(&self, data: &Path) -> Result<()> {
        let copy = self.directory.join(&self.source);
        let parent = copy.parent().filter(|_| self.copies).unwrap_or(&self.directory);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", show(parent)))?;
        if self.copies {
            replace_by_copy(data, &copy)
                .with_context(|| format!("cannot copy {} to {}", show(data), show(&copy)))?;
            output::note(&format!(
                "copied {} to {}: a project holds the data that it learns from",
                show(data),
                show(&copy)
            ));
        }
        Ok(())
    }
}

/// Copies under another name first: what is replaced may be a link to what is copied.
fn replace_by_copy(data: &Path, copy: &Path) -> std::io::Result<()> {
    let mut partial = copy.as_os_str().to_owned();
    partial.push(".partial");
    let copied = fs::copy(data, &partial).and_then(|_| fs::rename(&partial, copy));
    if copied.is_err() {
        // The first error says more than one of tidying up.
        let _ = fs::remove_file(&partial);
    }
    copied
}

/// The path of the data inside the directory, if it lies there. A link inside counts: it was put
/// there to be the project's data.
fn relative(data: &Path, directory: &Path) -> Result<Option<PathBuf>> {
    let absolute = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("cannot resolve {}", show(path)))
    };
    let typed = absolute(data)?;
    if let Ok(inside) = typed.strip_prefix(absolute(directory)?)
        && inside.components().all(|part| matches!(part, Component::Normal(_)))
    {
        return Ok(Some(inside.to_owned()));
    }
    let parent = typed.parent().unwrap_or(&typed);
    let (Ok(parent), Ok(directory)) = (fs::canonicalize(parent), fs::canonicalize(directory))
    else {
        return Ok(None);
    };
    let real = parent.join(data.file_name().unwrap_or_default());
    Ok(real.strip_prefix(directory).ok().map(Path::to_owned))
}

fn with_slashes(path: &Path) -> Result<String> {
    let parts: Option<Vec<_>> = path.iter().map(|part| part.to_str()).collect();
    let Some(parts) = parts else {
        bail!("{} is not Unicode, so a project file cannot name it; rename it", show(path));
    };
    Ok(parts.join("/"))
}

fn show(path: &Path) -> impl std::fmt::Display {
    path.display()
}
