//! KServe V1.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::json;
use super::values::Nested;
use crate::Answer;
use crate::record::ViolationText;
use crate::tensors::{self, OutputTensor};

/// KServe V1's answer.
pub(crate) fn predict_v1(answer: &Answer) -> Response<Body> {
    #[derive(Serialize)]
    struct Body<'a> {
        predictions: Vec<Prediction<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decisions: Option<Vec<&'a str>>,
        decision_ids: Vec<String>,
        release: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        flags: Vec<ViolationText<'a>>,
    }
    let tensors = tensors::answered(answer);
    json(
        StatusCode::OK,
        &Body {
            predictions: predictions(answer, &tensors),
            decisions: decisions(answer),
            decision_ids: answer.decision_ids.iter().map(ToString::to_string).collect(),
            release: answer.release.id().as_str(),
            flags: answer.flags.iter().map(ViolationText::from).collect(),
        },
    )
}

/// What one row got: a value or an array; an object by output of a model file that has several.
enum Prediction<'a> {
    One(Nested<'a>),
    Several { tensors: &'a [OutputTensor<'a>], row: usize },
}

impl Serialize for Prediction<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(value) => value.serialize(serializer),
            Self::Several { tensors, row } => {
                let mut map = serializer.serialize_map(Some(tensors.len()))?;
                for tensor in *tensors {
                    map.serialize_entry(tensor.name, &Nested::row(tensor, *row))?;
                }
                map.end()
            }
        }
    }
}

fn predictions<'a>(answer: &Answer, tensors: &'a [OutputTensor<'a>]) -> Vec<Prediction<'a>> {
    // Of a project the first output is the prediction; the others have fields of their own.
    let shown = if answer.release.output().is_some() { 1 } else { tensors.len() };
    let row = |row| match &tensors[..shown] {
        [one] => Prediction::One(Nested::row(one, row)),
        several => Prediction::Several { tensors: several, row },
    };
    (0..answer.decision_ids.len()).map(row).collect()
}

/// The class of each row, by name; `None` where the decision is the value itself.
fn decisions(answer: &Answer) -> Option<Vec<&str>> {
    let names = &answer.release.output()?.classes;
    answer.classes.iter().map(|class| class.map(|class| names[class].as_str())).collect()
}
