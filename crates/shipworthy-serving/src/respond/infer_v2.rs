//! Open Inference Protocol V2, REST.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use super::json;
use super::values::Flat;
use crate::Answer;
use crate::decode::infer_v2::Envelope;
use crate::tensors;

/// Open Inference Protocol V2's answer, with the outputs that were asked for.
pub(crate) fn infer_v2(answer: &Answer, envelope: &Envelope) -> Response<Body> {
    #[derive(Serialize)]
    struct Body<'a> {
        model_name: &'a str,
        model_version: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        outputs: Vec<Output<'a>>,
    }
    #[derive(Serialize)]
    struct Output<'a> {
        name: &'a str,
        datatype: &'static str,
        shape: &'a [usize],
        data: Flat<'a>,
    }
    let mut tensors = tensors::answered(answer);
    if let Some(wanted) = &envelope.outputs {
        tensors.retain(|tensor| wanted.iter().any(|wanted| wanted.name == tensor.name));
    }
    let outputs = tensors.iter().map(|tensor| Output {
        name: tensor.name,
        datatype: tensor.element.name(),
        shape: &tensor.shape,
        data: Flat(tensor),
    });
    json(
        StatusCode::OK,
        &Body {
            model_name: &answer.endpoint,
            model_version: answer.release.id().as_str(),
            id: envelope.id.as_deref(),
            outputs: outputs.collect(),
        },
    )
}
