//! Station 7: answers and failures in the words of each protocol.

mod coded;
pub(crate) mod grpc;
pub(crate) mod headers;
mod infer_grpc;
mod infer_v2;
mod mlflow;
mod predict_v1;
mod predictions;
mod values;

pub(crate) use coded::coded;
pub(crate) use infer_grpc::infer_grpc;
pub(crate) use infer_v2::infer_v2;
pub(crate) use mlflow::mlflow;
pub(crate) use predict_v1::predict_v1;
pub(crate) use values::{Flat, write_raw};

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::Failure;
use crate::coding::Coding;
use crate::record::ViolationText;

/// A JSON answer.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response<Body> {
    let text = serde_json::to_vec(body).expect("answers have a JSON form");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// A request without a decision.
pub(crate) fn failure(failure: &Failure) -> Response<Body> {
    #[derive(Serialize)]
    struct Body<'a> {
        error: String,
        code: &'static str,
        hint: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        violations: Option<Vec<ViolationText<'a>>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decision_ids: Option<Vec<String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        release: Option<&'a str>,
    }
    let refusal = failure.refusal();
    let ids = |ids: &[shipworthy_core::DecisionId]| ids.iter().map(ToString::to_string).collect();
    let body = Body {
        error: failure.to_string(),
        code: failure.code(),
        hint: failure.hint(),
        violations: failure.violations().map(|all| all.iter().map(ViolationText::from).collect()),
        decision_ids: refusal.map(|r| ids(&r.decision_ids)),
        release: refusal.map(|r| r.release.id().as_str()),
    };
    let status = StatusCode::from_u16(failure.status()).expect("a status of the table");
    let mut response = json(status, &body);
    if let Some(refusal) = refusal {
        headers::tell(response.headers_mut(), &refusal.release, &refusal.decision_ids);
    }
    if matches!(failure, Failure::Stopped { .. }) {
        headers::tell_stopped(response.headers_mut());
    }
    if failure.is_transient() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if matches!(failure, Failure::UnsupportedCoding { .. }) {
        response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(Coding::KNOWN));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
