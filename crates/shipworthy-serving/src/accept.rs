//! Station 1: the door of the data plane.
//!
//! Routes of KServe V1 and of the Open Inference Protocol V2, tokens, limits. What never reaches
//! a decision is counted here.

mod metadata;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{get, post};
use bytes::Bytes;

use crate::decode::{Wire, infer_v2};
use crate::pipeline::{self, Arrival};
use crate::{Answer, Failure, Limits, Serving, respond};

/// Triton's header for bodies with binary values.
pub(crate) const JSON_LENGTH: &str = "inference-header-content-length";

type Shared = State<Arc<Serving>>;
type Reply = Result<Response<Body>, Failure>;

/// The routes of the data plane.
pub fn router(serving: Arc<Serving>) -> Router {
    let health = Router::new()
        .route("/v2/health/live", get(metadata::live))
        .route("/v2/health/ready", get(metadata::ready));
    let guarded = Router::new()
        .route("/v1/models", get(metadata::list_v1))
        .route("/v1/models/{*name_and_verb}", get(metadata::model_v1).post(predict_v1))
        .route("/v2", get(metadata::server_v2))
        .route("/v2/models/{name}", get(metadata::model_v2))
        .route("/v2/models/{name}/ready", get(metadata::model_ready_v2))
        .route("/v2/models/{name}/infer", post(infer_v2))
        .route("/v2/models/{name}/versions/{version}", get(metadata::model_version_v2))
        .route("/v2/models/{name}/versions/{version}/ready", get(metadata::version_ready_v2))
        .route("/v2/models/{name}/versions/{version}/infer", post(infer_version_v2))
        .route("/v2/repository/index", post(metadata::repository_index))
        .layer(from_fn_with_state(Arc::clone(&serving), authenticate));
    health
        .merge(guarded)
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&serving), farewell))
        .with_state(serving)
}

/// KServe V1: `POST /v1/models/NAME:predict`.
async fn predict_v1(state: Shared, Path(path): Path<String>, request: Request) -> Response<Body> {
    let answered = match path.strip_suffix(":predict") {
        Some(name) => decide(&state, name, Wire::PredictV1, request).await.map(|(a, _)| a),
        None => Err(Failure::UnknownRoute { path: format!("/v1/models/{path}") }),
    };
    finish(&state, answered.map(|answer| respond::predict_v1(&answer)))
}

/// Open Inference Protocol V2: `POST /v2/models/NAME/infer`.
async fn infer_v2(state: Shared, Path(name): Path<String>, request: Request) -> Response<Body> {
    let reply = infer(&state, &name, request).await;
    finish(&state, reply)
}

/// The same of one version, which must be the one that serves.
async fn infer_version_v2(
    state: Shared,
    Path((name, version)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let reply = match metadata::version(&state, &name, &version) {
        Ok(_) => infer(&state, &name, request).await,
        Err(failure) => Err(failure),
    };
    finish(&state, reply)
}

async fn infer(serving: &Arc<Serving>, name: &str, request: Request) -> Reply {
    let json_bytes = json_bytes(request.headers())?;
    let (answer, body) = decide(serving, name, Wire::InferV2 { json_bytes }, request).await?;
    let envelope = infer_v2::envelope(&body, json_bytes)?;
    Ok(respond::infer_v2(&answer, &envelope))
}

/// The length of the JSON head of a body with binary values after it.
fn json_bytes(headers: &HeaderMap) -> Result<Option<usize>, Failure> {
    let Some(length) = headers.get(JSON_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.trim().parse().ok());
    length.map(Some).ok_or_else(|| Failure::BadRequest {
        message: "Inference-Header-Content-Length is not a number of bytes".to_owned(),
        hint: "send the length of the JSON before the binary values, or leave the header out",
    })
}

/// Takes a request in, within the limits, and has it answered.
async fn decide(
    serving: &Arc<Serving>,
    name: &str,
    wire: Wire,
    request: Request,
) -> Result<(Answer, Bytes), Failure> {
    let clock = &serving.ports.clock;
    let arrival = Arrival { at: clock.now(), monotonic_us: clock.monotonic_us() };
    if let Some(why) = serving.cannot_decide() {
        return Err(Failure::NotReady(why));
    }
    let limits = serving.plan().limits.clone();
    let _entered = serving.enter(limits.max_inflight)?;
    let work = async {
        let body = read(request, &limits).await?;
        if let Wire::InferV2 { json_bytes } = wire {
            infer_v2::envelope(&body, json_bytes)?;
        }
        let endpoint = name.to_owned();
        let request = pipeline::Request { endpoint, wire, body: body.clone(), arrival };
        Ok((pipeline::decide(serving, request).await?, body))
    };
    let timeout = limits.request_timeout;
    let limit_ms = timeout.as_millis();
    tokio::time::timeout(timeout, work).await.unwrap_or(Err(Failure::Timeout { limit_ms }))
}

/// The body, whole, unless it is longer than the limit.
async fn read(request: Request, limits: &Limits) -> Result<Bytes, Failure> {
    let limit_bytes = limits.max_body_bytes;
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let declared = declared.and_then(|length| length.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit_bytes as u64) {
        return Err(Failure::BodyTooLarge { limit_bytes });
    }
    to_bytes(request.into_body(), limit_bytes).await.map_err(|error| {
        // Without a declared length the limit is met while reading.
        if declared.is_none() && error.to_string().contains("length limit") {
            Failure::BodyTooLarge { limit_bytes }
        } else {
            Failure::BodyCut
        }
    })
}

/// Counts what failed, and says so.
fn finish(serving: &Serving, reply: Reply) -> Response<Body> {
    reply.unwrap_or_else(|failure| {
        serving.counters.failed(&failure);
        respond::failure(&failure)
    })
}

/// Beyond loopback every route but health needs a token that may call.
async fn authenticate(state: Shared, request: Request, next: Next) -> Response<Body> {
    let Some(callers) = &state.ports.callers else { return next.run(request).await };
    let allowed = bearer(request.headers()).and_then(|token| callers.may_call(token));
    match allowed {
        Some(true) => next.run(request).await,
        Some(false) => finish(&state, Err(Failure::Forbidden)),
        None => finish(&state, Err(Failure::Unauthenticated)),
    }
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A server that is going away asks its clients to connect elsewhere next time.
async fn farewell(state: Shared, request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    if state.is_draining() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn unknown_route(state: Shared, request: Request) -> Response<Body> {
    let path = request.uri().path().chars().take(128).collect();
    finish(&state, Err(Failure::UnknownRoute { path }))
}

async fn wrong_method(request: Request) -> Response<Body> {
    let failure =
        Failure::UnknownRoute { path: format!("{} {}", request.method(), request.uri().path()) };
    let mut response = respond::failure(&failure);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
