//! The rules of the house that no compiler or linter knows.
//!
//! Each rule is a pure function from the [`Repo`] to its findings, in its own module, tested
//! through `fixture::check`. A finding names the line and says what to do about it.

mod changelog;
mod crate_names;
mod decisions;
mod file_names;
mod file_sizes;
#[cfg(test)]
mod fixture;
mod layers;
mod links;
mod manifest;
mod mask;
mod purity;
mod repo;
mod rust_tests;
mod unfinished;
mod whitespace;

use std::fmt;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use repo::Repo;

/// A place where a rule is broken.
struct Finding {
    path: String,
    /// Counted from 1.
    line: usize,
    /// What is wrong and what to do.
    message: String,
}

type Rule = fn(&Repo) -> Vec<Finding>;

const RULES: &[Rule] = &[
    file_sizes::check,
    layers::check,
    purity::check,
    crate_names::check,
    file_names::check,
    rust_tests::check,
    unfinished::check,
    whitespace::check,
    decisions::check,
    changelog::check,
    links::check,
];

/// Checks every rule and prints what it found.
///
/// # Errors
/// When a rule is broken.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let repo = Repo::load(workspace)?;
    let findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&repo)).collect();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} to put right, listed above", findings.len());
    }
    println!("tidy: {} files, {} rules, nothing to put right", repo.len(), RULES.len());
    Ok(())
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}
