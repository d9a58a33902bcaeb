//! The pages for people: rendered here, without a script.

mod home;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use shipworthy_store::Permission;

use super::{ControlPlane, Error, guard, status};

/// The look of all pages. It contains no `<`, so it can stand in a `style` element as it is.
const STYLE: &str = include_str!("page/style.css");

/// Random bytes of a nonce: more than anybody can try.
const NONCE_BYTES: usize = 16;

/// `GET /`: the checklist and what serves; or how to sign in.
pub(super) async fn home(
    State(plane): State<Arc<ControlPlane>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    let shown = async {
        let caller = guard::identify(&plane, &method, &headers).await?;
        let token = caller.ok_or(Error::Unauthenticated)?.0;
        if !token.role.may(Permission::Read) {
            return Err(Error::Forbidden { role: token.role });
        }
        let gather = |plane: &ControlPlane| {
            Ok((status::status(&plane.ports)?, status::items(&plane.ports)?))
        };
        let (status, items) = plane.blocking(gather).await?;
        Ok(home::page(&status, &items, &token, plane.ports.clock.now()))
    };
    match shown.await {
        Ok(page) => render(&plane, StatusCode::OK, "Checklist", &page),
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

/// A whole page. Its style is let in by a nonce, and nothing else is let in.
fn render(plane: &ControlPlane, status: StatusCode, title: &str, body: &Markup) -> Response<Body> {
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
            body { (body) }
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).expect("hexadecimal digits and plain words");
    let mut response = Response::new(Body::from(page.into_string()));
    *response.status_mut() = status;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}
