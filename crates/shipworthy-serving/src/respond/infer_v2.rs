//! Open Inference Protocol V2, REST.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::json;
use super::values::{Flat, write_raw};
use crate::Answer;
use crate::accept::JSON_LENGTH;
use crate::decode::infer_v2::Envelope;
use crate::tensors;

#[derive(Serialize)]
struct Head<'a> {
    model_name: &'a str,
    model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    parameters: Parameters<'a>,
    outputs: Vec<Output<'a>>,
}

/// Who answered, and under which names it is recorded.
#[derive(Serialize)]
struct Parameters<'a> {
    release: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    /// Separated by commas, for parameters are no lists.
    decision_ids: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<bool>,
}

#[derive(Serialize)]
struct Output<'a> {
    name: &'a str,
    datatype: &'static str,
    shape: &'a [usize],
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Binary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Flat<'a>>,
}

#[derive(Serialize)]
struct Binary {
    binary_data_size: usize,
}

/// Open Inference Protocol V2's answer, with the outputs that were asked for; those asked for in
/// binary stand after the JSON.
pub(crate) fn infer_v2(answer: &Answer, envelope: &Envelope) -> Response<Body> {
    let tensors = tensors::answered(answer);
    let mut binary = Vec::new();
    let outputs = tensors.iter().filter_map(|tensor| {
        let is_binary = envelope.wants(tensor.name)?;
        let parameters = is_binary.then(|| {
            let start = binary.len();
            write_raw(tensor, &mut binary);
            Binary { binary_data_size: binary.len() - start }
        });
        Some(Output {
            name: tensor.name,
            datatype: tensor.element.name(),
            shape: &tensor.shape,
            parameters,
            data: (!is_binary).then_some(Flat(tensor)),
        })
    });
    let outputs: Vec<_> = outputs.collect();
    let is_binary = outputs.iter().any(|output| output.parameters.is_some());
    let ids: Vec<_> = answer.decision_ids.iter().map(ToString::to_string).collect();
    let head = Head {
        model_name: &answer.endpoint,
        model_version: answer.release.id().as_str(),
        id: envelope.id.as_deref(),
        parameters: Parameters {
            release: answer.release.id().as_str(),
            commit: answer.release.commit(),
            decision_ids: ids.join(","),
            stopped: answer.is_stopped.then_some(true),
        },
        outputs,
    };
    if is_binary { with_binary(&head, &binary) } else { json(StatusCode::OK, &head) }
}

fn with_binary(head: &Head<'_>, binary: &[u8]) -> Response<Body> {
    let mut body = serde_json::to_vec(head).expect("answers have a JSON form");
    let json_bytes = HeaderValue::from(body.len());
    body.extend_from_slice(binary);
    let mut response = Response::new(Body::from(body));
    let octets = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, octets);
    response.headers_mut().insert(JSON_LENGTH, json_bytes);
    response
}
