//! An ONNX model is tried before it is trusted: its graph is a program, which may take all memory
//! or never end, and what runs it is a foreign library.
//!
//! The trial is this program again, in a process of its own, whose memory and processor time the
//! system bounds. It loads the model as the server will, lets it answer one row, and says how that
//! went; if it cannot say, the way it ended does.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use serde::{Deserialize, Serialize};
use shipworthy_core::{ReleaseId, canonical};
use shipworthy_models::onnx::{self, Runtime};
use shipworthy_models::{ModelFile, Options};
use shipworthy_serving::release::LoadedRelease;

use super::first_words;
use crate::cli::Outcome;
use crate::output;

/// The hidden command that the trial is.
const COMMAND: &str = "onnx-trial";

/// Also what sleeps or waits for itself ends. A busy machine has time for what is below.
const MAX_WAIT: Duration = Duration::from_secs(300);

/// Loading and one row take less than a second of most models, and grow with the file.
const SPARE_CPU_S: u64 = 20;
const FILE_BYTES_PER_CPU_S: u64 = 16 << 20;

/// The library alone maps some hundred MB; weights are held several times while a model loads.
const SPARE_MEMORY_BYTES: u64 = 2 << 30;
const MEMORY_BYTES_PER_FILE_BYTE: u64 = 8;

/// Load an ONNX model within bounds, let it answer one row, and say how that went.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The library of ONNX Runtime.
    library: PathBuf,
}

/// How a trial went, as the process that held it says.
#[derive(Debug, Deserialize, Serialize)]
struct Verdict {
    /// Why the model cannot be served.
    refused: Option<String>,
}

/// What a model may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    memory_bytes: u64,
    cpu_s: u64,
}

impl Bounds {
    const fn of(model: &[u8]) -> Self {
        let bytes = model.len() as u64;
        Self {
            memory_bytes: SPARE_MEMORY_BYTES + MEMORY_BYTES_PER_FILE_BYTE * bytes,
            cpu_s: SPARE_CPU_S + bytes / FILE_BYTES_PER_CPU_S,
        }
    }

    /// Holds this process to them, for good.
    fn keep(self) -> Result<()> {
        let at_most = |bound| Rlimit { current: Some(bound), maximum: Some(bound) };
        setrlimit(Resource::As, at_most(self.memory_bytes))?;
        setrlimit(Resource::Core, at_most(0))?;
        // At the first the system sends the signal that tells why, at the second it kills.
        let (current, maximum) = (Some(self.cpu_s), Some(self.cpu_s + 1));
        Ok(setrlimit(Resource::Cpu, Rlimit { current, maximum })?)
    }
}

/// Tries a model; an error says why it cannot be served.
pub(super) fn hold(model: &[u8], library: &Path) -> Result<()> {
    let mut command = Command::new(std::env::current_exe().context("cannot find this program")?);
    command.args([OsString::from(COMMAND), library.into()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().context("cannot start a process to try the model in")?;
    let mut input = child.stdin.take().context("it was piped")?;
    let (said, status) = std::thread::scope(|scope| {
        // Ends when the trial has read it all or has ended, and then there is nobody to tell.
        scope.spawn(move || drop(input.write_all(model)));
        first_words(&mut child, MAX_WAIT)
    })?;
    let bounds = Bounds::of(model);
    let said = said.context("the model was tried for five minutes and did not come to an end")?;
    match serde_json::from_str(&said) {
        Ok(Verdict { refused: None }) => Ok(()),
        Ok(Verdict { refused: Some(why) }) if why.contains("alloc") => {
            let mib = bounds.memory_bytes >> 20;
            bail!("the model wants more than {mib} MiB to load and answer one row: {why}")
        }
        Ok(Verdict { refused: Some(why) }) => bail!(why),
        Err(_) if status.signal() == Some(Signal::XCPU.as_raw()) => bail!(
            "the model computes for more than {} s to load and answer one row: its graph may \
             have no end",
            bounds.cpu_s
        ),
        Err(_) => bail!(
            "ONNX Runtime ended ({status}) while it loaded the model and answered one row: the \
             graph is damaged, or this version of the library cannot run it"
        ),
    }
}

/// Holds the trial in this process.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let mut model = Vec::new();
    std::io::stdin().lock().take(onnx::MAX_BYTES as u64 + 1).read_to_end(&mut model)?;
    Bounds::of(&model).keep().context("cannot bound this process")?;
    let refused =
        load(&model, &args.library).err().map(|error| format!("{error:#}").trim_end().to_owned());
    let outcome = if refused.is_some() { Outcome::Failed } else { Outcome::Done };
    output::json(&Verdict { refused })?;
    Ok(outcome)
}

fn load(model: &[u8], library: &Path) -> Result<()> {
    let options = Options { onnx: Some(Runtime::open(library, 1)?), ..Options::default() };
    let loaded = ModelFile::load(model, &options)?;
    let id: ReleaseId = format!("sha256:{}", canonical::sha256_hex(model)).parse()?;
    LoadedRelease::bare(id, &loaded)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_may_take_grows_with_its_file() {
        let small = Bounds::of(&[0; 100]);
        assert_eq!(small, Bounds { memory_bytes: (2 << 30) + 800, cpu_s: 20 });
        let large = Bounds::of(&vec![0; 64 << 20]);
        assert_eq!(large, Bounds { memory_bytes: (2 << 30) + (512 << 20), cpu_s: 24 });
    }
}
