//! Station 1: the door of the data plane.
//!
//! Routes of KServe V1, of the Open Inference Protocol V2 and of MLflow's scoring protocol, tokens,
//! limits. What never reaches a decision is counted here.

mod metadata;
mod mlflow;
mod segments;
mod v1;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{any, get, post};
use bytes::Bytes;

use crate::decode::{Wire, infer_v2};
use crate::pipeline::{self, Arrival};
use crate::trace::{TRACEPARENT, TraceContext};
use crate::{Answer, Failure, Limits, Serving, openapi, respond};
use segments::Segments;

/// Triton's header for bodies with binary values.
pub(crate) const JSON_LENGTH: &str = "inference-header-content-length";

type Shared = State<Arc<Serving>>;
type Reply = Result<Response<Body>, Failure>;

/// The routes of the data plane.
pub fn router(serving: Arc<Serving>) -> Router {
    let health = Router::new()
        .route("/", get(v1::live))
        .route("/ping", get(mlflow::ping))
        .route("/health", get(mlflow::ping))
        .route("/v2/health/live", get(metadata::live))
        .route("/v2/health/ready", get(metadata::ready));
    let guarded = Router::new()
        .route("/invocations", post(mlflow::invocations))
        .route("/openapi.json", get(openapi::serve))
        .route("/version", get(mlflow::version))
        .route("/v1/models", get(v1::list))
        .route("/v1/models/{*name_and_verb}", any(v1::model))
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
        .layer(from_fn_with_state(Arc::clone(&serving), surround))
        .with_state(serving)
}

/// Open Inference Protocol V2: `POST /v2/models/NAME/infer`.
async fn infer_v2(
    state: Shared,
    Segments(name): Segments<String>,
    request: Request,
) -> Response<Body> {
    let reply = infer(&state, &name, request).await;
    finish(&state, reply)
}

/// The same of one version, which must be the one that serves.
async fn infer_version_v2(
    state: Shared,
    Segments((name, version)): Segments<(String, String)>,
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
    Ok(told(&answer, respond::infer_v2(&answer, &envelope)))
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
    let trace = TraceContext::of(request.headers());
    let limits = serving.plan().limits.clone();
    let _entered = serving.enter(limits.max_inflight)?;
    let work = async {
        let body = read(request, &limits).await?;
        if let Wire::InferV2 { json_bytes } = wire {
            infer_v2::envelope(&body, json_bytes)?;
        }
        let endpoint = name.to_owned();
        let request = pipeline::Request { endpoint, wire, body: body.clone(), arrival, trace };
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

/// An answer with the headers that name its release and its records.
fn told(answer: &Answer, mut response: Response<Body>) -> Response<Body> {
    respond::headers::tell(response.headers_mut(), &answer.release, &answer.decision_ids);
    response
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

/// Every answer continues its caller's trace, and a server that is going away asks its clients to
/// connect elsewhere next time.
async fn surround(state: Shared, request: Request, next: Next) -> Response<Body> {
    let trace = TraceContext::of(request.headers());
    let mut response = next.run(request).await;
    if let Some(trace) = trace {
        let mut parent_id = [0; 8];
        state.ports.entropy.fill(&mut parent_id);
        response.headers_mut().insert(TRACEPARENT, trace.continued(parent_id));
    }
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
    not_allowed(request.method(), request.uri().path())
}

/// A route that exists, but for other methods.
fn not_allowed(method: &Method, path: &str) -> Response<Body> {
    let path = path.chars().take(128).collect::<String>();
    let failure = Failure::UnknownRoute { path: format!("{method} {path}") };
    let mut response = respond::failure(&failure);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
