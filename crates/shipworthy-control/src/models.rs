//! The port through which model files become models.
//!
//! What runs an ONNX model is a foreign library: where it is, and whether a file may be given to
//! it, only the edge can find out. A model on another server is asked for over the network. Trees
//! need nothing.

use std::fmt;

use shipworthy_models::{ModelFile, Options};
use shipworthy_serving::LoadedModel;

/// Whatever went wrong at the edge.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a file does not become a model.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What would run it cannot be had here, or does not answer: nothing was found out about it.
    #[error(transparent)]
    NoRuntime(Cause),
    /// It is no model that can be used.
    #[error(transparent)]
    Refused(Cause),
}

/// Loads model files.
pub trait Models: fmt::Debug + Send + Sync {
    /// Reads a file, whose format its content tells. May wait, for another server.
    ///
    /// # Errors
    /// [`Error::NoRuntime`], [`Error::Refused`].
    fn load(&self, bytes: &[u8]) -> Result<LoadedModel, Error>;
}

/// Trees alone: every other model is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trees;

impl Models for Trees {
    fn load(&self, bytes: &[u8]) -> Result<LoadedModel, Error> {
        let loaded = ModelFile::load(bytes, &Options::default());
        let loaded = loaded.map_err(|error| Error::Refused(error.into()))?;
        Ok(LoadedModel::Here(loaded))
    }
}
