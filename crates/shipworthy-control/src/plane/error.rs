//! What a caller of the control plane is told when it does not get what it asked for.

use axum::body::Body;
use axum::http::header::{ALLOW, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{Method, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;
use shipworthy_store::{Role, event, store, token};

use super::reload::ReloadError;
use crate::release;
use crate::statement::Unsayable;
use crate::traffic;

/// Why a request was not done. The message says what was wrong, [`Error::hint`] what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No token, or one that does not live.
    #[error("this needs a token")]
    Unauthenticated,
    /// A token whose role may not do this.
    #[error("a token with the role `{role}` may not do this")]
    Forbidden {
        /// Its role.
        role: Role,
    },
    /// The request is for another server's name.
    #[error("this server is not called `{host}`")]
    WrongHost {
        /// The name asked for.
        host: String,
    },
    /// A page of another origin used the browser's session.
    #[error("a browser's session acts from this server's own pages only")]
    CrossOrigin,
    /// No such route.
    #[error("there is no {path} here")]
    UnknownRoute {
        /// The path.
        path: String,
    },
    /// A route that takes other methods.
    #[error("{path} does not take {method}")]
    WrongMethod {
        /// The method.
        method: Method,
        /// The path.
        path: String,
        /// What it takes, where the router does not know.
        allowed: Option<&'static str>,
    },
    /// A body above the limit.
    #[error("the body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// The body did not arrive whole, or not in time.
    #[error("the body did not arrive whole")]
    BodyCut,
    /// Not the JSON that the route takes.
    #[error("the body is not what this takes: {message}")]
    Malformed {
        /// What is wrong, and where.
        message: String,
    },
    /// Something in the request makes no sense.
    #[error("{message}")]
    BadRequest {
        /// What.
        message: String,
        /// What to send.
        hint: &'static str,
    },
    /// No live token has the name.
    #[error("no live token is called `{name}`")]
    NoSuchToken {
        /// The name.
        name: String,
    },
    /// A live token has the name.
    #[error("a live token is already called `{name}`")]
    TokenNameTaken {
        /// The name.
        name: String,
    },
    /// Without this token nobody could act any more.
    #[error("`{name}` is the last operator: without it nobody could make another token")]
    LastOperator {
        /// The name.
        name: String,
    },
    /// The name is none of a release here, or of several.
    #[error("{message}")]
    NoSuchRelease {
        /// Which, and how releases are named.
        message: String,
    },
    /// The release is not what it was, or something refers to it.
    #[error("{message}")]
    ReleaseRefused {
        /// What is wrong.
        message: String,
    },
    /// The traffic of no such endpoint can be steered.
    #[error("{message}")]
    NoSuchEndpoint {
        /// Which, and those that there are.
        message: String,
    },
    /// What the endpoint's state does not allow.
    #[error("{message}")]
    TrafficRefused {
        /// What stands in the way.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// As many pages are live as may be.
    #[error("{limit} pages are live already")]
    TooManyPages {
        /// That many.
        limit: usize,
    },
    /// The ledger has no entry of that name.
    #[error("the ledger has no entry {id}")]
    NoSuchEntry {
        /// The id.
        id: String,
    },
    /// The new configuration was not taken; the old one serves on.
    #[error(transparent)]
    ReloadRefused(ReloadError),
    /// Control state cannot be reached.
    #[error("the server's state cannot be reached")]
    State(#[source] store::Error),
    /// The ledger cannot be read.
    #[error("the ledger cannot be read")]
    Ledger(#[source] shipworthy_ledger::ReadError),
    /// A fault of ours; the log has it.
    #[error("the server failed to do this")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BodyCut | Self::Malformed { .. } | Self::BadRequest { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } | Self::CrossOrigin => StatusCode::FORBIDDEN,
            Self::UnknownRoute { .. }
            | Self::NoSuchToken { .. }
            | Self::NoSuchRelease { .. }
            | Self::NoSuchEndpoint { .. }
            | Self::NoSuchEntry { .. } => StatusCode::NOT_FOUND,
            Self::WrongMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TokenNameTaken { .. }
            | Self::LastOperator { .. }
            | Self::ReleaseRefused { .. }
            | Self::TrafficRefused { .. }
            | Self::ReloadRefused(_) => StatusCode::CONFLICT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongHost { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::State(_) | Self::TooManyPages { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Ledger(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden { .. } => "forbidden",
            Self::WrongHost { .. } => "wrong_host",
            Self::CrossOrigin => "cross_origin",
            Self::UnknownRoute { .. } => "unknown_route",
            Self::WrongMethod { .. } => "wrong_method",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::BodyCut => "body_cut",
            Self::Malformed { .. } => "malformed",
            Self::BadRequest { .. } => "bad_request",
            Self::NoSuchToken { .. } => "no_such_token",
            Self::TokenNameTaken { .. } => "token_name_taken",
            Self::LastOperator { .. } => "last_operator",
            Self::NoSuchRelease { .. } => "no_such_release",
            Self::ReleaseRefused { .. } => "release_refused",
            Self::NoSuchEndpoint { .. } => "no_such_endpoint",
            Self::TrafficRefused { .. } => "traffic_refused",
            Self::TooManyPages { .. } => "too_many_pages",
            Self::NoSuchEntry { .. } => "no_such_entry",
            Self::ReloadRefused(_) => "reload_refused",
            Self::State(_) => "state_unavailable",
            Self::Ledger(_) => "ledger_unreadable",
            Self::Internal(_) => "internal",
        }
    }

    /// What the caller can do.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Unauthenticated => {
                "send `Authorization: Bearer TOKEN`; an operator makes one with `shipworthy token \
                 create`, and `shipworthy token sign-in` gives a browser a link"
            }
            Self::Forbidden { .. } => {
                "use a token whose role may: an operator acts, an approver approves releases, and an \
                 operator, approver or auditor reads"
            }
            Self::WrongHost { .. } => {
                "this control plane is bound to a loopback address: call it as localhost or \
                 127.0.0.1; to reach it by another name, bind it to another address with --admin"
            }
            Self::CrossOrigin => "send a token in `Authorization` instead of the session's cookie",
            Self::UnknownRoute { .. } => {
                "/openapi.json describes what there is: /v1/status, /v1/checklist, /v1/reload, \
                 /v1/tokens, /v1/sign-in-links, /v1/releases, /v1/releases/NAME (/archive), \
                 /v1/releases/NAME:approve (:attest, :hold, :free), /v1/endpoints, /v1/endpoints/NAME:deploy (:promote, :approve, :hold, \
                 :resume, :rollback, :stop, :drill), /v1/ledger/entries and /v1/events"
            }
            Self::WrongMethod { .. } => "GET reads; POST acts, and its body gives a reason",
            Self::BodyTooLarge { .. } => {
                "an action is a few fields and a reason, and an archive has 512 MiB at most: take a \
                 larger one in with `shipworthy release import` where the state directory is"
            }
            Self::BodyCut => "send the whole body, as long as Content-Length says, at once",
            Self::Malformed { .. } => "send one JSON object, for example {\"reason\": \"why\"}",
            Self::BadRequest { hint, .. } => hint,
            Self::NoSuchToken { .. } => "`shipworthy token list` shows those that live",
            Self::TokenNameTaken { .. } => "revoke it first, or choose another name",
            Self::LastOperator { .. } => {
                "make another operator first: `shipworthy token create NAME --role operator \
                 --reason WHY`"
            }
            Self::NoSuchRelease { .. } => "`shipworthy release list` shows those that are here",
            Self::ReleaseRefused { .. } => "`shipworthy release verify` says more",
            Self::NoSuchEndpoint { .. } => {
                "`shipworthy status` lists them; a bare model file has no releases to choose from"
            }
            Self::TrafficRefused { hint, .. } => hint,
            Self::TooManyPages { .. } => {
                "close a page that nobody looks at; a page that is not live shows news when it is \
                 loaded again"
            }
            Self::NoSuchEntry { .. } => {
                "check the id; an answer's `decision_ids` name its entries, and each server has \
                 its own ledger"
            }
            Self::ReloadRefused(refused) => &refused.hint,
            Self::State(_) => {
                "try again; if it stays, the server's log says why. Decisions are served meanwhile"
            }
            Self::Ledger(_) => "the server's log says which segment and why",
            Self::Internal(_) => "try again; if it stays, the server's log says why",
        }
    }

    /// What only the log is told.
    pub(super) fn log(&self) {
        let cause = std::error::Error::source(self);
        if let (true, Some(cause)) = (self.status().is_server_error(), cause) {
            tracing::error!(error = %self, cause = %chain(cause), "the control plane failed");
        }
    }
}

/// An error and all its causes.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl IntoResponse for Error {
    fn into_response(self) -> Response<Body> {
        #[derive(Serialize)]
        struct Told<'a> {
            error: String,
            code: &'static str,
            hint: &'a str,
        }
        self.log();
        let told = Told { error: self.to_string(), code: self.code(), hint: self.hint() };
        let mut response = super::json(self.status(), &told);
        if matches!(self, Self::Unauthenticated) {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::WrongMethod { allowed: Some(allowed), .. } = self {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        response
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::TokenNameTaken { name } => Self::TokenNameTaken { name },
            store::Error::NoSuchToken { name } => Self::NoSuchToken { name },
            error @ (store::Error::ReleaseInUse { .. }
            | store::Error::ReleasePruned { .. }
            | store::Error::TooManyAttestations { .. }) => {
                Self::ReleaseRefused { message: error.to_string() }
            }
            error => Self::State(error),
        }
    }
}

impl From<release::Error> for Error {
    fn from(error: release::Error) -> Self {
        match error {
            release::Error::Store(error) => error.into(),
            error @ (release::Error::NoName { .. }
            | release::Error::EmptySlot { .. }
            | release::Error::Ambiguous { .. }) => {
                Self::NoSuchRelease { message: error.to_string() }
            }
            error @ release::Error::Archive { .. } => Self::BadRequest {
                message: chain(&error),
                hint: "send what `shipworthy release export` wrote, as it is",
            },
            error => Self::ReleaseRefused { message: chain(&error) },
        }
    }
}

impl From<traffic::Error> for Error {
    fn from(error: traffic::Error) -> Self {
        match error {
            traffic::Error::NoEndpoint { .. } => {
                Self::NoSuchEndpoint { message: error.to_string() }
            }
            traffic::Error::Refused { message, hint } => Self::TrafficRefused { message, hint },
            traffic::Error::Rollout(error) => Self::TrafficRefused {
                message: error.to_string(),
                hint: "`shipworthy status ENDPOINT` says where it is",
            },
            traffic::Error::Release(error) => (*error).into(),
            traffic::Error::Store(error) => (*error).into(),
            traffic::Error::Event(error) => error.into(),
        }
    }
}

impl From<Unsayable> for Error {
    fn from(error: Unsayable) -> Self {
        let hint = "for example {\"type\": \"gate-report\", \"predicate\": {\"result\": \"PASSED\", \
                    \"configuration\": []}, \"reason\": \"why\"}";
        Self::BadRequest { message: error.to_string(), hint }
    }
}

impl From<shipworthy_ledger::ReadError> for Error {
    fn from(error: shipworthy_ledger::ReadError) -> Self {
        Self::Ledger(error)
    }
}

impl From<event::Error> for Error {
    fn from(error: event::Error) -> Self {
        let hint = "say in `reason`, in a few words, why: it stands in the record of this action";
        Self::BadRequest { message: error.to_string(), hint }
    }
}

impl From<token::Error> for Error {
    fn from(error: token::Error) -> Self {
        let hint = "for example {\"name\": \"ci\", \"role\": \"caller\", \"reason\": \"why\"}";
        Self::BadRequest { message: error.to_string(), hint }
    }
}
