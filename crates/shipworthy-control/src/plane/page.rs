//! The pages for people: rendered here, and whole without a script.

mod act;
mod bare;
mod checklist;
mod endpoint;
mod home;
mod live;
mod text;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use shipworthy_store::{Permission, Token};

use super::{ControlPlane, Error, guard, status};
pub(super) use act::roll_back;
use live::Seen;
pub(super) use live::{MAX_STREAMS, events};

/// The look of all pages. It contains no `<`, so it can stand in a `style` element as it is.
const STYLE: &str = include_str!("page/style.css");

/// What keeps the page live. It contains no end of an element.
const SCRIPT: &str = include_str!("page/live.js");

/// Without it a browser sends no origin with a form, and forms from nowhere are refused.
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// Random bytes of a nonce: more than anybody can try.
const NONCE_BYTES: usize = 16;

/// `GET /`: the checklist and what serves; or how to sign in.
pub(super) async fn home(
    State(plane): State<Arc<ControlPlane>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    let shown = async {
        let token = identified(&plane, &method, &headers, Permission::Read).await?;
        let gather = |plane: &ControlPlane| Ok((Seen::now(plane)?, status::items(&plane.ports)?));
        let (seen, items) = plane.blocking(gather).await?;
        Ok(home::page(&seen, &items, &token, plane.ports.clock.now()))
    };
    match shown.await {
        Ok(page) => {
            let mut response = whole(&plane, "Endpoints and checklist", &page, Some(SCRIPT));
            response.headers_mut().insert(REFERRER_POLICY, SAME_ORIGIN);
            response
        }
        Err(Error::Unauthenticated) => {
            render(&plane, StatusCode::UNAUTHORIZED, "Sign in", &signed_out())
        }
        Err(error) => {
            let page = notice(&error.to_string(), &html! { p { (error.hint()) } });
            render(&plane, error.status(), "Not shown", &page)
        }
    }
}

/// The page for a link that does not sign in any more.
pub(super) fn void_link(plane: &ControlPlane) -> Response<Body> {
    let page = notice(
        "This sign-in link does not work any more",
        &html! {
            p { "A link signs in once, and within 15 minutes. Get a fresh one on the machine that \
                 runs the server:" }
            pre { code { "shipworthy token sign-in" } }
            p { a href="/" { "Go on" } " if this browser is signed in already." }
        },
    );
    render(plane, StatusCode::GONE, "Sign in", &page)
}

fn signed_out() -> Markup {
    notice(
        "Sign in",
        &html! {
            p { "This page shows what a model decides and how far its project is. Get a link that \
                 signs this browser in, on the machine that runs the server:" }
            pre { code { "shipworthy token sign-in" } }
            p { a href="/" { "Load this page again" } " if you have just followed such a link." }
        },
    )
}

/// A short page about one thing.
fn notice(title: &str, body: &Markup) -> Markup {
    html! { main.notice { h1 { (title) } (body) } }
}

/// Who looks or acts, if their role may.
async fn identified(
    plane: &Arc<ControlPlane>,
    method: &Method,
    headers: &HeaderMap,
    permission: Permission,
) -> Result<Token, Error> {
    let caller = guard::identify(plane, method, headers).await?;
    let token = caller.ok_or(Error::Unauthenticated)?.0;
    if token.role.may(permission) { Ok(token) } else { Err(Error::Forbidden { role: token.role }) }
}

/// A page without a script.
fn render(plane: &ControlPlane, status: StatusCode, title: &str, body: &Markup) -> Response<Body> {
    let mut response = whole(plane, title, body, None);
    *response.status_mut() = status;
    response
}

/// A whole page. Its style and script are let in by a nonce, and nothing else is let in.
fn whole(plane: &ControlPlane, title: &str, body: &Markup, script: Option<&str>) -> Response<Body> {
    let mut nonce = [0; NONCE_BYTES];
    plane.ports.entropy.fill(&mut nonce);
    let nonce = hex::encode(nonce);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Shipworthy" }
                style nonce=(nonce) { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                @if let Some(script) = script { script nonce=(nonce) { (PreEscaped(script)) } }
            }
        }
    };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).expect("hexadecimal digits and plain words");
    let mut response = Response::new(Body::from(page.into_string()));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}
