//! Tests in Python: the built binary beside the tools that it must agree with.

use std::process::Command;

use anyhow::Result;

use super::Outcome;
use crate::cargo;
use crate::onnxruntime;
use crate::process;
use crate::python;
use crate::workspace::Workspace;

const TESTS: &str = "tests/python";
const REQUIREMENTS: &str = "xtask/requirements.txt";
/// A server to stand in front of; its pins do not go with those of the others.
const MLSERVER: &str = "xtask/requirements-mlserver.txt";

pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let tests = workspace.root.join(TESTS);
    if !tests.is_dir() {
        return Ok(Outcome::Skipped(format!("there is no {TESTS}/ yet")));
    }
    if let Some(why) = python::missing_interpreter()? {
        return Ok(Outcome::Skipped(why));
    }
    let python = python::environment(workspace, REQUIREMENTS)?.join("bin/python");
    let mlserver = python::environment(workspace, MLSERVER)?.join("bin/python");
    let binary = cargo::build(workspace, "--package shipworthy", "shipworthy")?;
    let mut pytest = Command::new(python);
    pytest.current_dir(&workspace.root).env("SHIPWORTHY_BIN", binary);
    match onnxruntime::library(workspace)? {
        Ok(library) => pytest.env(onnxruntime::VARIABLE, library),
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    pytest.env("PYTHONDONTWRITEBYTECODE", "1").env("MLSERVER_PYTHON", mlserver);
    process::run(pytest.args(["-m", "pytest", "-p", "no:cacheprovider", TESTS]))?;
    Ok(Outcome::Passed)
}
