//! Answers in the content coding that a client asked for.

use axum::body::{Body, HttpBody, to_bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use axum::http::{HeaderMap, HeaderValue, Response};

use crate::coding::{Coding, MIN_CODED_BYTES};
use crate::cpu::CpuDoor;

/// An answer as a client with these headers would have it: coded when it asks for that and the
/// body is long enough to gain by it.
pub(crate) async fn coded(
    request: Option<Coding>,
    cpu: &CpuDoor,
    response: Response<Body>,
) -> Response<Body> {
    let length = response.body().size_hint().exact().unwrap_or(0);
    let Some(coding) = request.filter(|_| length >= MIN_CODED_BYTES as u64) else {
        return response;
    };
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        // Not reached: a body of a known length is in memory.
        return Response::from_parts(parts, Body::empty());
    };
    let plain = body.clone();
    match coding.deflate(cpu, body).await {
        Ok(body) => {
            tell(&mut parts.headers, coding);
            Response::from_parts(parts, Body::from(body))
        }
        // The runtime is going away; the answer is good all the same.
        Err(_) => Response::from_parts(parts, Body::from(plain)),
    }
}

fn tell(headers: &mut HeaderMap, coding: Coding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // That of the plain body, if any.
    headers.remove(CONTENT_LENGTH);
}
