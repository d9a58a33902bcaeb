//! What a page's form does.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HeaderValue, LOCATION};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use maud::html;
use serde::Deserialize;
use shipworthy_store::{Attribution, Permission};

use super::{identified, notice, render};
use crate::plane::body::read_form;
use crate::plane::{ControlPlane, Error};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    endpoint: String,
    /// The release that the page said the traffic leaves.
    from: String,
    reason: String,
}

/// `POST /rollback`: gives an endpoint's traffic back, and shows the page again.
pub(in crate::plane) async fn roll_back(
    State(plane): State<Arc<ControlPlane>>,
    request: Request,
) -> Response<Body> {
    match taken(&plane, request).await {
        Ok(()) => {
            (StatusCode::SEE_OTHER, [(LOCATION, HeaderValue::from_static("/"))]).into_response()
        }
        Err(error) => refused(&plane, &error),
    }
}

async fn taken(plane: &Arc<ControlPlane>, request: Request) -> Result<(), Error> {
    let token = identified(plane, request.method(), request.headers(), Permission::Control).await?;
    let asked: Asked = read_form(request).await?;
    let by = Attribution::new(&token.name, &asked.reason, plane.ports.clock.now())?;
    let done = plane.blocking(move |plane| {
        Ok(plane.ports.traffic.rollback_from(&asked.endpoint, &asked.from, &by)?)
    });
    // Whether it is stored is on the page.
    done.await.map(drop)
}

fn refused(plane: &ControlPlane, error: &Error) -> Response<Body> {
    error.log();
    let body = html! {
        p { "This changed nothing: " (error) "." }
        p { "What to do: " (error.hint()) "." }
        p { a href="/" { "Back to the page" } }
    };
    render(plane, error.status(), "Not rolled back", &notice("Not rolled back", &body))
}
