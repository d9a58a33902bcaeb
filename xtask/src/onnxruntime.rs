//! The library that tests and benchmarks run ONNX models with.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process;
use crate::python;
use crate::workspace::Workspace;

/// What names the library to the tests and to the built binary.
pub(crate) const VARIABLE: &str = "SHIPWORTHY_ONNXRUNTIME";

const REQUIREMENTS: &str = "xtask/requirements-onnxruntime.txt";

/// Where the package has it.
const QUESTION: &str = "import glob, sysconfig; \
    print(*glob.glob(sysconfig.get_path('purelib') + '/onnxruntime/capi/libonnxruntime.so*'))";

/// The library, installed when absent; the reason when there is no Python to do it.
pub(crate) fn library(workspace: &Workspace) -> Result<Result<PathBuf, String>> {
    if let Some(why) = python::missing_interpreter()? {
        return Ok(Err(why));
    }
    let python = python::environment(workspace, REQUIREMENTS)?.join("bin/python");
    let answer = process::capture(std::process::Command::new(python).args(["-c", QUESTION]))?;
    let library = PathBuf::from(answer.trim());
    library
        .is_file()
        .then_some(Ok(library))
        .context("the package onnxruntime does not have its library where it had it")
}
