//! How a browser gets in: a link that works once, and the session that it opens.
//!
//! **Invariant:** codes and sessions are secrets of 256 random bits; what is kept is their
//! SHA-256, in memory. A restart signs everybody out.
//!
//! **Invariant:** a session is as good as the token that it was opened with, and ends with it.

mod expiring;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::header::{COOKIE, HOST, HeaderValue, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shipworthy_core::Entropy;

use self::expiring::Expiring;
use super::guard::{Caller, live_token};
use super::{ControlPlane, Error, json, page};

/// How long a link works: time enough to switch windows, short enough for a shell's scrollback.
pub(super) const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How long a session lasts: a working day.
const SESSION_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Links that wait to be used; one more and the oldest is void.
const MAX_LINKS: usize = 16;

/// Browsers that are signed in; one more and the oldest is signed out.
pub(super) const MAX_SESSIONS: usize = 64;

/// The name of the session's cookie.
pub(super) const SESSION_COOKIE: &str = "shipworthy_session";

/// Random bytes of a code and of a session.
const SECRET_BYTES: usize = 32;

/// Who is signed in, and who may yet sign in.
pub(super) struct SignIns {
    codes: Mutex<Expiring>,
    sessions: Mutex<Expiring>,
}

impl Default for SignIns {
    fn default() -> Self {
        Self {
            codes: Mutex::new(Expiring::new(MAX_LINKS, LINK_LIFETIME)),
            sessions: Mutex::new(Expiring::new(MAX_SESSIONS, SESSION_LIFETIME)),
        }
    }
}

impl SignIns {
    /// A fresh code that signs in as the token with this id.
    pub(super) fn new_code(&self, entropy: &dyn Entropy, token: i64, now_us: u64) -> String {
        fresh(&self.codes, entropy, token, now_us)
    }

    /// Ends everything that was opened with this token.
    pub(super) fn forget(&self, token: i64) {
        locked(&self.codes).forget(token);
        locked(&self.sessions).forget(token);
    }
}

/// `GET /login?code=…`: works once.
pub(super) async fn login(
    State(plane): State<Arc<ControlPlane>>,
    method: Method,
    fields: Result<Query<LoginQuery>, QueryRejection>,
) -> Response<Body> {
    let code = fields.ok().and_then(|Query(fields)| fields.code);
    let code = code.as_deref().and_then(parse);
    // A program that only looks ahead must not use the link up.
    let (Some(code), Method::GET) = (code, method) else { return page::void_link(&plane) };
    match open_session(&plane, &code).await {
        Ok(Some(session)) => signed_in(&session),
        Ok(None) => page::void_link(&plane),
        Err(error) => error.into_response(),
    }
}

/// What a link carries.
#[derive(Deserialize)]
pub(super) struct LoginQuery {
    code: Option<String>,
}

async fn open_session(
    plane: &Arc<ControlPlane>,
    code: &[u8; SECRET_BYTES],
) -> Result<Option<String>, Error> {
    let now_us = plane.ports.clock.monotonic_us();
    let taken = locked(&plane.sign_ins.codes).take(code, now_us);
    let Some(token) = taken else { return Ok(None) };
    if live_token(plane, token).await?.is_none() {
        return Ok(None);
    }
    let entropy = &*plane.ports.entropy;
    Ok(Some(fresh(&plane.sign_ins.sessions, entropy, token, now_us)))
}

fn signed_in(session: &str) -> Response<Body> {
    let cookie = format!(
        "{SESSION_COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}",
        SESSION_LIFETIME.as_secs()
    );
    let cookie = HeaderValue::from_str(&cookie).expect("hexadecimal digits and plain words");
    let headers = [(SET_COOKIE, cookie), (LOCATION, HeaderValue::from_static("/"))];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The id of the token whose session the request's cookie names.
pub(super) fn session(plane: &ControlPlane, headers: &HeaderMap) -> Option<i64> {
    let now_us = plane.ports.clock.monotonic_us();
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut named = cookies.flat_map(|text| text.split(';')).filter_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == SESSION_COOKIE).then(|| parse(value)).flatten()
    });
    named.find_map(|secret| locked(&plane.sign_ins.sessions).find(&secret, now_us))
}

/// `POST /v1/sign-in-links`: a fresh link that signs in as the caller.
pub(super) async fn new_link(
    State(plane): State<Arc<ControlPlane>>,
    Extension(Caller(token)): Extension<Caller>,
    headers: HeaderMap,
) -> Response<Body> {
    #[derive(Serialize)]
    struct Made {
        link: String,
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let host = host.unwrap_or_else(|| plane.ports.bound.to_string());
    let link = plane.sign_in_link(&format!("http://{host}"), &token);
    json(StatusCode::CREATED, &Made { link })
}

fn fresh(held: &Mutex<Expiring>, entropy: &dyn Entropy, token: i64, now_us: u64) -> String {
    let mut secret = [0; SECRET_BYTES];
    entropy.fill(&mut secret);
    locked(held).insert(&secret, token, now_us);
    hex::encode(secret)
}

fn parse(text: &str) -> Option<[u8; SECRET_BYTES]> {
    let mut secret = [0; SECRET_BYTES];
    hex::decode_to_slice(text, &mut secret).ok().map(|()| secret)
}

fn locked(held: &Mutex<Expiring>) -> MutexGuard<'_, Expiring> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
