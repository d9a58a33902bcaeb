//! What a request carries: bounded JSON bodies, query strings, and names with a verb.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, FromRequest, Query, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Error;

/// The longest body, in bytes: a few fields and a reason of a paragraph.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;

/// As much of a path as is worth repeating, in characters.
pub(super) const MAX_SHOWN_CHARS: usize = 128;

/// How long a body of that size may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the archive of a release may take.
const ARCHIVE_TIMEOUT: Duration = Duration::from_mins(10);

/// The body of an action that needs nothing but a reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reasoned {
    pub(super) reason: String,
}

/// Reads a JSON body within its bounds.
pub(super) async fn read_json<T: DeserializeOwned>(body: Body) -> Result<T, Error> {
    read_long_json(body, MAX_BODY_BYTES).await
}

/// Reads a JSON body of so many bytes.
pub(super) async fn read_long_json<T: DeserializeOwned>(
    body: Body,
    limit_bytes: usize,
) -> Result<T, Error> {
    let bytes = read(body, limit_bytes, BODY_TIMEOUT).await?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Malformed { message: error.to_string() })
}

/// Reads the fields of a page's form within the bounds of an action.
pub(super) async fn read_form<T: DeserializeOwned>(request: Request) -> Result<T, Error> {
    let (parts, body) = request.into_parts();
    let body = Body::from(read(body, MAX_BODY_BYTES, BODY_TIMEOUT).await?);
    match Form::from_request(Request::from_parts(parts, body), &()).await {
        Ok(Form(fields)) => Ok(fields),
        Err(rejection) => Err(Error::BadRequest {
            message: rejection.body_text(),
            hint: "send the form of the page as it is",
        }),
    }
}

/// Reads the archive of a release, of so many bytes.
pub(super) async fn read_archive(body: Body, limit_bytes: usize) -> Result<Bytes, Error> {
    read(body, limit_bytes, ARCHIVE_TIMEOUT).await
}

async fn read(body: Body, limit_bytes: usize, limit: Duration) -> Result<Bytes, Error> {
    use axum::body::HttpBody;
    if body.size_hint().lower() > limit_bytes as u64 {
        return Err(Error::BodyTooLarge { limit_bytes });
    }
    let is_sized = body.size_hint().exact().is_some();
    match tokio::time::timeout(limit, to_bytes(body, limit_bytes)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // Without a declared length the limit is met while reading.
        Ok(Err(error)) if !is_sized && error.to_string().contains("length limit") => {
            Err(Error::BodyTooLarge { limit_bytes })
        }
        Ok(Err(_)) | Err(_) => Err(Error::BodyCut),
    }
}

/// The name and the verb of a path that ends with `NAME:VERB`; a name may have colons too. `parse`
/// knows the verbs of the `route`.
pub(super) fn name_and_verb<V>(
    route: &str,
    given: &str,
    parse: impl FnOnce(&str) -> Option<V>,
) -> Result<(String, V), Error> {
    let parts = given.rsplit_once(':');
    let found = parts.and_then(|(name, verb)| Some((name.to_owned(), parse(verb)?)));
    found.ok_or_else(|| {
        let shown = given.chars().take(MAX_SHOWN_CHARS).collect::<String>();
        Error::UnknownRoute { path: format!("{route}/{shown}") }
    })
}

/// The fields of a query string.
pub(super) fn query<T>(read: Result<Query<T>, QueryRejection>) -> Result<T, Error> {
    match read {
        Ok(Query(fields)) => Ok(fields),
        Err(rejection) => Err(Error::BadRequest {
            message: rejection.body_text(),
            hint: "/v1/ledger/entries takes from, limit and last; /v1/events takes after and limit; \
                   /v1/endpoints/NAME/history takes before and limit; POST /v1/releases takes reason",
        }),
    }
}
