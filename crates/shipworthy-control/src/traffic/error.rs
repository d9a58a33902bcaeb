//! Why nothing was done to an endpoint's traffic.

use shipworthy_core::rollout::TakeError;
use shipworthy_store::{event, store};

use crate::release;

/// Why an action was not taken; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such endpoint, or one of a bare model file, which has no releases.
    #[error("there is no endpoint `{name}` whose traffic can be steered: {known}")]
    NoEndpoint {
        /// The name that was given.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Something that the endpoint's state does not allow.
    #[error("{message}")]
    Refused {
        /// What stands in the way.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// The rollout does not allow it.
    #[error("{0}")]
    Rollout(#[from] TakeError),
    /// The release cannot be found, loaded or believed.
    #[error(transparent)]
    Release(Box<release::Error>),
    /// Control state.
    #[error(transparent)]
    Store(Box<store::Error>),
    /// The action cannot be recorded as it is.
    #[error(transparent)]
    Event(#[from] event::Error),
}

impl From<release::Error> for Error {
    fn from(error: release::Error) -> Self {
        Self::Release(Box::new(error))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(Box::new(error))
    }
}

impl From<(&'static str, &'static str)> for Error {
    fn from((message, hint): (&'static str, &'static str)) -> Self {
        Self::refused(message, hint)
    }
}

impl Error {
    pub(super) fn refused(message: impl Into<String>, hint: &'static str) -> Self {
        Self::Refused { message: message.into(), hint }
    }
}
