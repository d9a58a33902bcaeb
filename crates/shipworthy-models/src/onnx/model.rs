//! A model that the runtime has taken.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;

use super::{Error, Runtime, file, shape};
use crate::Signature;

/// A loaded ONNX model, not yet bound to columns.
#[derive(Debug)]
pub struct OnnxModel {
    signature: Signature,
    /// As many as threads that ask at a time: the binding lets one thread run a session, since not
    /// all that the runtime is made of may be run by two. Each holds the weights again.
    sessions: Vec<Mutex<Session>>,
    next: AtomicUsize,
}

impl OnnxModel {
    /// Checks a file and hands it to the runtime.
    ///
    /// # Errors
    /// When the file is damaged, stands not alone, or has inputs or outputs that are not tensors
    /// of rows.
    pub fn load(bytes: &[u8], runtime: &Runtime) -> Result<Self, Error> {
        file::check(bytes)?;
        let session = || {
            let session = session(bytes, runtime);
            session.map_err(|error| Error::Refused { message: error.message().to_owned() })
        };
        let first = session()?;
        let signature = Signature {
            format: "onnx",
            inputs: shape::tensors("input", first.inputs())?,
            outputs: shape::tensors("output", first.outputs())?,
        };
        let mut sessions = vec![Mutex::new(first)];
        while sessions.len() < runtime.sessions() {
            sessions.push(Mutex::new(session()?));
        }
        Ok(Self { signature, sessions, next: AtomicUsize::new(0) })
    }

    /// What it takes and answers.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// A session that is free, or else the first that becomes so among those of this turn.
    pub(super) fn session(&self) -> MutexGuard<'_, Session> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.sessions.len();
        let (before, from) = self.sessions.split_at(turn);
        for session in from.iter().chain(before) {
            match session.try_lock() {
                Ok(free) => return free,
                // A run changes nothing that a panic could leave half done.
                Err(TryLockError::Poisoned(free)) => return free.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.sessions[turn].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread and one node after another: requests are what is worked on in parallel.
fn session(bytes: &[u8], runtime: &Runtime) -> ort::Result<Session> {
    let builder = Session::builder(runtime.environment())?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_parallel_execution(false)?
        .with_optimization_level(GraphOptimizationLevel::All)?;
    let mut builder = builder;
    builder.commit_from_memory(bytes)
}
