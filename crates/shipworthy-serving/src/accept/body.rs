//! A request's body: read whole, within the limit, and without its content coding.

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::coding::Coding;
use crate::{Failure, Serving};

/// The body, plain, unless it is longer than the limit, as it comes or as it would become.
pub(super) async fn read(
    serving: &Serving,
    request: Request,
    limit_bytes: usize,
) -> Result<Bytes, Failure> {
    let coding = Coding::of_body(request.headers())?;
    let body = collect(request.into_body(), limit_bytes).await?;
    match coding {
        None => Ok(body),
        Some(coding) => coding.inflate(&serving.cpu, body, limit_bytes).await,
    }
}

/// The body as it comes. One that says beforehand that it is too long is not waited for.
pub(super) async fn collect(body: Body, limit_bytes: usize) -> Result<Bytes, Failure> {
    if body.size_hint().lower() > limit_bytes as u64 {
        return Err(Failure::BodyTooLarge { limit_bytes });
    }
    match Limited::new(body, limit_bytes).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::BodyTooLarge { limit_bytes }),
        Err(_) => Err(Failure::BodyCut),
    }
}
