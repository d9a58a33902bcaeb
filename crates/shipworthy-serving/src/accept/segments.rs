//! The variable segments of a path, decoded.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path};
use axum::http::Response;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::finish;
use crate::{Failure, Serving};

/// As [`Path`], but a path that cannot be decoded is answered as every other failure is.
pub(super) struct Segments<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Serving>> for Segments<T> {
    type Rejection = Response<Body>;

    async fn from_request_parts(
        parts: &mut Parts,
        serving: &Arc<Serving>,
    ) -> Result<Self, Response<Body>> {
        let decoded = Path::from_request_parts(parts, serving).await;
        decoded.map(|Path(segments)| Self(segments)).map_err(|_| {
            let failure = Failure::BadRequest {
                message: "the path is not UTF-8".to_owned(),
                hint: "write names with UTF-8 before the percent-encoding",
            };
            finish(serving, Err(failure))
        })
    }
}
