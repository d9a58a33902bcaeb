//! The steps, cheapest first.

use anyhow::Result;

use super::{Outcome, deny, fuzz, python};
use crate::cargo::cargo;
use crate::onnxruntime;
use crate::process;
use crate::tidy;
use crate::workspace::Workspace;

pub(super) struct Step {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    /// What it runs, in a few words.
    pub(super) about: &'static str,
    pub(super) run: fn(&Workspace) -> Result<Outcome>,
}

pub(super) const STEPS: &[Step] = &[
    Step { name: "tidy", about: "the rules of the house", run: tidy },
    Step { name: "fmt", about: "cargo fmt --all --check", run: fmt },
    Step { name: "clippy", about: "cargo clippy, warnings denied", run: clippy },
    Step { name: "deny", about: "licences, bans and sources of the dependencies", run: deny::run },
    Step { name: "rust", about: "cargo test --workspace", run: rust },
    Step { name: "fuzz", about: "each parser of model files for some seconds", run: fuzz::run },
    Step { name: "doc", about: "cargo doc, warnings denied", run: doc },
    Step {
        name: "python",
        about: "the built binary against its peers in Python",
        run: python::run,
    },
    Step { name: "page", about: "the built binary's page in Chromium", run: python::run_page },
    Step {
        name: "image",
        about: "the built binary's images in podman and a registry",
        run: python::run_images,
    },
];

fn tidy(workspace: &Workspace) -> Result<Outcome> {
    tidy::run(workspace)?;
    Ok(Outcome::Passed)
}

fn fmt(workspace: &Workspace) -> Result<Outcome> {
    process::run(&mut cargo(workspace, "fmt --all --check"))?;
    process::run(&mut cargo(workspace, "fmt --manifest-path fuzz/Cargo.toml --check"))?;
    Ok(Outcome::Passed)
}

fn clippy(workspace: &Workspace) -> Result<Outcome> {
    let arguments = "clippy --workspace --all-targets --all-features -- -D warnings";
    process::run(&mut cargo(workspace, arguments))?;
    Ok(Outcome::Passed)
}

fn rust(workspace: &Workspace) -> Result<Outcome> {
    let library = match onnxruntime::library(workspace)? {
        Ok(library) => library,
        Err(why) => anyhow::bail!("the tests need ONNX Runtime from PyPI: {why}"),
    };
    let mut command = cargo(workspace, "test --workspace --no-fail-fast");
    process::run(command.env(onnxruntime::VARIABLE, library))?;
    Ok(Outcome::Passed)
}

fn doc(workspace: &Workspace) -> Result<Outcome> {
    let mut command = cargo(workspace, "doc --workspace --no-deps");
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Passed)
}
