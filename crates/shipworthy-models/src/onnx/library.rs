//! The library of ONNX Runtime, opened once a process.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

use super::{Error, probe};

/// An opened ONNX Runtime.
#[derive(Clone, Debug)]
pub struct Runtime {
    environment: Environment,
    sessions: usize,
}

/// The binding allows one environment a process, and one library.
static OPENED: Mutex<Option<Environment>> = Mutex::new(None);

impl Runtime {
    /// Opens the library, for models that up to `sessions` threads (at least 1) ask at a time. A
    /// process has one library: when one is open already, that one is given.
    ///
    /// `library` is a path, or a bare name that the system's loader finds.
    ///
    /// # Errors
    /// When it is no ONNX Runtime of version 1.17 or newer.
    pub fn open(library: &Path, sessions: usize) -> Result<Self, Error> {
        let sessions = sessions.max(1);
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(environment) = opened.as_ref() {
            return Ok(Self { environment: environment.clone(), sessions });
        }
        probe::check(library)?;
        let refused = |message: String| Error::Refused { message };
        let builder = ort::init_from(library).map_err(|error| refused(error.to_string()))?;
        let builder = builder.with_name("shipworthy").with_telemetry(false);
        let environment = builder.build().map_err(|error| refused(error.message().to_owned()))?;
        // What goes wrong comes back as an error, and is told once.
        environment.set_log_level(LogLevel::Fatal);
        *opened = Some(environment.clone());
        Ok(Self { environment, sessions })
    }

    /// Checks a library without opening it for good.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check(library: &Path) -> Result<(), Error> {
        probe::check(library)
    }

    pub(super) const fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(super) const fn sessions(&self) -> usize {
        self.sessions
    }
}
