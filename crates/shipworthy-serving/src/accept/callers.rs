//! Tokens: who may call, and who may choose the slot that answers.

use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};

use crate::{Callers, Doorkeeper, Failure, Slot};

/// The slot that a tester asks for.
const SLOT: &str = "x-shipworthy-slot";

/// Lets a request in, and notes the slot that it chose; see [`chosen`].
///
/// # Errors
/// When its token may not call, or not choose, or when there is no such slot.
pub(super) fn admit(doorkeeper: &Doorkeeper, request: &mut Request) -> Result<(), Failure> {
    let headers = request.headers();
    let (callers, token) = (&*doorkeeper.callers, bearer(headers));
    if !doorkeeper.is_open {
        may_call(callers, token)?;
    }
    let Some(wish) = headers.get(SLOT) else { return Ok(()) };
    may_choose(callers, token)?;
    let slot = slot(wish)?;
    request.extensions_mut().insert(slot);
    Ok(())
}

/// The slot that a request chose when it was let in.
pub(super) fn chosen(request: &Request) -> Option<Slot> {
    request.extensions().get().copied()
}

fn may_call(callers: &dyn Callers, token: Option<&str>) -> Result<(), Failure> {
    match token.and_then(|token| callers.may_call(token)) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::Forbidden),
        None => Err(Failure::Unauthenticated),
    }
}

fn may_choose(callers: &dyn Callers, token: Option<&str>) -> Result<(), Failure> {
    match token {
        Some(token) if callers.may_choose(token) => Ok(()),
        Some(token) if callers.may_call(token).is_some() => Err(Failure::ForbiddenChoice),
        _ => Err(Failure::UnauthenticatedChoice),
    }
}

fn slot(wish: &HeaderValue) -> Result<Slot, Failure> {
    let choices = [Slot::Stable, Slot::Candidate];
    choices.into_iter().find(|slot| wish == slot.name()).ok_or_else(|| {
        let wish = String::from_utf8_lossy(wish.as_bytes());
        let wish = wish.chars().take(64).collect::<String>();
        Failure::BadRequest {
            message: format!("`{wish}` is no slot that answers"),
            hint: "say `stable` or `candidate` in the header X-Shipworthy-Slot, or leave it out",
        }
    })
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
