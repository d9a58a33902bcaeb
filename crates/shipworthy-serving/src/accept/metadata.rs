//! What the server has, and whether it is ready.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use shipworthy_contract::Contract;
use shipworthy_core::Output;

use super::segments::Segments;
use super::{Shared, finish};
use crate::release::LoadedRelease;
use crate::tensors::{self, TensorInfo};
use crate::{Failure, Serving, respond};

/// The extensions of the Open Inference Protocol that are served.
pub(super) const EXTENSIONS: [&str; 2] = ["binary_tensor_data", "model_repository"];

pub(super) async fn live() -> Response<Body> {
    respond::json(StatusCode::OK, &json!({"live": true}))
}

pub(super) async fn ready(state: Shared) -> Response<Body> {
    match state.not_ready() {
        None => respond::json(StatusCode::OK, &json!({"live": true, "ready": true})),
        Some(why) => {
            let body = json!({"live": true, "ready": false, "error": why.to_string()});
            respond::json(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

pub(super) async fn model_ready_v2(
    state: Shared,
    Segments(name): Segments<String>,
) -> Response<Body> {
    finish(&state, release(&state, &name).map(|_| readiness(&state, &name)))
}

pub(super) fn readiness(serving: &Serving, name: &str) -> Response<Body> {
    let plan = serving.plan();
    let is_there =
        plan.endpoints.get(name).is_some_and(|endpoint| endpoint.stable.release.is_available());
    let ready = serving.not_ready().is_none() && is_there;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    respond::json(status, &json!({"name": name, "ready": ready}))
}

pub(super) async fn server_v2() -> Response<Body> {
    let version = env!("CARGO_PKG_VERSION");
    let body = json!({"name": "shipworthy", "version": version, "extensions": EXTENSIONS});
    respond::json(StatusCode::OK, &body)
}

pub(super) async fn model_v2(state: Shared, Segments(name): Segments<String>) -> Response<Body> {
    let found = release(&state, &name);
    finish(&state, found.map(|release| respond::json(StatusCode::OK, &metadata(&name, &release))))
}

pub(super) async fn model_version_v2(
    state: Shared,
    Segments((name, release)): Segments<(String, String)>,
) -> Response<Body> {
    let found = version(&state, &name, &release);
    finish(&state, found.map(|release| respond::json(StatusCode::OK, &metadata(&name, &release))))
}

pub(super) async fn version_ready_v2(
    state: Shared,
    Segments((name, release)): Segments<(String, String)>,
) -> Response<Body> {
    finish(&state, version(&state, &name, &release).map(|_| readiness(&state, &name)))
}

/// The release that serves, if that is the version asked for: its whole id, or its short one.
pub(super) fn version(
    serving: &Serving,
    name: &str,
    version: &str,
) -> Result<Arc<LoadedRelease>, Failure> {
    let release = release(serving, name)?;
    if [release.id().as_str(), release.id().short()].contains(&version) {
        return Ok(release);
    }
    let name = format!("{name}/versions/{}", version.chars().take(80).collect::<String>());
    Err(Failure::UnknownModel { name, known: format!("version {}", release.id()) })
}

/// The release that serves, if `version` is empty or its own.
pub(super) fn meant(
    serving: &Serving,
    name: &str,
    version: &str,
) -> Result<Arc<LoadedRelease>, Failure> {
    if version.is_empty() { release(serving, name) } else { self::version(serving, name, version) }
}

pub(super) async fn repository_index(State(serving): Shared) -> Response<Body> {
    let plan = serving.plan();
    let is_ready = serving.not_ready().is_none();
    let models = plan.endpoints.values().map(|endpoint| {
        let is_ready = is_ready && endpoint.stable.release.is_available();
        let state = if is_ready { "READY" } else { "UNAVAILABLE" };
        let version = endpoint.stable.release.id().as_str();
        json!({"name": endpoint.name, "version": version, "state": state, "reason": ""})
    });
    respond::json(StatusCode::OK, &models.collect::<Vec<_>>())
}

pub(super) fn release(serving: &Serving, name: &str) -> Result<Arc<LoadedRelease>, Failure> {
    serving.plan().endpoint(name).map(|endpoint| Arc::clone(&endpoint.stable.release))
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    versions: [&'a str; 1],
    platform: String,
    inputs: Vec<Tensor<'a>>,
    outputs: Vec<Tensor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Parameters<'a>>,
}

/// What the protocol has no word for: with it another server can stand in front of this one.
#[derive(Serialize)]
struct Parameters<'a> {
    contract: &'a Contract,
    output: &'a Output,
}

#[derive(Serialize)]
struct Tensor<'a> {
    name: &'a str,
    datatype: &'static str,
    /// -1 is any number of rows.
    shape: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<serde_json::Value>,
}

pub(super) fn platform(release: &LoadedRelease) -> String {
    format!("shipworthy_{}", release.signature().format)
}

fn metadata<'a>(name: &'a str, release: &'a LoadedRelease) -> Metadata<'a> {
    let tensor = |info: TensorInfo<'a>| Tensor {
        name: info.name,
        datatype: info.element.name(),
        shape: info.shape_with_rows(),
        parameters: info.parameters,
    };
    Metadata {
        name,
        versions: [release.id().as_str()],
        platform: platform(release),
        inputs: tensors::inputs(release).into_iter().map(tensor).collect(),
        outputs: tensors::outputs(release).into_iter().map(tensor).collect(),
        parameters: release
            .output()
            .map(|output| Parameters { contract: release.contract(), output }),
    }
}
