//! Tests in Python: the built binary beside the tools that it must agree with, its page in a browser,
//! and its images where containers run.

use std::process::Command;

use anyhow::Result;

use super::Outcome;
use crate::browser;
use crate::cargo;
use crate::containers;
use crate::onnxruntime;
use crate::process;
use crate::python;
use crate::workspace::Workspace;

const TESTS: &str = "tests/python";
/// Those in a browser, which not every machine may install.
const PAGE: &str = "tests/python/test_page.py";
/// Those that need Debian's tools for images.
const IMAGES: [&str; 4] = [
    "tests/python/test_compose.py",
    "tests/python/test_image.py",
    "tests/python/test_image_build.py",
    "tests/python/test_pipeline.py",
];
const REQUIREMENTS: &str = "xtask/requirements.txt";
/// A server to stand in front of; its pins do not go with those of the others.
const MLSERVER: &str = "xtask/requirements-mlserver.txt";

/// All that need nothing but Python.
pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    if let Some(why) = python::missing_interpreter()? {
        return Ok(Outcome::Skipped(why));
    }
    let mlserver = python::environment(workspace, MLSERVER)?.join("bin/python");
    let mut pytest = pytest(workspace)?;
    match onnxruntime::library(workspace)? {
        Ok(library) => pytest.env(onnxruntime::VARIABLE, library),
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    pytest.env("MLSERVER_PYTHON", mlserver);
    for others in [PAGE].iter().chain(&IMAGES) {
        pytest.args(["--ignore", *others]);
    }
    process::run(pytest.arg(TESTS))?;
    Ok(Outcome::Passed)
}

/// The page of the control plane in a browser.
pub(super) fn run_page(workspace: &Workspace) -> Result<Outcome> {
    if let Some(why) = python::missing_interpreter()? {
        return Ok(Outcome::Skipped(why));
    }
    if let Some(why) = browser::missing()? {
        return Ok(Outcome::Skipped(why));
    }
    let mut pytest = pytest(workspace)?;
    pytest.env("CHROMIUM", browser::CHROMIUM).env("CHROMEDRIVER", browser::DRIVER);
    process::run(pytest.arg(PAGE))?;
    Ok(Outcome::Passed)
}

/// Images in podman and in a registry.
pub(super) fn run_images(workspace: &Workspace) -> Result<Outcome> {
    if let Some(why) = python::missing_interpreter()? {
        return Ok(Outcome::Skipped(why));
    }
    if let Some(why) = containers::missing()? {
        return Ok(Outcome::Skipped(why));
    }
    let mut pytest = pytest(workspace)?;
    match onnxruntime::library(workspace)? {
        Ok(library) => pytest.env(onnxruntime::VARIABLE, library),
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    pytest.env("SHIPWORTHY_STATIC_BIN", cargo::build_static(workspace)?);
    let there = IMAGES.into_iter().filter(|file| workspace.root.join(file).is_file());
    process::run(pytest.args(there))?;
    Ok(Outcome::Passed)
}

/// pytest over the built binary.
fn pytest(workspace: &Workspace) -> Result<Command> {
    let python = python::environment(workspace, REQUIREMENTS)?.join("bin/python");
    let binary = cargo::build(workspace, "--package shipworthy", "shipworthy")?;
    let mut pytest = Command::new(python);
    pytest.current_dir(&workspace.root).env("SHIPWORTHY_BIN", binary);
    pytest.env("PYTHONDONTWRITEBYTECODE", "1").args(["-m", "pytest", "-p", "no:cacheprovider"]);
    Ok(pytest)
}
