//! Why a request got no decision: what the caller is told.

use shipworthy_contract::Violation;
use shipworthy_core::DecisionId;
use std::sync::Arc;

use crate::release::LoadedRelease;
use crate::state::NotReady;

/// A request without a decision. The message says what was wrong, [`Failure::hint`] what to do;
/// nothing internal is in either.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Not the JSON of the protocol.
    #[error("the body is malformed at line {line}, column {column}: {message}")]
    Malformed {
        /// Line in the body, from 1.
        line: usize,
        /// Column in the line, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// JSON, but no request of this protocol.
    #[error("{message}")]
    BadRequest {
        /// What is wrong.
        message: String,
        /// What to send.
        hint: &'static str,
    },
    /// The rows break the contract. Recorded.
    #[error("{}; no row was answered", broken(refusal.violations.len()))]
    Refused {
        /// What was recorded.
        refusal: Box<Refusal>,
    },
    /// What the model said is not what is expected of it. Recorded.
    #[error("{}; no row was answered", unexpected(refusal.violations.len()))]
    Withheld {
        /// What was recorded.
        refusal: Box<Refusal>,
    },
    /// The kill switch is on, and there is no safe answer. Recorded.
    #[error("`{endpoint}` is stopped by an operator")]
    Stopped {
        /// The endpoint.
        endpoint: String,
        /// What was recorded.
        refusal: Box<Refusal>,
    },
    /// No endpoint of that name.
    #[error("there is no model `{name}` here")]
    UnknownModel {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// No such route.
    #[error("there is no {path} here")]
    UnknownRoute {
        /// The path.
        path: String,
    },
    /// A body of another kind than the route takes.
    #[error("the body is {found}, not {}", known.join(" or "))]
    UnsupportedMediaType {
        /// Its `Content-Type`, or what stands for none.
        found: String,
        /// What the route takes.
        known: &'static [&'static str],
    },
    /// A body in a content coding that is not read.
    #[error("the body is coded as `{found}`, which is not read here")]
    UnsupportedCoding {
        /// What its headers say.
        found: String,
    },
    /// A body above the limit.
    #[error("the body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// More rows than the limit.
    #[error("the request has more than {limit_rows} rows")]
    TooManyRows {
        /// The limit.
        limit_rows: usize,
    },
    /// The body did not arrive whole.
    #[error("the body ended early")]
    BodyCut,
    /// No token, or one that does not exist.
    #[error("this address needs a token")]
    Unauthenticated,
    /// A token whose role may not call.
    #[error("this token may not call models")]
    Forbidden,
    /// A slot was asked for without a token, or with one that does not exist.
    #[error("to choose the slot that answers takes an operator's token")]
    UnauthenticatedChoice,
    /// A slot was asked for with a token whose role may not choose.
    #[error("this token may not choose the slot that answers")]
    ForbiddenChoice,
    /// The server does not answer decisions now.
    #[error("not ready: {0}")]
    NotReady(NotReady),
    /// Too much is waiting already.
    #[error("too many requests are waiting")]
    Overloaded,
    /// The deadline passed.
    #[error("no answer within {limit_ms} ms")]
    Timeout {
        /// The limit.
        limit_ms: u128,
    },
    /// The decision could not be recorded, so it is not given.
    #[error("the decision could not be recorded, so it is not given")]
    NotRecorded,
    /// The server that has the model does not answer.
    #[error("the server that has the model does not answer")]
    ModelUnavailable,
    /// The server that has the model gave something else than an answer.
    #[error("the server that has the model did not answer these rows")]
    ModelRefused,
    /// A fault of ours; the log has it.
    #[error("the model could not answer")]
    Internal,
}

/// A recorded refusal.
#[derive(Debug)]
pub struct Refusal {
    /// Every broken rule; none of a stopped endpoint, which checks none.
    pub violations: Vec<Violation>,
    /// The records of the rows.
    pub decision_ids: Vec<DecisionId>,
    /// The release whose contract refused, or that would have answered.
    pub release: Arc<LoadedRelease>,
}

fn broken(values: usize) -> String {
    match values {
        1 => "1 value breaks the contract".to_owned(),
        values => format!("{values} values break the contract"),
    }
}

fn unexpected(answers: usize) -> String {
    match answers {
        1 => "1 answer of the model is not as expected of it".to_owned(),
        answers => format!("{answers} answers of the model are not as expected of it"),
    }
}

impl Failure {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed { .. } | Self::BadRequest { .. } | Self::BodyCut => 400,
            Self::Unauthenticated | Self::UnauthenticatedChoice => 401,
            Self::Forbidden | Self::ForbiddenChoice => 403,
            Self::UnknownModel { .. } | Self::UnknownRoute { .. } => 404,
            Self::BodyTooLarge { .. } | Self::TooManyRows { .. } => 413,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedCoding { .. } => 415,
            Self::Refused { .. } => 422,
            Self::Internal | Self::Withheld { .. } => 500,
            Self::ModelRefused => 502,
            Self::NotReady(_)
            | Self::Overloaded
            | Self::NotRecorded
            | Self::ModelUnavailable
            | Self::Stopped { .. } => 503,
            Self::Timeout { .. } => 504,
        }
    }

    /// The stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::BadRequest { .. } => "bad_request",
            Self::BodyCut => "body_cut",
            Self::Unauthenticated | Self::UnauthenticatedChoice => "unauthenticated",
            Self::Forbidden | Self::ForbiddenChoice => "forbidden",
            Self::UnknownModel { .. } => "unknown_model",
            Self::UnknownRoute { .. } => "unknown_route",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::UnsupportedCoding { .. } => "unsupported_coding",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::TooManyRows { .. } => "too_many_rows",
            Self::Refused { .. } => "contract_violation",
            Self::Withheld { .. } => "answer_withheld",
            Self::Stopped { .. } => "stopped",
            Self::Internal => "internal",
            Self::ModelRefused => "model_refused",
            Self::ModelUnavailable => "model_unavailable",
            Self::NotReady(_) => "not_ready",
            Self::Overloaded => "overloaded",
            Self::NotRecorded => "not_recorded",
            Self::Timeout { .. } => "timeout",
        }
    }

    /// What the caller can do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Malformed { .. } => "send one JSON document, for example \
                {\"instances\": [{\"column\": value, …}]}"
                .to_owned(),
            Self::BadRequest { hint, .. } => (*hint).to_owned(),
            Self::BodyCut => "send the whole body, as long as Content-Length says".to_owned(),
            Self::Unauthenticated => {
                "send `Authorization: Bearer TOKEN`; an operator makes one with `shipworthy token \
                 create NAME --role caller`"
                    .to_owned()
            }
            Self::Forbidden => "use a token with the role `caller` or `operator`".to_owned(),
            Self::UnauthenticatedChoice | Self::ForbiddenChoice => {
                "send `Authorization: Bearer TOKEN` of an operator, or leave the header \
                 X-Shipworthy-Slot out"
                    .to_owned()
            }
            Self::UnknownModel { known, .. } => format!("this server has: {known}"),
            Self::UnknownRoute { .. } => {
                "see POST /v1/models/NAME:predict, POST /v2/models/NAME/infer, and over gRPC \
                    inference.GRPCInferenceService/ModelInfer"
                    .to_owned()
            }
            Self::UnsupportedMediaType { known, .. } => {
                format!("say Content-Type: {}, in UTF-8", known.join(" or "))
            }
            Self::UnsupportedCoding { .. } => {
                "send the body plain, or coded once as gzip or deflate".to_owned()
            }
            Self::BodyTooLarge { .. } => {
                "send fewer rows a request, or raise max_body in [limits]".to_owned()
            }
            Self::TooManyRows { .. } => {
                "send fewer rows a request, or raise max_rows in [limits]".to_owned()
            }
            Self::Refused { .. } => "mend each value in `violations` and send again".to_owned(),
            Self::Withheld { .. } => {
                "the rows are in order, and the model is not: `violations` says what it answered, \
                    and an operator puts another release in its place"
                    .to_owned()
            }
            Self::Stopped { endpoint, .. } => {
                format!("an operator starts it again with `shipworthy resume {endpoint}`")
            }
            Self::Internal => "send again; if it stays, the server's log says why".to_owned(),
            Self::ModelRefused => {
                "send rows that it takes: its own words are in the server's log".to_owned()
            }
            Self::NotReady(_) => "GET /v2/health/ready says when to come again".to_owned(),
            Self::Overloaded | Self::ModelUnavailable => {
                "send again after the time in Retry-After".to_owned()
            }
            Self::NotRecorded => {
                "an operator finds the reason in the server's log and in `shipworthy checklist`"
                    .to_owned()
            }
            Self::Timeout { .. } => {
                "send fewer rows a request, or raise request_timeout in [limits]".to_owned()
            }
        }
    }

    pub(crate) fn unsupported_coding(found: &str) -> Self {
        Self::UnsupportedCoding { found: found.chars().take(64).collect() }
    }

    /// What was recorded of a request that got no decision.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal }
            | Self::Withheld { refusal }
            | Self::Stopped { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// The broken rules of a request that the contract refused, or of its answers.
    pub(crate) fn violations(&self) -> Option<&[Violation]> {
        match self {
            Self::Refused { refusal } | Self::Withheld { refusal } => Some(&refusal.violations),
            _ => None,
        }
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::NotReady(_) | Self::Overloaded | Self::ModelUnavailable)
    }
}
