//! The control plane as an OpenAPI 3.1 document: every route, with who may call it, what it takes,
//! answers and refuses.
//!
//! Source: <https://spec.openapis.org/oas/v3.1.0>. The document is made here, served at
//! `/openapi.json` and kept in `docs/reference/openapi-control.json`; tests hold the three and the
//! router together.

mod failures;
mod operations;
mod schemas;
mod traffic;

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response};
use serde_json::{Map, Value, json};

use super::sign_in::SESSION_COOKIE;
use operations::Operation;

/// `GET /openapi.json`.
pub(super) async fn serve() -> Response<Body> {
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
            "title": "Shipworthy, control plane",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Steers a server and reads what it did. Every route but the sign-in page \
                needs a token, on loopback too; of the requirements under `security`, each with a \
                role, one is enough. Every action has an actor, who is the holder of the token, and \
                a reason, and is recorded.",
        },
        "servers": [{"url": "/"}],
        "tags": operations::TAGS.map(|(name, about)| json!({"name": name, "description": about})),
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "responses": failures::responses(),
            "headers": {"WWW-Authenticate": {
                "description": "Bearer.", "required": true, "schema": {"type": "string"},
            }},
            "parameters": schemas::parameters(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION_COOKIE,
                    "description": "A browser that was signed in by a link. It acts from this \
                        server's own pages only: with its `Origin`.",
                },
            },
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
        let shared = json!({"$ref": format!("#/components/responses/{text}")});
        responses.insert(text, shared);
    }
    let reference = |name| json!({"$ref": format!("#/components/parameters/{name}")});
    let roles = operation.roles.iter().map(|role| role.as_str());
    let security = roles.flat_map(|role| [json!({"token": [role]}), json!({"session": [role]})]);
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": operation.parameters.iter().map(reference).collect::<Vec<_>>(),
        "responses": responses,
        "security": security.collect::<Vec<_>>(),
    });
    if let Some(body) = &operation.body {
        described["requestBody"] = body.clone();
    }
    described
}

#[cfg(test)]
#[path = "openapi/tests.rs"]
mod tests;
