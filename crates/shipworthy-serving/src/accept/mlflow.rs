//! The routes of MLflow's scoring protocol; SageMaker asks for `/ping` and `/invocations` of it.
//!
//! Source: `mlflow/pyfunc/scoring_server/__init__.py`. The protocol knows one model a server: where
//! there are several, a header names the one that is meant.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::{Reply, Shared, decide, finish, told};
use crate::decode::Wire;
use crate::{Failure, Serving, respond};

/// Names the model where the server has several.
const MODEL: &str = "x-shipworthy-model";

/// The kinds of bodies that are read.
const KNOWN: [&str; 2] = ["application/json", "text/csv"];

/// `GET /ping` and `GET /health`: 200 when decisions are given, without a word.
pub(super) async fn ping(state: Shared) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    if state.not_ready().is_some() {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// `GET /version`: this program's, as plain text.
pub(super) async fn version() -> Response<Body> {
    let mut response = Response::new(Body::from(env!("CARGO_PKG_VERSION")));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

/// `POST /invocations`.
pub(super) async fn invocations(state: Shared, request: Request) -> Response<Body> {
    let reply = invoke(&state, request).await;
    finish(&state, reply)
}

async fn invoke(serving: &Arc<Serving>, request: Request) -> Reply {
    let wire = wire(request.headers())?;
    let name = model(serving, request.headers())?;
    let (answer, _) = decide(serving, &name, wire, request).await?;
    Ok(told(&answer, respond::mlflow(&answer)))
}

/// How the body is written. As in MLflow, a parameter that would change its meaning is refused.
fn wire(headers: &HeaderMap) -> Result<Wire, Failure> {
    let text = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let text = text.unwrap_or_default().to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let wire = [Wire::MlflowJson, Wire::Csv].into_iter().zip(KNOWN);
    let wire = wire.filter(|(_, known)| *known == kind).map(|(wire, _)| wire).next();
    let is_known = |parameter: &str| {
        let charset = parameter.strip_prefix("charset=").map(|value| value.trim_matches('"'));
        parameter.is_empty()
            || charset == Some("utf-8")
            || (wire == Some(Wire::Csv) && parameter == "header=present")
    };
    let is_plain = parts.all(is_known);
    wire.filter(|_| is_plain).ok_or_else(|| {
        let found = if text.is_empty() { "of no Content-Type" } else { &text };
        let found = found.chars().take(64).collect();
        Failure::UnsupportedMediaType { found, known: &KNOWN }
    })
}

/// The model that is meant: the one that the header names, or the only one.
fn model(serving: &Serving, headers: &HeaderMap) -> Result<String, Failure> {
    if let Some(name) = headers.get(MODEL) {
        return Ok(String::from_utf8_lossy(name.as_bytes()).into_owned());
    }
    let plan = serving.plan();
    let mut names = plan.endpoints.keys();
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name.clone()),
        // None at all: the decision is refused for that.
        (None, _) => Ok(String::new()),
        _ => {
            let names: Vec<_> = plan.endpoints.keys().map(String::as_str).collect();
            Err(Failure::BadRequest {
                message: format!("this server has several models: {}", names.join(", ")),
                hint: "name one of them in the header X-Shipworthy-Model",
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_says_how_to_read() {
        let of = |text: &'static str| {
            let value = HeaderValue::from_static(text);
            wire(&HeaderMap::from_iter([(CONTENT_TYPE, value)]))
        };
        for json in ["application/json", "Application/JSON; charset=\"UTF-8\"", "application/json;"]
        {
            assert_eq!(of(json).ok(), Some(Wire::MlflowJson), "{json}");
        }
        for csv in ["text/csv", "text/csv; header=present; charset=utf-8"] {
            assert_eq!(of(csv).ok(), Some(Wire::Csv), "{csv}");
        }
        for other in [
            "",
            "text/plain",
            "application/json; charset=latin-1",
            "application/json; format=pandas-split",
            "text/csv; header=absent",
            "application/vnd.apache.parquet",
        ] {
            assert_eq!(of(other).map_err(|failure| failure.status()), Err(415), "{other}");
        }
        assert_eq!(wire(&HeaderMap::new()).map_err(|failure| failure.status()), Err(415));
    }
}
