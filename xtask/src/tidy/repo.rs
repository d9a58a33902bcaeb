//! The repository as the rules see it: its files by path, and what each pure crate pulls in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::mask;
use super::purity;
use crate::cargo::cargo;
use crate::process;
use crate::workspace::Workspace;

/// Files are larger than this only when they are data, which no rule reads.
const MAX_TEXT_BYTES: u64 = 1024 * 1024;

#[derive(Default)]
pub(super) struct Repo {
    /// Every file that is or could be committed, by its path from the root, with `/`.
    files: BTreeMap<String, File>,
    /// Every directory that holds one of the files.
    directories: BTreeSet<String>,
    /// By crate: the lines of `cargo tree`, `name vX.Y.Z …` each.
    trees: BTreeMap<String, Vec<String>>,
}

/// A file; data (too large, or not UTF-8) has an empty text.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl Repo {
    /// Reads what git tracks or would add, and asks Cargo for the dependencies of [`purity`].
    pub(super) fn load(workspace: &Workspace) -> Result<Self> {
        let listing = process::capture(Command::new("git").current_dir(&workspace.root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))?;
        let mut repo = Self::default();
        for path in listing.split('\0').filter(|path| !path.is_empty()) {
            let full = workspace.root.join(path);
            // Listed but deleted in the working tree.
            let Ok(metadata) = fs::metadata(&full) else { continue };
            let text = if metadata.is_file() && metadata.len() <= MAX_TEXT_BYTES {
                let bytes = fs::read(&full).with_context(|| format!("cannot read {path}"))?;
                String::from_utf8(bytes).unwrap_or_default()
            } else {
                String::new()
            };
            repo.add(path, text);
        }
        for name in purity::crates_to_check(&repo) {
            let mut tree = cargo(workspace, "tree --edges normal --prefix none --target all");
            repo.add_tree(name, &process::capture(tree.args(["--package", name]))?);
        }
        Ok(repo)
    }

    pub(super) fn add(&mut self, path: &str, text: String) {
        let parents = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
        self.directories.extend(parents);
        self.files.insert(path.to_owned(), File { path: path.to_owned(), text });
    }

    pub(super) fn add_tree(&mut self, name: &str, tree: &str) {
        self.trees.insert(name.to_owned(), tree.lines().map(str::to_owned).collect());
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    pub(super) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &File> {
        self.files().filter(move |file| file.extension() == extension)
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// Whether the path is a file or a directory; the root is `""`.
    pub(super) fn has(&self, path: &str) -> bool {
        path.is_empty() || self.files.contains_key(path) || self.directories.contains(path)
    }

    pub(super) fn trees(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.trees.iter().map(|(name, lines)| (name.as_str(), lines.as_slice()))
    }
}

impl File {
    /// The name without its directories.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The name up to its last dot.
    pub(super) fn stem(&self) -> &str {
        self.name().rsplit_once('.').map_or(self.name(), |(stem, _)| stem)
    }

    /// What follows the last dot of the name; `""` without one.
    pub(super) fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Lines with their numbers, counted from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    /// Rust code with comments and literals blanked out, line for line.
    pub(super) fn code(&self) -> String {
        mask::mask(&self.text)
    }

    /// Whether the whole Rust file is part of the tests.
    pub(super) fn is_test(&self) -> bool {
        let stem = self.stem();
        stem == "tests" || stem.ends_with("_tests") || self.is_integration_test()
    }

    /// Whether the file is below a directory `tests`.
    pub(super) fn is_integration_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/")
    }
}
