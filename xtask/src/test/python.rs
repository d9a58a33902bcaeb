//! Tests in Python: the built binary beside the tools that it must agree with, and its page in a
//! browser.

use std::process::Command;

use anyhow::Result;

use super::Outcome;
use crate::browser;
use crate::cargo;
use crate::onnxruntime;
use crate::process;
use crate::python;
use crate::workspace::Workspace;

const TESTS: &str = "tests/python";
/// Those in a browser, which not every machine may install.
const PAGE: &str = "tests/python/test_page.py";
const REQUIREMENTS: &str = "xtask/requirements.txt";
/// A server to stand in front of; its pins do not go with those of the others.
const MLSERVER: &str = "xtask/requirements-mlserver.txt";

/// All but those in a browser.
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
    process::run(pytest.args(["--ignore", PAGE, TESTS]))?;
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

/// pytest over the built binary.
fn pytest(workspace: &Workspace) -> Result<Command> {
    let python = python::environment(workspace, REQUIREMENTS)?.join("bin/python");
    let binary = cargo::build(workspace, "--package shipworthy", "shipworthy")?;
    let mut pytest = Command::new(python);
    pytest.current_dir(&workspace.root).env("SHIPWORTHY_BIN", binary);
    pytest.env("PYTHONDONTWRITEBYTECODE", "1").args(["-m", "pytest", "-p", "no:cacheprovider"]);
    Ok(pytest)
}
