//! Answers and failures as gRPC carries them.
//!
//! Sources: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>, `statuscodes.md`
//! beside it, and for `grpc-retry-pushback-ms` its proposal A6.

use std::fmt::Write;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use serde::Serialize;

use super::headers;
use crate::Failure;
use crate::record::ViolationText;

/// The status, by number.
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// What went wrong, for people.
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// The same for programs: the JSON that the other protocols answer with.
const ERROR: HeaderName = HeaderName::from_static("x-shipworthy-error");
/// When a client may try again by itself.
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");
/// How messages are coded.
pub(crate) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// How they may be.
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// Clients take 8 KiB of headers by default, and the list of decision ids has its share.
const MAX_MESSAGE_BYTES: usize = 1_024;
const MAX_ERROR_BYTES: usize = 2_048;

/// A message, framed; `coding` is its coding's name.
pub(crate) fn message(message: &[u8], coding: Option<&'static str>) -> Response<Body> {
    let mut frame = Vec::with_capacity(message.len() + 5);
    frame.push(u8::from(coding.is_some()));
    // Longer ones no client takes: 4 GiB are the format's limit.
    frame.extend(u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(message);
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::from(frame)).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = respond(Body::new(body));
    if let Some(coding) = coding {
        response.headers_mut().insert(ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// A call without a decision.
pub(crate) fn failure(failure: &Failure) -> Response<Body> {
    let mut response = respond(Body::empty());
    let headers = response.headers_mut();
    headers.insert(STATUS, status(failure).into());
    let mut insert = |name, text: &str| {
        if let Ok(text) = HeaderValue::from_str(text) {
            headers.insert(name, text);
        }
    };
    insert(MESSAGE, &percent_encoded(&for_people(failure)));
    if let Some(error) = for_programs(failure) {
        insert(ERROR, &error);
    }
    if failure.is_transient() {
        insert(PUSHBACK, "1000");
    }
    if let Some(refusal) = failure.refusal() {
        headers::tell(headers, &refusal.release, &refusal.decision_ids);
    }
    if matches!(failure, Failure::Stopped { .. }) {
        headers::tell_stopped(headers);
    }
    response
}

fn respond(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    let codings = HeaderValue::from_static("identity,deflate,gzip");
    response.headers_mut().insert(ACCEPT_ENCODING, codings);
    response
}

/// The status that clients expect of a failure. A refusal by the contract is an invalid argument,
/// for only other rows mend it; its JSON tells it from a request that is none.
const fn status(failure: &Failure) -> u16 {
    match failure {
        // INVALID_ARGUMENT
        Failure::Malformed { .. }
        | Failure::BadRequest { .. }
        | Failure::BodyCut
        | Failure::UnsupportedMediaType { .. }
        | Failure::Refused { .. } => 3,
        // DEADLINE_EXCEEDED
        Failure::Timeout { .. } => 4,
        // NOT_FOUND
        Failure::UnknownModel { .. } => 5,
        // PERMISSION_DENIED
        Failure::Forbidden | Failure::ForbiddenChoice => 7,
        // RESOURCE_EXHAUSTED, as every gRPC library says of a message that is too long
        Failure::BodyTooLarge { .. } | Failure::TooManyRows { .. } => 8,
        // UNIMPLEMENTED
        Failure::UnknownRoute { .. } | Failure::UnsupportedCoding { .. } => 12,
        // INTERNAL
        Failure::Internal | Failure::Withheld { .. } | Failure::ModelRefused => 13,
        // UNAVAILABLE
        Failure::NotReady(_)
        | Failure::Overloaded
        | Failure::NotRecorded
        | Failure::ModelUnavailable
        | Failure::Stopped { .. } => 14,
        // UNAUTHENTICATED
        Failure::Unauthenticated | Failure::UnauthenticatedChoice => 16,
    }
}

/// What went wrong and what to do; of a refusal the first broken rules.
fn for_people(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let Some(violations) = failure.violations() else {
        let hint = failure.hint();
        write!(text, "; {hint}").expect("writing to memory cannot fail");
        return text;
    };
    for violation in violations {
        let (row, column, hint) = (violation.row, &violation.column, &violation.hint);
        write!(text, "; row {row}, `{column}`: {hint}").expect("writing to memory cannot fail");
        if text.len() > MAX_MESSAGE_BYTES {
            break;
        }
    }
    text
}

/// The JSON of a failure, in ASCII. Of a refusal with as many violations as there is place for,
/// and their number; its ids and its release have headers of their own. `None` when even without
/// violations it is too long for a header.
fn for_programs(failure: &Failure) -> Option<String> {
    #[derive(Serialize)]
    struct Error<'a> {
        error: String,
        code: &'static str,
        hint: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        violations: Option<Vec<ViolationText<'a>>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        violation_count: Option<usize>,
    }
    let violations = failure.violations();
    let mut shown = violations.map_or(0, <[_]>::len).min(MAX_ERROR_BYTES / 32);
    loop {
        let error = Error {
            error: failure.to_string(),
            code: failure.code(),
            hint: failure.hint(),
            violations: violations.map(|all| all[..shown].iter().map(Into::into).collect()),
            violation_count: violations.map(<[_]>::len),
        };
        let text = ascii(&serde_json::to_string(&error).expect("failures have a JSON form"));
        if text.len() <= MAX_ERROR_BYTES {
            return Some(text);
        }
        if shown == 0 {
            return None;
        }
        shown /= 2;
    }
}

/// JSON without anything that a header cannot hold: other characters stand only in texts, where
/// they may be written as escapes.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("writing to memory cannot fail");
            }
        }
    }
    text
}

/// A text as `grpc-message` holds it, shortened to its place.
fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if out.len() > MAX_MESSAGE_BYTES {
            out.push_str("...");
            break;
        }
        if matches!(character, ' '..='~') && character != '%' {
            out.push(character);
        } else {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                write!(out, "%{byte:02X}").expect("writing to memory cannot fail");
            }
        }
    }
    out
}

#[cfg(test)]
#[path = "grpc_tests.rs"]
mod tests;
