//! Virtual environments of pinned packages, made once for each list of pins.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt::{self, Installed};
use crate::process;
use crate::workspace::Workspace;

/// Written last: an environment without it was interrupted and is made again.
const COMPLETE: &str = "complete";

/// Installs Python where it or its `venv` is missing; the reason when that cannot be done.
pub(crate) fn missing_interpreter() -> Result<Option<String>> {
    let usable =
        || process::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]));
    if usable() {
        return Ok(None);
    }
    Ok(match apt::install("python3 python3-venv")? {
        Installed::No(why) => Some(why),
        Installed::Now => (!usable()).then(|| "python3 still cannot make environments".to_owned()),
    })
}

/// The virtual environment of the pins in `requirements` (a path in the checkout) and this
/// interpreter, made when absent.
pub(crate) fn environment(workspace: &Workspace, requirements: &str) -> Result<PathBuf> {
    let requirements = workspace.root.join(requirements);
    let pins = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let interpreter = process::capture(Command::new("python3").args(["-c", INTERPRETER]))?;
    let environment = workspace.cache.join("python").join(key(&pins, &interpreter));
    if !environment.join(COMPLETE).is_file() {
        make(&environment, &requirements)?;
    }
    Ok(environment)
}

/// Another interpreter cannot use the environment, wherever it has the same version.
const INTERPRETER: &str = "import sys; print(sys.version, sys.base_prefix)";

/// Changes when the pins or the interpreter do. A collision or a new hash only costs a rebuild
/// or a stale cache, never a wrong release.
fn key(pins: &str, interpreter: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (pins, interpreter).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn make(environment: &Path, requirements: &Path) -> Result<()> {
    eprintln!("  making {}: downloads some hundred MB once", environment.display());
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
    // The pins are the whole list, so nothing is resolved, and nothing else comes in.
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]);
    process::run(pip.arg("--requirement").arg(requirements))?;
    let complete = environment.join(COMPLETE);
    fs::write(&complete, "").with_context(|| format!("cannot write {}", complete.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_follows_pins_and_interpreter() {
        assert_eq!(key("numpy==1", "3.11"), key("numpy==1", "3.11"));
        assert_ne!(key("numpy==1", "3.11"), key("numpy==2", "3.11"));
        assert_ne!(key("numpy==1", "3.11"), key("numpy==1", "3.13"));
    }
}
