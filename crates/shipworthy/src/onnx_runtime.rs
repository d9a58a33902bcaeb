//! Where the library of ONNX Runtime is, and whether a model may be given to it.

pub(crate) mod trial;

use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use shipworthy_control::models;
use shipworthy_models::format::Format;
use shipworthy_models::onnx::{self, Error, Runtime};

use crate::system::System;

/// The library that runs ONNX models.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct OnnxRuntime {
    /// The library of ONNX Runtime, for ONNX models; else ORT_DYLIB_PATH, the onnxruntime package
    /// of python3, or the system's libonnxruntime.so.
    #[arg(long = "onnxruntime", value_name = "FILE", env = "SHIPWORTHY_ONNXRUNTIME")]
    library: Option<PathBuf>,
}

/// Read by other programs too, under this name.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// What the system's loader looks for.
const SYSTEM: &str = "libonnxruntime.so";

/// A place that may have the library, and how it came up.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    library: PathBuf,
    from: &'static str,
}

impl OnnxRuntime {
    /// Opens the library when `model` is an ONNX file, for that many sessions at a time, and tries
    /// the model with it; nothing is looked for otherwise.
    pub(crate) fn open_for(
        &self,
        model: &[u8],
        sessions: usize,
    ) -> Result<Option<Runtime>, models::Error> {
        if !matches!(Format::detect(model), Ok(Format::Onnx)) {
            return Ok(None);
        }
        let place = self.place();
        let opened = Runtime::open(&place.library, sessions);
        let opened =
            opened.map_err(|error| models::Error::NoRuntime(explain(error, &place).into()))?;
        // What is no whole model is told by who loads it.
        if onnx::check(model).is_ok() {
            let held = trial::hold(model, &place.library).context("the ONNX model cannot be used");
            held.map_err(|error| models::Error::Refused(error.into()))?;
        }
        Ok(Some(opened))
    }
}

impl OnnxRuntime {
    fn place(&self) -> Place {
        let variable = System::variable(VARIABLE).map(PathBuf::from);
        resolve(self.library.clone(), variable, of_python)
    }

    /// The library that runs a model, where it needs one.
    pub(crate) fn library_for(&self, model: &[u8]) -> Option<PathBuf> {
        matches!(Format::detect(model), Ok(Format::Onnx)).then(|| self.place().library)
    }
}

/// Each session holds the weights of its model again.
pub(crate) const MAX_SESSIONS: usize = 8;

/// The one place that counts: who names one means it.
fn resolve(
    flag: Option<PathBuf>,
    variable: Option<PathBuf>,
    python: impl FnOnce() -> Option<PathBuf>,
) -> Place {
    let named = flag.map(|library| (library, "--onnxruntime or SHIPWORTHY_ONNXRUNTIME"));
    let named = named.or_else(|| Some((variable?, VARIABLE)));
    let found = named.or_else(|| Some((python()?, "the onnxruntime package of python3")));
    let (library, from) = found.unwrap_or_else(|| (SYSTEM.into(), "the system"));
    Place { library, from }
}

fn explain(error: Error, place: &Place) -> anyhow::Error {
    let advice = match &error {
        Error::TooOld { .. } => "pip install --upgrade onnxruntime",
        _ => "pip install onnxruntime",
    };
    let looked = if place.library == Path::new(SYSTEM) {
        format!(
            "an ONNX model needs the library of ONNX Runtime, and there is none: neither \
             --onnxruntime, SHIPWORTHY_ONNXRUNTIME nor {VARIABLE} names it, the python3 in PATH \
             has no package onnxruntime, and the system has no {SYSTEM}"
        )
    } else {
        format!("an ONNX model needs the library of ONNX Runtime, and the one of {}", place.from)
            + " cannot be used"
    };
    anyhow!(error).context(format!("{looked}; to get it: {advice}"))
}

/// Asks without importing the package, which takes a second and a hundred MB. The directory that
/// this runs in is no place to load a library from.
const QUESTION: &str = "\
import sys; sys.path = [p for p in sys.path if p]
import glob, importlib.util, os
spec = importlib.util.find_spec('onnxruntime')
for place in (spec.submodule_search_locations or []) if spec else []:
    for found in sorted(glob.glob(os.path.join(place, 'capi', 'libonnxruntime.so*'))):
        print(found)
";

/// A Python that does not start in this time is none.
const PYTHON_TIMEOUT: Duration = Duration::from_secs(10);

/// The library in the package of the `python3` in PATH, if there is one.
fn of_python() -> Option<PathBuf> {
    let answer = ask("python3".as_ref(), QUESTION).ok()?;
    answer.lines().map(PathBuf::from).find(|library| library.is_file())
}

/// What a Python program prints, within the timeout.
fn ask(python: &OsStr, question: &str) -> Result<String> {
    let mut command = Command::new(python);
    command.args([OsString::from("-c"), question.into()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let (answer, _) = first_words(&mut command.spawn()?, PYTHON_TIMEOUT)?;
    answer.context("it does not answer")
}

/// What a process prints to its piped standard output, if it comes to an end within the timeout;
/// and how the process ended, which it has in any case.
fn first_words(child: &mut Child, timeout: Duration) -> Result<(Option<String>, ExitStatus)> {
    let mut stdout = child.stdout.take().context("it was piped")?;
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut words = String::new();
        let read = stdout.read_to_string(&mut words);
        // Nobody waits any longer after the timeout.
        let _ = sender.send(read.map(|_| words));
    };
    let reader = std::thread::Builder::new().name("words".to_owned()).spawn(read)?;
    let words = receiver.recv_timeout(timeout);
    // One that has closed its output has ended, or has nothing to add.
    let _ = child.kill();
    let status = child.wait()?;
    reader.join().map_err(|_| anyhow!("its output could not be read"))?;
    Ok((words.ok().transpose()?, status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(flag: Option<&str>, variable: Option<&str>, python: Option<&str>) -> String {
        let path = |text: Option<&str>| text.map(PathBuf::from);
        let place = resolve(path(flag), path(variable), || path(python));
        place.library.display().to_string()
    }

    #[test]
    fn the_flag_is_before_the_variable_and_python_before_the_system() {
        assert_eq!(resolved(Some("a"), Some("b"), Some("c")), "a");
        assert_eq!(resolved(None, Some("b"), Some("c")), "b");
        assert_eq!(resolved(None, None, Some("c")), "c");
        assert_eq!(resolved(None, None, None), SYSTEM);
    }

    #[test]
    fn a_python_that_is_not_there_has_no_library() {
        assert!(ask("no-such-python".as_ref(), QUESTION).is_err());
    }

    #[test]
    fn a_named_library_that_cannot_be_used_is_told_with_the_command_that_gets_one() {
        let flag = OnnxRuntime { library: Some("/no/such/library.so".into()) };
        let model = [0x08, 0x08, 0x12, 0x00];
        let error = flag.open_for(&model, 1).map(drop).unwrap_err();
        let text = format!("{:#}", anyhow!(error));
        assert!(text.contains("--onnxruntime"), "{text}");
        assert!(text.contains("pip install onnxruntime"), "{text}");
        assert!(text.contains("/no/such/library.so"), "{text}");
    }
}
