//! `POST /v1/endpoints/NAME:drill`: the way back, tried for real. It answers what came of it, and
//! goes on to its end when nobody waits for that.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Deserialize;
use shipworthy_store::{Attribution, Permission, Token};

use super::body::read_json;
use super::{ControlPlane, Error, json};
use crate::traffic::{SECONDS, USUAL_SECONDS};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    reason: String,
    /// How long the release before is to answer.
    seconds: Option<u64>,
}

pub(super) async fn drill(
    plane: &Arc<ControlPlane>,
    token: &Token,
    name: String,
    body: Body,
) -> Result<Response<Body>, Error> {
    if !token.role.may(Permission::Control) {
        return Err(Error::Forbidden { role: token.role });
    }
    let Asked { reason, seconds } = read_json(body).await?;
    let by = Attribution::new(&token.name, &reason, plane.ports.clock.now())?;
    let seconds = seconds.unwrap_or(USUAL_SECONDS);
    if !SECONDS.contains(&seconds) {
        let (least, most) = SECONDS.into_inner();
        return Err(Error::BadRequest {
            message: format!("a drill lasts {least} to {most} seconds, not {seconds}"),
            hint: "for example {\"seconds\": 5, \"reason\": \"why\"}",
        });
    }
    let begun = plane.blocking(move |plane| Ok(plane.ports.traffic.drill(&name, seconds, &by)?));
    let mut awaited = begun.await?;
    let over = awaited.wait_for(Option::is_some).await;
    let over = over.map_err(|error| Error::Internal(Box::new(error)))?.clone();
    Ok(json(StatusCode::OK, &over))
}
