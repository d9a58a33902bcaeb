//! Why another server's model did not answer.

use axum::http::StatusCode;

use super::client;

/// Why a server's model did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client cannot be made.
    #[error("no client for {address}")]
    Client {
        /// The model.
        address: String,
        /// Why.
        #[source]
        source: client::Error,
    },
    /// No connection, or it ended.
    #[error("{address} does not answer; is the server up, and is that its HTTP port?")]
    Unreachable {
        /// The model.
        address: String,
        /// Why.
        #[source]
        source: client::Error,
    },
    /// An answer that is none.
    #[error("{address} answered {status}: {said}")]
    Status {
        /// The model.
        address: String,
        /// The HTTP status.
        status: StatusCode,
        /// The beginning of its body.
        said: String,
    },
    /// It cannot be called as it describes itself.
    #[error("{address} cannot be called: {why}")]
    Metadata {
        /// The model.
        address: String,
        /// Why.
        why: String,
    },
    /// The deadline passed.
    #[error("{address} gave no answer within {limit_ms} ms")]
    Timeout {
        /// The model.
        address: String,
        /// The deadline.
        limit_ms: u128,
    },
    /// It did not answer for a while, and is left alone.
    #[error("{address} did not answer lately, and is left alone for a while")]
    LeftAlone {
        /// The model.
        address: String,
    },
    /// Rows that the protocol cannot carry.
    #[error("{why}")]
    Rows {
        /// What is in them.
        why: String,
    },
    /// It answered something else than its metadata promised.
    #[error("{address} broke the protocol: {why}")]
    Answer {
        /// The model.
        address: String,
        /// How.
        why: String,
    },
}

impl Error {
    /// Whether the same call may be answered a moment later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Status { status, .. } => matches!(
                *status,
                StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT
            ),
            _ => false,
        }
    }

    /// Whether the server seems to be down or overrun; else it answered, whatever it said.
    pub(crate) fn is_outage(&self) -> bool {
        self.is_transient() || matches!(self, Self::Timeout { .. })
    }
}
