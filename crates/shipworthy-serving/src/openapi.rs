//! The data plane as an OpenAPI 3.1 document: every route, with what it takes, answers and refuses.
//!
//! Source: <https://spec.openapis.org/oas/v3.1.0>. The document is made here, served at
//! `/openapi.json` and kept in `docs/reference/openapi.json`; tests hold the three and the router
//! together.

mod operations;
mod schemas;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use operations::Operation;

/// `GET /openapi.json`.
pub(crate) async fn serve() -> Response<Body> {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(document().to_string()));
    let mut response = Response::new(Body::from(TEXT.clone()));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// The document.
fn document() -> Value {
    let mut paths = Map::new();
    for operation in operations::all() {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method] = describe(&operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Shipworthy, data plane",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Decisions of released models over KServe V1, the Open Inference \
                Protocol V2 and MLflow's scoring protocol. Every answer is recorded before it is \
                given, and names its release and its records. Bodies may come in the content codings \
                gzip and deflate, within the same limit once they are plain.",
        },
        "servers": [{"url": "/"}],
        "tags": operations::TAGS.map(|(name, about)| json!({"name": name, "description": about})),
        "paths": paths,
        "components": {
            "schemas": schemas::schemas(),
            "responses": schemas::failures(),
            "headers": schemas::headers(),
            "parameters": schemas::parameters(),
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of the role `caller` or `operator`. On a loopback address \
                    none is needed.",
            }},
        },
    })
}

fn describe(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for (status, answer) in &operation.answers {
        responses.insert(status.to_string(), answer.clone());
    }
    for status in operation.failures {
        let text = status.to_string();
        // A route may say 503 in its own words.
        let shared = json!({"$ref": format!("#/components/responses/{text}")});
        responses.entry(text).or_insert(shared);
    }
    let parameters = operation.parameters.iter();
    let reference = |name| json!({"$ref": format!("#/components/parameters/{name}")});
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": parameters.map(reference).collect::<Vec<_>>(),
        "responses": responses,
        "security": if operation.is_open { json!([]) } else { json!([{}, {"token": []}]) },
    });
    if let Some(body) = &operation.body {
        described["requestBody"] = body.clone();
    }
    described
}

#[cfg(test)]
#[path = "openapi/tests.rs"]
mod tests;
