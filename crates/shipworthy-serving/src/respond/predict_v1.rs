//! KServe V1.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;
use shipworthy_core::DecisionId;

use super::json;
use super::predictions::{Prediction, predictions};
use crate::Answer;
use crate::record::ViolationText;
use crate::tensors;

/// KServe V1's answer.
pub(crate) fn predict_v1(answer: &Answer) -> Response<Body> {
    #[derive(Serialize)]
    struct Body<'a> {
        predictions: Vec<Prediction<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decisions: Option<Vec<&'a str>>,
        decision_ids: &'a [DecisionId],
        release: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        flags: Vec<ViolationText<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        stopped: Option<bool>,
    }
    let tensors = tensors::answered(answer);
    json(
        StatusCode::OK,
        &Body {
            predictions: predictions(answer, &tensors),
            decisions: decisions(answer),
            decision_ids: &answer.decision_ids,
            release: answer.release.id().as_str(),
            commit: answer.release.commit(),
            flags: answer.flags.iter().map(ViolationText::from).collect(),
            stopped: answer.is_stopped.then_some(true),
        },
    )
}

/// The class of each row, by name; `None` where the decision is the value itself.
fn decisions(answer: &Answer) -> Option<Vec<&str>> {
    let names = &answer.release.output()?.classes;
    answer.classes.iter().map(|class| class.map(|class| names[class].as_str())).collect()
}
