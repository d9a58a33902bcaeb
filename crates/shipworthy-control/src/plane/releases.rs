//! `/v1/releases`: releases that come from elsewhere; `/v1/releases/NAME`: one of them;
//! `/v1/releases/NAME:VERB`: what is said about it, and whether its files stay.

mod reading;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{Method, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shipworthy_core::attestation::MAX_ENVELOPE_BYTES;
use shipworthy_core::signing::SigningKey;
use shipworthy_store::{Attribution, Permission};

use super::body::{
    MAX_BODY_BYTES, MAX_SHOWN_CHARS, Reasoned, name_and_verb, query, read_archive, read_long_json,
};
use super::error::chain;
use super::guard::Caller;
use super::{ControlPlane, Error, json};
use crate::models::Cause;
use crate::release::{Archive, Taken};
use crate::statement;
pub(super) use reading::{archive, show};

/// The longest body, in bytes: what an envelope holds, and a reason.
const MAX_STATEMENT_BYTES: usize = MAX_ENVELOPE_BYTES + MAX_BODY_BYTES;

/// The longest archive of a release, in bytes. A larger one is taken in where the files are.
pub(super) const MAX_ARCHIVE_BYTES: usize = 512 << 20;

/// Gives the key that signs. Called on a thread that may block.
pub trait Signer: Send + Sync {
    /// The key.
    ///
    /// # Errors
    /// When there is none, or what was given is no key.
    fn key(&self) -> Result<SigningKey, Cause>;
}

/// The body of every action; only `attest` takes more than a reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    reason: String,
    #[serde(rename = "type")]
    predicate_type: Option<String>,
    predicate: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Done {
    release: String,
    done: &'static str,
}

#[derive(Clone, Copy)]
enum Verb {
    Approve,
    Attest,
    Hold,
    Free,
}

impl Verb {
    const ALL: [(&'static str, Self); 4] = [
        ("approve", Self::Approve),
        ("attest", Self::Attest),
        ("hold", Self::Hold),
        ("free", Self::Free),
    ];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, verb)| *verb)
    }

    const fn permission(self) -> Permission {
        match self {
            Self::Approve => Permission::Approve,
            Self::Attest | Self::Hold | Self::Free => Permission::Control,
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Attest => "attested",
            Self::Hold => "held",
            Self::Free => "freed",
        }
    }
}

/// Each verb, and what it needs.
#[cfg(test)]
pub(super) fn verbs() -> impl Iterator<Item = (&'static str, Permission)> {
    Verb::ALL.into_iter().map(|(name, verb)| (name, verb.permission()))
}

/// The answer to an archive.
#[derive(Serialize)]
struct Uploaded {
    release: String,
    project: String,
    was_here: bool,
    left_out: Vec<String>,
}

/// Takes in a release from elsewhere: the body is its archive. One at a time, since it is held in
/// memory.
pub(super) async fn upload(
    State(plane): State<Arc<ControlPlane>>,
    Extension(Caller(token)): Extension<Caller>,
    asked: Result<Query<Reasoned>, QueryRejection>,
    body: Body,
) -> Result<Response<Body>, Error> {
    let Reasoned { reason } = query(asked)?;
    let by = Attribution::new(&token.name, &reason, plane.ports.clock.now())?;
    let _only = plane.uploading.lock().await;
    let bytes = read_archive(body, MAX_ARCHIVE_BYTES).await?;
    let taken = plane.blocking(move |plane| {
        let archive = Archive::read(&*bytes).map_err(|error| Error::BadRequest {
            message: chain(&error),
            hint: "send what `shipworthy release export` wrote, as it is",
        })?;
        drop(bytes);
        Ok(plane.ports.shelf.take(&archive, &by)?)
    });
    let Taken { id, project, was_here, left_out } = taken.await?;
    let status = if was_here { StatusCode::OK } else { StatusCode::CREATED };
    let release = id.to_string();
    Ok(json(status, &Uploaded { release, project, was_here, left_out }))
}

pub(super) async fn act(
    State(plane): State<Arc<ControlPlane>>,
    Extension(Caller(token)): Extension<Caller>,
    Path(given): Path<String>,
    body: Body,
) -> Result<Response<Body>, Error> {
    if is_name(&given) {
        return Err(wrong_method(Method::POST, &given));
    }
    let (name, verb) = name_and_verb("/v1/releases", &given, Verb::parse)?;
    if !token.role.may(verb.permission()) {
        return Err(Error::Forbidden { role: token.role });
    }
    let asked: Asked = read_long_json(body, MAX_STATEMENT_BYTES).await?;
    let by = Attribution::new(&token.name, &asked.reason, plane.ports.clock.now())?;
    let done = plane.blocking(move |plane| perform(plane, &name, verb, asked, &by));
    Ok(json(StatusCode::OK, &done.await?))
}

/// Whether this names a release, and no verb is said.
fn is_name(given: &str) -> bool {
    !given.strip_prefix("sha256:").unwrap_or(given).contains(':')
}

/// The methods of a release, or of what can be done to one: to the router they are one route.
pub(super) fn allowed(path: &str) -> Option<&'static str> {
    let given = path.strip_prefix("/v1/releases/").filter(|given| !given.contains('/'))?;
    Some(if is_name(given) { "GET,HEAD" } else { "POST" })
}

fn wrong_method(method: Method, given: &str) -> Error {
    let given = given.chars().take(MAX_SHOWN_CHARS).collect::<String>();
    let path = format!("/v1/releases/{given}");
    let allowed = allowed(&path);
    Error::WrongMethod { method, path, allowed }
}

fn perform(
    plane: &ControlPlane,
    name: &str,
    verb: Verb,
    asked: Asked,
    by: &Attribution,
) -> Result<Done, Error> {
    let shelf = &plane.ports.shelf;
    let id = shelf.resolve(name)?;
    let key = || plane.ports.signer.key().map_err(Error::Internal);
    match verb {
        Verb::Approve => drop(shelf.approve(&id, &key()?, by)?),
        Verb::Attest => {
            let kind = asked.predicate_type.as_deref().unwrap_or_default();
            let predicate = asked.predicate.as_ref().map_or("null", |given| given.get());
            let said = statement::stated(kind, statement::given_predicate(predicate)?)?;
            shelf.attest(&id, &said, &key()?, by)?;
        }
        Verb::Hold => drop(shelf.store.hold_release(&id, by)?),
        Verb::Free => drop(shelf.store.free_release(&id, by)?),
    }
    Ok(Done { release: id.to_string(), done: verb.done() })
}
