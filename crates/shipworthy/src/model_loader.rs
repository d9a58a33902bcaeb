//! Models of every kind: trees, ONNX, and those on other servers.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use shipworthy_control::models::{self, Models};
use shipworthy_models::{ModelFile, Options};
use shipworthy_serving::LoadedModel;
use shipworthy_serving::remote::{self, Description, Remote, Token};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::onnx_runtime::{MAX_SESSIONS, OnnxRuntime};
use crate::system::System;

/// Loads the models of releases.
pub(crate) struct ModelLoader {
    onnx: OnnxRuntime,
    sessions: usize,
    system: System,
    /// Where models on other servers are asked for by a command that is no server.
    runtime: Mutex<Option<Runtime>>,
}

impl fmt::Debug for ModelLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelLoader").field("onnx", &self.onnx).finish_non_exhaustive()
    }
}

impl ModelLoader {
    /// For a command, which asks one model at a time.
    pub(crate) fn for_command(onnx: &OnnxRuntime, system: &System) -> Arc<dyn Models> {
        Self::with_sessions(onnx, 1, system)
    }

    /// For a server.
    pub(crate) fn to_serve(onnx: &OnnxRuntime, system: &System) -> Arc<dyn Models> {
        Self::with_sessions(onnx, System::cores().min(MAX_SESSIONS), system)
    }

    fn with_sessions(onnx: &OnnxRuntime, sessions: usize, system: &System) -> Arc<dyn Models> {
        let (onnx, system, runtime) = (onnx.clone(), system.clone(), Mutex::default());
        Arc::new(Self { onnx, sessions, system, runtime })
    }

    fn elsewhere(&self, description: Description) -> Result<LoadedModel, models::Error> {
        let Description { address, timeout, token_variable } = description;
        let token = token_variable.map_or_else(Token::default, |variable| Token {
            value: System::variable(&variable),
            variable,
        });
        let runtime = self.runtime().map_err(|error| models::Error::NoRuntime(error.into()))?;
        let (clock, entropy) = (Arc::clone(&self.system.clock), Arc::clone(&self.system.entropy));
        let ports = remote::Ports { clock, entropy, runtime };
        let remote = Remote::connect_waiting(address, remote::Options { token, timeout }, ports);
        let remote = remote.map_err(|error| models::Error::NoRuntime(error.into()))?;
        Ok(LoadedModel::Elsewhere(Arc::new(remote)))
    }

    /// The server's own, where there is one.
    fn runtime(&self) -> std::io::Result<Handle> {
        if let Ok(running) = Handle::try_current() {
            return Ok(running);
        }
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*runtime {
            return Ok(runtime.handle().clone());
        }
        let made = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(runtime.insert(made).handle().clone())
    }
}

impl Models for ModelLoader {
    fn load(&self, bytes: &[u8]) -> Result<LoadedModel, models::Error> {
        if let Some(description) = Description::read(bytes) {
            return self
                .elsewhere(description.map_err(|error| models::Error::Refused(error.into()))?);
        }
        let onnx = self.onnx.open_for(bytes, self.sessions)?;
        let loaded = ModelFile::load(bytes, &Options { onnx, ..Options::default() });
        let loaded = loaded.map_err(|error| models::Error::Refused(error.into()))?;
        Ok(LoadedModel::Here(loaded))
    }
}
