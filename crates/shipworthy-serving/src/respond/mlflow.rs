//! MLflow's scoring protocol.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use super::json;
use super::predictions::{Prediction, predictions};
use crate::Answer;
use crate::tensors;

/// MLflow's answer: the predictions and nothing else; ids and release are in the headers.
pub(crate) fn mlflow(answer: &Answer) -> Response<Body> {
    #[derive(Serialize)]
    struct Body<'a> {
        predictions: Vec<Prediction<'a>>,
    }
    let tensors = tensors::answered(answer);
    json(StatusCode::OK, &Body { predictions: predictions(answer, &tensors) })
}
