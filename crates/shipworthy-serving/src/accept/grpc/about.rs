//! What the server has, and whether it is ready.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;

use super::{Reply, Shared, answered, call, finish};
use crate::accept::metadata::{self, EXTENSIONS};
use crate::protobuf::{Fields, Malformed, Message, Value};
use crate::tensors::{self, TensorInfo};
use crate::{Failure, Serving};

/// Questions are short: two names.
const MAX_QUESTION_BYTES: usize = 16 * 1024;

/// How long a question may take to arrive.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn server_live(state: Shared, request: Request) -> Response<Body> {
    reply(&state, request, |_| Ok(yes_or_no(true))).await
}

pub(super) async fn server_ready(state: Shared, request: Request) -> Response<Body> {
    reply(&state, request, |_| Ok(yes_or_no(state.not_ready().is_none()))).await
}

pub(super) async fn model_ready(state: Shared, request: Request) -> Response<Body> {
    let answer = |question: &[u8]| {
        let (name, version) = model(question)?;
        metadata::meant(&state, name, version)?;
        Ok(yes_or_no(state.not_ready().is_none()))
    };
    reply(&state, request, answer).await
}

pub(super) async fn server_metadata(state: Shared, request: Request) -> Response<Body> {
    let answer = |_: &[u8]| {
        let mut message = Message::default();
        message.text(1, "shipworthy").text(2, env!("CARGO_PKG_VERSION"));
        for extension in EXTENSIONS {
            message.text(3, extension);
        }
        Ok(message)
    };
    reply(&state, request, answer).await
}

pub(super) async fn model_metadata(state: Shared, request: Request) -> Response<Body> {
    let answer = |question: &[u8]| {
        let (name, version) = model(question)?;
        let release = metadata::meant(&state, name, version)?;
        let mut message = Message::default();
        message.text(1, name).text(2, release.id().as_str()).text(3, &metadata::platform(&release));
        for (field, tensors) in [(4, tensors::inputs(&release)), (5, tensors::outputs(&release))] {
            for tensor in &tensors {
                message.element(field, &described(tensor).0);
            }
        }
        Ok(message)
    };
    reply(&state, request, answer).await
}

/// As Triton has it; there is one repository, whatever it is called.
pub(super) async fn repository_index(state: Shared, request: Request) -> Response<Body> {
    let answer = |question: &[u8]| {
        let mut only_ready = false;
        for field in Fields(question) {
            if let (2, Value::Number(number)) = field.map_err(malformed)? {
                only_ready = number != 0;
            }
        }
        let ready = state.not_ready().is_none();
        let mut message = Message::default();
        for endpoint in state.plan().endpoints.values().filter(|_| ready || !only_ready) {
            let mut model = Message::default();
            let status = if ready { "READY" } else { "UNAVAILABLE" };
            model
                .text(1, &endpoint.name)
                .text(2, endpoint.stable.release.id().as_str())
                .text(3, status);
            message.element(1, &model.0);
        }
        Ok(message)
    };
    reply(&state, request, answer).await
}

/// Answers a question, which is a message of its own.
pub(super) async fn reply(
    serving: &Serving,
    request: Request,
    answer: impl FnOnce(&[u8]) -> Result<Message, Failure>,
) -> Response<Body> {
    let asked = async {
        let limit_ms = QUESTION_TIMEOUT.as_millis();
        let read = call::read(serving, request, MAX_QUESTION_BYTES);
        let read = tokio::time::timeout(QUESTION_TIMEOUT, read).await;
        let call = read.unwrap_or(Err(Failure::Timeout { limit_ms }))?;
        Ok((answer(&call.message)?, call.coding))
    };
    let reply: Reply = match asked.await {
        Ok((message, coding)) => Ok(answered(serving, message.0, coding).await),
        Err(failure) => Err(failure),
    };
    finish(serving, reply)
}

/// A message whose only field is a boolean.
fn yes_or_no(is_so: bool) -> Message {
    let mut message = Message::default();
    message.number(1, is_so.into());
    message
}

/// The name and the version that a question is about; any version when it is empty.
fn model(question: &[u8]) -> Result<(&str, &str), Failure> {
    let (mut name, mut version) = ("", "");
    for field in Fields(question) {
        match field.map_err(malformed)? {
            (1, value) => name = value.text().map_err(malformed)?,
            (2, value) => version = value.text().map_err(malformed)?,
            _ => {}
        }
    }
    Ok((name, version))
}

/// A `TensorMetadata`.
#[allow(clippy::cast_sign_loss, reason = "so numbers with signs are written; -1 is any number")]
fn described(tensor: &TensorInfo<'_>) -> Message {
    let (mut message, mut shape) = (Message::default(), Message::default());
    tensor.shape_with_rows().iter().for_each(|axis| shape.varint(*axis as u64));
    message.text(1, tensor.name).text(2, tensor.element.name()).element(3, &shape.0);
    message
}

pub(super) fn malformed(error: Malformed) -> Failure {
    Failure::BadRequest {
        message: format!("the message is not the method's: {error}"),
        hint: "send the message that the service's definition names",
    }
}
