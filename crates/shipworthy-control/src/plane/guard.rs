//! Who comes in: tokens, sessions and roles; and what keeps a browser from being used against its
//! owner.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, Response};
use axum::middleware::Next;
use axum::response::IntoResponse;
use shipworthy_store::{Permission, Token};

use super::{ControlPlane, Error, sign_in};

/// What every answer says to browsers. Pages that show something bring their own policy.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Nobody is told where a link was; the page with a form brings its own policy.
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// The policy of what is no page: nothing in it may do anything.
const NO_CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Who asks. Handlers of guarded routes find it among the request's extensions.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Token);

/// Lets those in whose role has the permission.
pub(super) async fn authorise(
    State((plane, permission)): State<(Arc<ControlPlane>, Permission)>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let caller = identify(&plane, request.method(), request.headers()).await;
    match caller.and_then(|caller| caller.ok_or(Error::Unauthenticated)) {
        Ok(caller) if caller.0.role.may(permission) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(caller) => Error::Forbidden { role: caller.0.role }.into_response(),
        Err(error) => error.into_response(),
    }
}

/// The holder of the token or of the session that a request carries; `None` when it carries none
/// that lives.
pub(super) async fn identify(
    plane: &Arc<ControlPlane>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Error> {
    if headers.contains_key(AUTHORIZATION) {
        let Some(secret) = bearer(headers).map(str::to_owned) else { return Ok(None) };
        let token = plane.blocking(move |plane| Ok(plane.ports.store.authenticate(&secret)?));
        return Ok(token.await?.map(Caller));
    }
    let Some(token) = sign_in::session(plane, headers) else { return Ok(None) };
    if !method.is_safe() && !is_same_origin(headers) {
        return Err(Error::CrossOrigin);
    }
    Ok(live_token(plane, token).await?.map(Caller))
}

/// The token with this id, unless it was revoked.
pub(super) async fn live_token(plane: &Arc<ControlPlane>, id: i64) -> Result<Option<Token>, Error> {
    let tokens = plane.blocking(|plane| Ok(plane.ports.store.tokens()?)).await?;
    Ok(tokens.into_iter().find(|token| token.id == id && token.revoked_at.is_none()))
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether the page that made this request came from here. `SameSite` alone would let in pages of
/// other ports of this host.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(ORIGIN), text(HOST)) else { return false };
    let origin = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

/// Refuses requests that call a loopback server by another name. A browser sends the name that a
/// page was loaded from, so a foreign name that was made to point here shows itself.
pub(super) async fn only_for_this_server(
    State(plane): State<Arc<ControlPlane>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let is_local = plane.ports.bound.ip().to_canonical().is_loopback();
    let foreign = if is_local { foreign_name(&request) } else { None };
    match foreign {
        None => next.run(request).await,
        Some(host) => Error::WrongHost { host: host.chars().take(128).collect() }.into_response(),
    }
}

/// The first name in the request, of all that it gives, that is not this machine's own.
fn foreign_name(request: &Request) -> Option<String> {
    let in_headers = request.headers().get_all(HOST).iter();
    let in_headers = in_headers.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let in_target = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let mut names = in_headers.chain(in_target).peekable();
    match names.peek() {
        None => Some(String::new()),
        Some(_) => names.find(|name| !is_loopback_name(name)),
    }
}

fn is_loopback_name(name: &str) -> bool {
    let Ok(authority) = name.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let is_plain = !authority.as_str().contains('@');
    let address = host.parse::<IpAddr>();
    is_plain
        && (host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.to_canonical().is_loopback()))
}

/// Adds to every answer what keeps browsers careful with it.
pub(super) async fn protect(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    headers.entry(REFERRER_POLICY).or_insert(NO_REFERRER);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NO_CONTENT_POLICY);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback_names() {
        for name in ["localhost", "LOCALHOST:8081", "127.0.0.1:8081", "127.8.8.8", "[::1]:8081"] {
            assert!(is_loopback_name(name), "{name}");
        }
        let foreign = [
            "",
            "evil.example",
            "evil.example:8081",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "evil.example@localhost",
            "192.168.0.1",
            "0.0.0.0:8081",
        ];
        for name in foreign {
            assert!(!is_loopback_name(name), "{name}");
        }
    }

    #[test]
    fn a_session_acts_from_its_own_origin() {
        let request = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("127.0.0.1:8081"));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            is_same_origin(&headers)
        };
        assert!(request(Some("http://127.0.0.1:8081")));
        assert!(!request(Some("http://127.0.0.1:3000")));
        assert!(!request(Some("null")));
        assert!(!request(None));
    }
}
