//! Station 7: answers and failures in the words of each protocol.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::decode::infer_v2::Envelope;
use crate::record::ViolationText;
use crate::{Answer, Failure};

/// A JSON answer.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response<Body> {
    let text = serde_json::to_vec(body).expect("answers have a JSON form");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// KServe V1's answer.
pub(crate) fn predict_v1(answer: &Answer) -> Response<Body> {
    #[derive(Serialize)]
    struct Body<'a> {
        predictions: Predictions<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decisions: Option<Vec<&'a str>>,
        decision_ids: Vec<String>,
        release: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        flags: Vec<ViolationText<'a>>,
    }
    json(
        StatusCode::OK,
        &Body {
            predictions: predictions(answer),
            decisions: decisions(answer),
            decision_ids: decision_ids(answer),
            release: answer.release.id().as_str(),
            flags: answer.flags.iter().map(ViolationText::from).collect(),
        },
    )
}

/// One number a row, or one array a row.
#[derive(Serialize)]
#[serde(untagged)]
enum Predictions<'a> {
    Values(&'a [f64]),
    Rows(Vec<&'a [f64]>),
}

fn predictions(answer: &Answer) -> Predictions<'_> {
    let predicted = &answer.predicted;
    if predicted.width == 1 {
        Predictions::Values(&predicted.values)
    } else {
        Predictions::Rows(predicted.values.chunks(predicted.width).collect())
    }
}

/// The class of each row, by name; `None` where the decision is the value itself.
fn decisions(answer: &Answer) -> Option<Vec<&str>> {
    let names = &answer.release.output().classes;
    answer.classes.iter().map(|class| class.map(|class| names[class].as_str())).collect()
}

fn decision_ids(answer: &Answer) -> Vec<String> {
    answer.decision_ids.iter().map(ToString::to_string).collect()
}

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
        name: &'static str,
        datatype: &'static str,
        shape: Vec<usize>,
        data: Data<'a>,
    }
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Data<'a> {
        Numbers(&'a [f64]),
        Names(Vec<&'a str>),
        Ids(Vec<String>),
    }
    let rows = answer.decision_ids.len();
    let width = answer.predicted.width;
    let shape = if width == 1 { vec![rows] } else { vec![rows, width] };
    let numbers = Data::Numbers(&answer.predicted.values);
    let mut outputs = vec![Output { name: "prediction", datatype: "FP64", shape, data: numbers }];
    if let Some(names) = decisions(answer) {
        let data = Data::Names(names);
        outputs.push(Output { name: "decision", datatype: "BYTES", shape: vec![rows], data });
    }
    let data = Data::Ids(decision_ids(answer));
    outputs.push(Output { name: "decision_id", datatype: "BYTES", shape: vec![rows], data });
    if let Some(wanted) = &envelope.outputs {
        outputs.retain(|output| wanted.iter().any(|wanted| wanted.name == output.name));
    }
    json(
        StatusCode::OK,
        &Body {
            model_name: &answer.endpoint,
            model_version: answer.release.id().as_str(),
            id: envelope.id.as_deref(),
            outputs,
        },
    )
}

/// A request without a decision.
pub(crate) fn failure(failure: &Failure) -> Response<Body> {
    #[derive(Serialize)]
    struct Body<'a> {
        error: String,
        code: &'static str,
        hint: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        violations: Option<Vec<ViolationText<'a>>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decision_ids: Option<Vec<String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        release: Option<&'a str>,
    }
    let refusal = match failure {
        Failure::Refused { refusal } => Some(refusal),
        _ => None,
    };
    let ids = |ids: &[shipworthy_core::DecisionId]| ids.iter().map(ToString::to_string).collect();
    let body = Body {
        error: failure.to_string(),
        code: failure.code(),
        hint: failure.hint(),
        violations: refusal.map(|r| r.violations.iter().map(ViolationText::from).collect()),
        decision_ids: refusal.map(|r| ids(&r.decision_ids)),
        release: refusal.map(|r| r.release.id().as_str()),
    };
    let status = StatusCode::from_u16(failure.status()).expect("a status of the table");
    let mut response = json(status, &body);
    if failure.is_transient() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
