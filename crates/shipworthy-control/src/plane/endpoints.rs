//! `/v1/endpoints`: the traffic of endpoints, and the hand on it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{Method, Response, StatusCode};
use serde::{Deserialize, Serialize};
use shipworthy_core::rollout::Strategy;
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Attribution, Permission};

use super::body::{MAX_SHOWN_CHARS, name_and_verb, query, read_json};
use super::drill::drill;
use super::events::{DEFAULT_LIMIT, Shown, shown};
use super::guard::Caller;
use super::{ControlPlane, Error, json};
use crate::traffic::View;

#[derive(Serialize)]
struct Listed {
    endpoints: Vec<View>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    before: Option<i64>,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct History {
    events: Vec<Shown>,
    /// What to ask for as `before` to go on; null at the end.
    next: Option<i64>,
}

/// The body of every action: `deploy` takes a release and a strategy, `rollback` the release that it
/// goes to, or the one that it must go from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    reason: String,
    release: Option<String>,
    strategy: Option<Strategy>,
    to: Option<String>,
    from: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Deploy,
    Promote,
    Approve,
    Hold,
    Resume,
    Rollback,
    Stop,
}

impl Verb {
    const ALL: [(&'static str, Self); 7] = [
        ("deploy", Self::Deploy),
        ("promote", Self::Promote),
        ("approve", Self::Approve),
        ("hold", Self::Hold),
        ("resume", Self::Resume),
        ("rollback", Self::Rollback),
        ("stop", Self::Stop),
    ];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, verb)| *verb)
    }

    fn permission(self) -> Permission {
        if self == Self::Approve { Permission::Approve } else { Permission::Control }
    }
}

/// Each verb, and what it needs.
#[cfg(test)]
pub(super) fn verbs() -> impl Iterator<Item = (&'static str, Permission)> {
    Verb::ALL.into_iter().map(|(name, verb)| (name, verb.permission()))
}

pub(super) async fn list(State(plane): State<Arc<ControlPlane>>) -> Response<Body> {
    json(StatusCode::OK, &Listed { endpoints: plane.ports.traffic.views() })
}

pub(super) async fn show(
    State(plane): State<Arc<ControlPlane>>,
    Path(given): Path<String>,
) -> Result<Response<Body>, Error> {
    let is_verb = |verb: &str| verb == "drill" || Verb::parse(verb).is_some();
    if given.rsplit_once(':').is_some_and(|(_, verb)| is_verb(verb)) {
        return Err(wrong_method(Method::GET, &given));
    }
    Ok(json(StatusCode::OK, &plane.ports.traffic.view(&given)?))
}

pub(super) async fn history(
    State(plane): State<Arc<ControlPlane>>,
    Path(name): Path<String>,
    fields: Result<Query<Page>, QueryRejection>,
) -> Result<Response<Body>, Error> {
    let Page { before, limit } = query(fields)?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT).min(MAX_PAGE_ROWS);
    let page = plane.blocking(move |plane| {
        plane.ports.traffic.view(&name)?;
        let events = plane.ports.store.events_of(&name, before, limit)?;
        let is_full = events.len() >= limit as usize;
        let next = events.last().map(|event| event.id).filter(|_| is_full);
        let events = events.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(History { events, next })
    });
    Ok(json(StatusCode::OK, &page.await?))
}

pub(super) async fn act(
    State(plane): State<Arc<ControlPlane>>,
    Extension(Caller(token)): Extension<Caller>,
    Path(given): Path<String>,
    body: Body,
) -> Result<Response<Body>, Error> {
    if let Some(name) = given.strip_suffix(":drill") {
        return drill(&plane, &token, name.to_owned(), body).await;
    }
    if !given.contains(':') {
        return Err(wrong_method(Method::POST, &given));
    }
    let (name, verb) = name_and_verb("/v1/endpoints", &given, Verb::parse)?;
    if !token.role.may(verb.permission()) {
        return Err(Error::Forbidden { role: token.role });
    }
    let asked: Asked = read_json(body).await?;
    let by = Attribution::new(&token.name, &asked.reason, plane.ports.clock.now())?;
    let done = plane.blocking(move |plane| {
        perform(plane, &name, verb, asked, &by)?;
        Ok(plane.ports.traffic.view(&name)?)
    });
    Ok(json(StatusCode::OK, &done.await?))
}

/// The methods of an endpoint, or of what can be done to one: to the router they are one route.
pub(super) fn allowed(path: &str) -> Option<&'static str> {
    let given = path.strip_prefix("/v1/endpoints/").filter(|given| !given.contains('/'))?;
    Some(if given.contains(':') { "POST" } else { "GET,HEAD" })
}

fn wrong_method(method: Method, given: &str) -> Error {
    let given = given.chars().take(MAX_SHOWN_CHARS).collect::<String>();
    let path = format!("/v1/endpoints/{given}");
    let allowed = allowed(&path);
    Error::WrongMethod { method, path, allowed }
}

fn perform(
    plane: &ControlPlane,
    name: &str,
    verb: Verb,
    asked: Asked,
    by: &Attribution,
) -> Result<(), Error> {
    let Asked { release, strategy, to, from, .. } = asked;
    let takes = |is_taken: bool, what: &str| match is_taken {
        true => Err(Error::BadRequest {
            message: format!("`{what}` belongs to another action"),
            hint: "deploy takes release and strategy, rollback takes to or from; all take a reason",
        }),
        false => Ok(()),
    };
    takes(release.is_some() && verb != Verb::Deploy, "release")?;
    takes(strategy.is_some() && verb != Verb::Deploy, "strategy")?;
    takes(to.is_some() && (verb != Verb::Rollback || from.is_some()), "to")?;
    takes(from.is_some() && verb != Verb::Rollback, "from")?;
    let traffic = &plane.ports.traffic;
    match verb {
        Verb::Deploy => {
            let release = release.ok_or_else(|| Error::BadRequest {
                message: "deploy needs a release".to_owned(),
                hint: "for example {\"release\": \"sha256:…\", \"strategy\": \"canary\", \
                       \"reason\": \"why\"}",
            })?;
            traffic.deploy(name, &release, strategy, by)?;
        }
        Verb::Promote => traffic.promote(name, by)?,
        Verb::Approve => traffic.approve(name, by)?,
        Verb::Hold => traffic.hold(name, by)?,
        Verb::Resume => traffic.resume(name, by)?,
        // Whether it is stored is in the view.
        Verb::Rollback => drop(match from {
            Some(from) => traffic.rollback_from(name, &from, by)?,
            None => traffic.rollback(name, to.as_deref(), by)?,
        }),
        Verb::Stop => drop(traffic.stop(name, by)?),
    }
    Ok(())
}
