//! Station 1: the door of the data plane.
//!
//! Routes of KServe V1, of the Open Inference Protocol V2 and of MLflow's scoring protocol, tokens,
//! limits. What never reaches a decision is counted here.

mod admission;
mod body;
mod callers;
pub mod grpc;
mod metadata;
mod mlflow;
mod segments;
mod v1;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{any, get, post};
use bytes::Bytes;

use crate::coding::Coding;
use crate::decode::{Wire, infer_v2};
use crate::pipeline;
use crate::trace::{TRACEPARENT, TraceContext};
use crate::{Answer, Doorkeeper, Failure, Serving, openapi, respond};
use admission::Admission;
use segments::Segments;

/// Triton's header for bodies with binary values.
pub(crate) const JSON_LENGTH: &str = "inference-header-content-length";

type Shared = State<Arc<Serving>>;
/// A listener's stations and who is let in there.
type Door = State<(Arc<Serving>, Doorkeeper)>;
type Reply = Result<Response<Body>, Failure>;

/// The routes of the data plane over HTTP. `doorkeeper` says who is let in.
pub fn router(serving: Arc<Serving>, doorkeeper: Doorkeeper) -> Router {
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
        .layer(from_fn_with_state((Arc::clone(&serving), doorkeeper), authenticate));
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
    let admission = Admission::of(serving, &request)?;
    let work = async {
        let body = body::read(serving, request, admission.limits.max_body_bytes).await?;
        if let Wire::InferV2 { json_bytes } = wire {
            infer_v2::envelope(&body, json_bytes)?;
        }
        let request = admission.request(name, wire, body.clone());
        Ok((pipeline::decide(serving, request).await?, body))
    };
    admission.within(admission.limits.request_timeout, work).await
}

/// An answer with the headers that name its release and its records, and say that it was stopped.
fn told(answer: &Answer, mut response: Response<Body>) -> Response<Body> {
    respond::headers::tell(response.headers_mut(), &answer.release, &answer.decision_ids);
    if answer.is_stopped {
        respond::headers::tell_stopped(response.headers_mut());
    }
    response
}

/// Counts what failed, and says so.
fn finish(serving: &Serving, reply: Reply) -> Response<Body> {
    reply.unwrap_or_else(|failure| {
        serving.counters.failed(&failure);
        respond::failure(&failure)
    })
}

/// Beyond loopback every route but health needs a token that may call; to choose a slot takes one
/// everywhere.
async fn authenticate(
    State((serving, doorkeeper)): Door,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    match callers::admit(&doorkeeper, &mut request) {
        Ok(()) => next.run(request).await,
        Err(failure) => finish(&serving, Err(failure)),
    }
}

/// Every answer continues its caller's trace and is coded as the caller asks, and a server that is
/// going away asks its clients to connect elsewhere next time.
async fn surround(state: Shared, request: Request, next: Next) -> Response<Body> {
    let trace = TraceContext::of(request.headers());
    let coding = Coding::wanted(request.headers());
    let response = next.run(request).await;
    let mut response = respond::coded(coding, &state.cpu, response).await;
    continue_trace(&state, trace, &mut response);
    if state.is_draining() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Names this server's part of the caller's trace.
fn continue_trace(serving: &Serving, trace: Option<TraceContext>, response: &mut Response<Body>) {
    let Some(trace) = trace else { return };
    let mut parent_id = [0; 8];
    serving.ports.entropy.fill(&mut parent_id);
    response.headers_mut().insert(TRACEPARENT, trace.continued(parent_id));
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

#[cfg(test)]
mod tests;
