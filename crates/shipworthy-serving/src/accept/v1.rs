//! KServe V1's routes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::ALLOW;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use serde_json::json;

use super::segments::Segments;
use super::{Shared, decide, finish, metadata, not_allowed, told};
use crate::decode::Wire;
use crate::{Failure, Serving, respond};

/// What stands behind a model's name to ask it for predictions.
const PREDICT: &str = ":predict";

/// `GET /`: whether the process answers at all.
pub(super) async fn live() -> Response<Body> {
    respond::json(StatusCode::OK, &json!({"status": "alive"}))
}

/// `GET /v1/models`.
pub(super) async fn list(state: Shared) -> Response<Body> {
    let plan = state.plan();
    let models: Vec<_> = plan.endpoints.keys().collect();
    respond::json(StatusCode::OK, &json!({"models": models}))
}

/// `GET /v1/models/NAME` and `POST /v1/models/NAME:predict`: name and verb are one segment, so the
/// router cannot tell them apart.
pub(super) async fn model(
    state: Shared,
    Segments(path): Segments<String>,
    request: Request,
) -> Response<Body> {
    let method = request.method();
    match path.strip_suffix(PREDICT) {
        Some(name) if method == Method::POST => predict(&state, name, request).await,
        Some(_) => other_method(method, &path, "POST"),
        None if path.contains(':') => {
            let path = format!("/v1/models/{}", path.chars().take(128).collect::<String>());
            finish(&state, Err(Failure::UnknownRoute { path }))
        }
        None if matches!(*method, Method::GET | Method::HEAD) => {
            let found = metadata::release(&state, &path);
            finish(&state, found.map(|_| metadata::readiness(&state, &path)))
        }
        None => other_method(method, &path, "GET,HEAD"),
    }
}

async fn predict(serving: &Arc<Serving>, name: &str, request: Request) -> Response<Body> {
    let answered = decide(serving, name, Wire::PredictV1, request).await;
    let reply = answered.map(|(answer, _)| told(&answer, respond::predict_v1(&answer)));
    finish(serving, reply)
}

fn other_method(method: &Method, path: &str, allowed: &'static str) -> Response<Body> {
    let mut response = not_allowed(method, &format!("/v1/models/{path}"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
