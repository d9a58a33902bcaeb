//! The door for gRPC: the Open Inference Protocol V2 and the standard health service.
//!
//! Sources: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md> for what a call is,
//! `open_inference_grpc.proto` of <https://github.com/kserve/open-inference-protocol> for the
//! service, and Triton's `grpc_service.proto` for its repository index. All calls are unary: a
//! request's body is one message behind five bytes, so each is a route of HTTP/2, and tokens,
//! limits and deadlines are those of every other protocol.

mod about;
mod call;
mod health;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::post;

use super::admission::Admission;
use super::{Door, Shared, callers, continue_trace, metadata};
use crate::coding::Coding;
use crate::decode::{Wire, infer_grpc};
use crate::trace::TraceContext;
use crate::{Doorkeeper, Failure, Serving, pipeline, respond};

/// The name of the service, as health checks ask for it.
const SERVICE: &str = "inference.GRPCInferenceService";

/// What a method answers, or why not.
type Reply = Result<Response<Body>, Failure>;

/// The methods of the data plane over gRPC. `doorkeeper` says who is let in.
pub fn router(serving: Arc<Serving>, doorkeeper: Doorkeeper) -> Router {
    let health = Router::new()
        .route("/grpc.health.v1.Health/Check", post(health::check))
        .route(&method("ServerLive"), post(about::server_live))
        .route(&method("ServerReady"), post(about::server_ready));
    let guarded = Router::new()
        .route(&method("ModelInfer"), post(model_infer))
        .route(&method("ModelMetadata"), post(about::model_metadata))
        .route(&method("ModelReady"), post(about::model_ready))
        .route(&method("RepositoryIndex"), post(about::repository_index))
        .route(&method("ServerMetadata"), post(about::server_metadata))
        .layer(from_fn_with_state((Arc::clone(&serving), doorkeeper), authenticate));
    health
        .merge(guarded)
        .fallback(unknown_method)
        .layer(from_fn_with_state(Arc::clone(&serving), surround))
        .with_state(serving)
}

fn method(name: &str) -> String {
    format!("/{SERVICE}/{name}")
}

/// Decisions for tensors.
async fn model_infer(state: Shared, request: Request) -> Response<Body> {
    let reply = infer(&state, request).await;
    finish(&state, reply)
}

async fn infer(serving: &Arc<Serving>, request: Request) -> Reply {
    let admission = Admission::of(serving, &request)?;
    let limit = call::time_limit(request.headers(), admission.limits.request_timeout);
    let work = async {
        let call = call::read(serving, request, admission.limits.max_body_bytes).await?;
        let envelope = infer_grpc::envelope(&call.message)?;
        let name = &envelope.model;
        metadata::meant(serving, name, &envelope.version)?;
        let request = admission.request(name, Wire::InferGrpc, call.message);
        let answer = pipeline::decide(serving, request).await?;
        let message = respond::infer_grpc(&answer, &envelope);
        Ok((answer, message, call.coding))
    };
    let (answer, message, coding) = admission.within(limit, work).await?;
    Ok(super::told(&answer, answered(serving, message, coding).await))
}

/// A message, coded as the one was that it answers.
async fn answered(serving: &Serving, message: Vec<u8>, coding: Option<Coding>) -> Response<Body> {
    let Some(coding) = coding else { return respond::grpc::message(&message, None) };
    match coding.deflate(&serving.cpu, message.clone().into()).await {
        Ok(coded) => respond::grpc::message(&coded, Some(coding.name())),
        // The runtime is going away; the answer is good all the same.
        Err(_) => respond::grpc::message(&message, None),
    }
}

/// Counts what failed, and says so.
fn finish(serving: &Serving, reply: Reply) -> Response<Body> {
    reply.unwrap_or_else(|failure| {
        serving.counters.failed(&failure);
        respond::grpc::failure(&failure)
    })
}

/// Beyond loopback every method but health needs a token that may call; to choose a slot takes one
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

/// What is no call of gRPC is told so in HTTP's words; every answer continues its caller's trace.
async fn surround(state: Shared, request: Request, next: Next) -> Response<Body> {
    if !is_grpc(request.headers()) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    let trace = TraceContext::of(request.headers());
    let mut response = next.run(request).await;
    continue_trace(&state, trace, &mut response);
    response
}

/// Whether messages are those of Protocol Buffers, as they are when nothing else is said.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    ["application/grpc", "application/grpc+proto"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
}

async fn unknown_method(state: Shared, request: Request) -> Response<Body> {
    let path = request.uri().path().chars().take(128).collect();
    finish(&state, Err(Failure::UnknownRoute { path }))
}
