//! Why another server's model did not answer.

use axum::http::StatusCode;

use super::client::{self, Response, Token};
use super::tls;

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
    #[error(
        "{address} does not answer; is the server up, and does that port speak what the URL says, \
         http or https?"
    )]
    Unreachable {
        /// The model.
        address: String,
        /// Why.
        #[source]
        source: client::Error,
    },
    /// Whoever answers there is not trusted, or speaks no TLS.
    #[error("no trusted connection to {address}: {advice}")]
    Tls {
        /// The model.
        address: String,
        /// What is wrong and what to do.
        advice: &'static str,
        /// Why.
        #[source]
        source: client::Error,
    },
    /// It lets nobody in without a token, or not with this one.
    #[error("{address} {refusal}, and start again; it answered {status}: {said}")]
    Token {
        /// The model.
        address: String,
        /// Whether there was a token, and in which environment variable to put one.
        refusal: String,
        /// The HTTP status.
        status: StatusCode,
        /// The beginning of its body.
        said: String,
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
    /// A request that got no answer.
    pub(super) fn of_connection(address: String, source: client::Error) -> Self {
        match tls::failure(&source) {
            Some(failure) => Self::Tls { address, advice: tls::advice(failure), source },
            None => Self::Unreachable { address, source },
        }
    }

    /// An answer that is no success; `token` is what it was asked with.
    pub(super) fn of_status(address: String, response: &Response, token: &Token) -> Self {
        /// Enough to recognise what went wrong there.
        const SHOWN_CHARS: usize = 200;
        let status = response.status;
        let said = token.hidden_in(&String::from_utf8_lossy(&response.body.bytes));
        let said = said.trim().chars().take(SHOWN_CHARS).collect();
        if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Self::Status { address, status, said };
        }
        let refusal = match token.value {
            Some(_) => format!("refuses the token: put one that it accepts in {}", token.variable),
            None => format!("wants a token: put it in {}", token.variable),
        };
        Self::Token { address, refusal, status, said }
    }

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

    /// Whether the server seems to be down or overrun, or answers nobody here; else it answered,
    /// whatever it said. 403 may be about the rows of one caller, so it is no outage.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Tls { .. } => true,
            Self::Token { status, .. } => *status == StatusCode::UNAUTHORIZED,
            _ => self.is_transient(),
        }
    }
}
