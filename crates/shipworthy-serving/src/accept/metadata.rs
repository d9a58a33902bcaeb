//! What the server has, and whether it is ready.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use shipworthy_contract::Role;
use shipworthy_core::Task;

use super::{Shared, finish};
use crate::decode::infer_v2::datatype;
use crate::release::LoadedRelease;
use crate::{Failure, Serving, respond};

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

pub(super) async fn list_v1(state: Shared) -> Response<Body> {
    let plan = state.plan();
    let models: Vec<_> = plan.endpoints.keys().collect();
    respond::json(StatusCode::OK, &json!({"models": models}))
}

pub(super) async fn model_v1(state: Shared, Path(name): Path<String>) -> Response<Body> {
    finish(&state, release(&state, &name).map(|_| readiness(&state, &name)))
}

pub(super) async fn model_ready_v2(state: Shared, Path(name): Path<String>) -> Response<Body> {
    finish(&state, release(&state, &name).map(|_| readiness(&state, &name)))
}

fn readiness(serving: &Serving, name: &str) -> Response<Body> {
    let ready = serving.not_ready().is_none();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    respond::json(status, &json!({"name": name, "ready": ready}))
}

pub(super) async fn server_v2() -> Response<Body> {
    let version = env!("CARGO_PKG_VERSION");
    let body = json!({"name": "shipworthy", "version": version, "extensions": []});
    respond::json(StatusCode::OK, &body)
}

pub(super) async fn model_v2(state: Shared, Path(name): Path<String>) -> Response<Body> {
    let found = release(&state, &name);
    finish(&state, found.map(|release| respond::json(StatusCode::OK, &metadata(&name, &release))))
}

pub(super) async fn repository_index(State(serving): Shared) -> Response<Body> {
    let plan = serving.plan();
    let state = if serving.not_ready().is_none() { "READY" } else { "UNAVAILABLE" };
    let models = plan.endpoints.values().map(|endpoint| {
        let version = endpoint.stable.id().as_str();
        json!({"name": endpoint.name, "version": version, "state": state, "reason": ""})
    });
    respond::json(StatusCode::OK, &models.collect::<Vec<_>>())
}

fn release(serving: &Serving, name: &str) -> Result<Arc<LoadedRelease>, Failure> {
    serving.plan().route(name).map(|routed| Arc::clone(routed.release))
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    versions: [&'a str; 1],
    platform: String,
    inputs: Vec<Tensor<'a>>,
    outputs: Vec<Tensor<'a>>,
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

fn metadata<'a>(name: &'a str, release: &'a LoadedRelease) -> Metadata<'a> {
    let inputs = release.contract().columns.iter().map(|column| Tensor {
        name: &column.name,
        datatype: datatype(column.data_type),
        shape: vec![-1],
        parameters: Some(json!({
            "role": role(column.role),
            "required": column.required,
        })),
    });
    let format = release.model().describe().format;
    Metadata {
        name,
        versions: [release.id().as_str()],
        platform: format!("shipworthy_{format}"),
        inputs: inputs.collect(),
        outputs: outputs(release),
    }
}

fn role(role: Role) -> &'static str {
    Role::ALL.into_iter().find(|(_, other)| *other == role).map_or("", |(name, _)| name)
}

fn outputs(release: &LoadedRelease) -> Vec<Tensor<'_>> {
    let output = release.output();
    let shape = match output.task {
        Task::Multiclass => vec![-1, i64::try_from(output.classes.len()).unwrap_or(i64::MAX)],
        Task::Binary | Task::Regression => vec![-1],
    };
    let prediction = Tensor { name: "prediction", datatype: "FP64", shape, parameters: None };
    let text = |name, parameters| Tensor { name, datatype: "BYTES", shape: vec![-1], parameters };
    let mut outputs = vec![prediction];
    if output.task != Task::Regression {
        outputs.push(text("decision", Some(json!({"classes": output.classes}))));
    }
    outputs.push(text("decision_id", None));
    outputs
}
