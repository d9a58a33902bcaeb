//! Tokens: who may call.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::{Callers, Failure};

/// Whether a request with these headers may ask for decisions. Without `callers` every one may.
pub(super) fn check(callers: Option<&dyn Callers>, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(callers) = callers else { return Ok(()) };
    match bearer(headers).and_then(|token| callers.may_call(token)) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::Forbidden),
        None => Err(Failure::Unauthenticated),
    }
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
