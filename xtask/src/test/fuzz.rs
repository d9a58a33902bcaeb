//! The parsers of model files against bytes that nobody wrote, by cargo-fuzz on the stable
//! toolchain: without a sanitizer, for which rustc must be a nightly one. Overflow is checked.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Outcome, tool};
use crate::process;
use crate::workspace::Workspace;

const VERSION: &str = "0.13.2";

/// A run's bounds: its length, an input's length, time and memory, and where chance begins.
const BOUNDS: [&str; 5] =
    ["-max_total_time=5", "-max_len=16384", "-timeout=5", "-rss_limit_mb=512", "-seed=1"];

/// Builds all targets and runs each for a few seconds, from the corpus in the checkout and from
/// what earlier runs found, which is kept in the cache.
pub(super) fn run(workspace: &Workspace) -> Result<Outcome> {
    let program = tool::program(workspace, "cargo-fuzz", VERSION)?;
    let scratch = workspace.cache.join("fuzz");
    let fuzz = |command: &str| {
        let mut fuzz = Command::new(&program);
        fuzz.current_dir(&workspace.root).arg(command);
        fuzz
    };
    let build = |command: &str| {
        let mut build = fuzz(command);
        build.args(["--sanitizer", "none", "--target-dir"]).arg(scratch.join("target"));
        build
    };
    let targets = process::capture(&mut fuzz("list"))?;
    process::run(&mut build("build"))?;
    for target in targets.lines() {
        let corpus = directory(&scratch.join("corpus").join(target))?;
        let artifacts = directory(&scratch.join("artifacts").join(target))?;
        let mut run = build("run");
        run.args([target, &corpus]).arg(workspace.root.join("fuzz/corpus").join(target));
        run.arg("--").args(BOUNDS).args(["-verbosity=0", "-print_final_stats=1"]);
        process::run(run.arg(format!("-artifact_prefix={artifacts}/")))?;
    }
    Ok(Outcome::Passed)
}

/// Makes a directory and says its path.
fn directory(path: &Path) -> Result<String> {
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(path.display().to_string())
}
