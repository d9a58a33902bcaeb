//! `GET /v1/releases/NAME`: what a release is made of and what is said about it; and
//! `GET /v1/releases/NAME/archive`: all of it, to be taken in elsewhere.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shipworthy_core::ReleaseId;
use shipworthy_rows::Timestamp;
use shipworthy_store::Reproducibility;

use super::{MAX_ARCHIVE_BYTES, Verb, wrong_method};
use crate::plane::{ControlPlane, Error, json};
use crate::statement::Said;

/// As much of an archive as is sent at a time, in bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// A release, in a form by which whoever asks can check it: the SHA-256 of the manifest's text is
/// its id, and each envelope is as it was signed.
#[derive(Serialize)]
struct Shown {
    release: String,
    created_at: Timestamp,
    reproducible: bool,
    unreproducible_reason: Option<String>,
    retention: &'static str,
    manifest: Box<RawValue>,
    statements: Vec<ShownStatement>,
}

/// What is said about it and counts here.
#[derive(Serialize)]
struct ShownStatement {
    event: i64,
    at: Timestamp,
    actor: String,
    key: String,
    #[serde(rename = "type")]
    predicate_type: String,
    predicate: Value,
    envelope: Box<RawValue>,
}

pub(in crate::plane) async fn show(
    State(plane): State<Arc<ControlPlane>>,
    Path(given): Path<String>,
) -> Result<Response<Body>, Error> {
    if given.rsplit_once(':').is_some_and(|(_, verb)| Verb::parse(verb).is_some()) {
        return Err(wrong_method(Method::GET, &given));
    }
    let found = plane.blocking(move |plane| shown(plane, &given)).await?;
    Ok(json(StatusCode::OK, &found))
}

fn shown(plane: &ControlPlane, name: &str) -> Result<Shown, Error> {
    let shelf = &plane.ports.shelf;
    let id = shelf.resolve(name)?;
    // Held to its name and to what was recorded before it is told.
    shelf.manifest(&id)?;
    let said = shelf.statements(&id)?.into_iter();
    let stored = shelf.store.release(&id)?.ok_or_else(|| gone(&id))?;
    let raw = |text| RawValue::from_string(text).map_err(|error| Error::Internal(error.into()));
    let unreproducible_reason = match stored.reproducibility {
        Reproducibility::Reproducible => None,
        Reproducibility::Unreproducible { reason } => Some(reason),
    };
    let statement = |said: Said| {
        let actor = said.actor().to_owned();
        let Said { stored, attested } = said;
        Ok(ShownStatement {
            event: stored.event,
            at: stored.at,
            actor,
            key: attested.key_id,
            predicate_type: stored.predicate_type,
            predicate: attested.statement.predicate,
            envelope: raw(stored.envelope)?,
        })
    };
    Ok(Shown {
        release: id.to_string(),
        created_at: stored.created_at,
        reproducible: unreproducible_reason.is_none(),
        unreproducible_reason,
        retention: stored.retention.as_str(),
        manifest: raw(stored.manifest)?,
        statements: said.map(statement).collect::<Result<_, Error>>()?,
    })
}

/// Gives a release away as a file. Few at a time, since each is held in memory until it is sent.
pub(in crate::plane) async fn archive(
    State(plane): State<Arc<ControlPlane>>,
    Path(given): Path<String>,
) -> Result<Response<Body>, Error> {
    let turn = Arc::clone(&plane.downloads).acquire_owned().await;
    let turn = turn.map_err(|closed| Error::Internal(closed.into()))?;
    let (id, bytes) = plane.blocking(move |plane| written(plane, &given)).await?;
    let length = bytes.len();
    // The turn ends with the last chunk, or when nobody reads any more.
    let rest = (Bytes::from(bytes), turn);
    let chunks = stream::unfold(rest, async |(mut rest, turn)| {
        let chunk = rest.split_to(rest.len().min(CHUNK_BYTES));
        (!chunk.is_empty()).then_some((Ok::<_, Infallible>(chunk), (rest, turn)))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    let name = format!("attachment; filename=\"{}.tar\"", &id.hex()[..12]);
    headers.extend(HeaderValue::try_from(name).ok().map(|name| (CONTENT_DISPOSITION, name)));
    Ok(response)
}

fn written(plane: &ControlPlane, name: &str) -> Result<(ReleaseId, Vec<u8>), Error> {
    let shelf = &plane.ports.shelf;
    let id = shelf.resolve(name)?;
    let bytes = shelf.manifest(&id)?.files().map(|file| file.bytes).sum::<u64>();
    if bytes > MAX_ARCHIVE_BYTES as u64 {
        return Err(Error::ReleaseRefused {
            message: format!(
                "the files of {id} have {bytes} bytes, and at most {MAX_ARCHIVE_BYTES} are sent: \
                 `shipworthy release export` writes them where the state directory is"
            ),
        });
    }
    let mut out = Vec::new();
    let archive = shelf.export(&id)?;
    archive.write(&mut out).map_err(|error| Error::Internal(error.into()))?;
    Ok((id, out))
}

fn gone(id: &ReleaseId) -> Error {
    Error::NoSuchRelease { message: format!("{id} is not here any more") }
}
