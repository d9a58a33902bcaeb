//! `/v1/events`: the record of control actions.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shipworthy_rows::Timestamp;
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Event, store};

use super::{ControlPlane, Error, body, json};

/// Events of a page, unless the caller asks for fewer or more.
pub(super) const DEFAULT_LIMIT: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    after: Option<i64>,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct Page {
    events: Vec<Shown>,
    /// What to ask for as `after` to go on.
    next: i64,
}

#[derive(Serialize)]
pub(super) struct Shown {
    id: i64,
    at: Timestamp,
    actor: String,
    reason: String,
    kind: String,
    subject: String,
    body: Box<RawValue>,
}

pub(super) async fn list(
    State(plane): State<Arc<ControlPlane>>,
    fields: Result<Query<Asked>, QueryRejection>,
) -> Result<Response<Body>, Error> {
    let asked = body::query(fields)?;
    let after = asked.after.unwrap_or(0);
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_PAGE_ROWS);
    let page = plane.blocking(move |plane| {
        let events = plane.ports.store.events_after(after, limit)?;
        let next = events.last().map_or(after, |event| event.id);
        let events = events.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(Page { events, next })
    });
    Ok(json(StatusCode::OK, &page.await?))
}

pub(super) fn shown(event: Event) -> Result<Shown, store::Error> {
    let Event { id, at, actor, reason, kind, subject, body } = event;
    let body = RawValue::from_string(body);
    let body =
        body.map_err(|source| store::Error::Corrupt { what: "event", source: source.into() });
    Ok(Shown { id, at, actor, reason, kind, subject, body: body? })
}
