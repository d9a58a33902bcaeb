//! Loss functions and the transform of each.
//!
//! Source: `catboost/libs/eval_result/eval_helpers.cpp` (`PrepareEval`) and the prediction type
//! that catboost 1.2 takes for each loss in `predict` of its classifier and regressor.

use super::Error;
use super::document::ModelInfo;
use crate::Transform;

/// What prediction needs of a loss.
pub(super) struct Objective {
    pub(super) name: String,
    pub(super) transform: Transform,
}

/// The loss of the training parameters; a file that does not tell answers margins.
pub(super) fn parse(info: &ModelInfo<'_>) -> Result<Objective, Error> {
    let params = info.params.as_ref().and_then(|params| match params {
        serde_json::Value::String(text) => serde_json::from_str(text).ok(),
        params => Some(params.clone()),
    });
    let declared = params.as_ref().and_then(|params| params.pointer("/loss_function/type"));
    let declared = declared.and_then(|name| name.as_str()).or(info.loss_function.as_deref());
    let name = declared.unwrap_or("none").to_owned();
    let transform = match name.as_str() {
        "Logloss" | "CrossEntropy" | "MultiClassOneVsAll" | "MultiLogloss"
        | "MultiCrossEntropy" | "Focal" => Transform::Sigmoid,
        "MultiClass" => Transform::Softmax,
        "Poisson" | "Tweedie" => Transform::Exponential,
        "none"
        | "RMSE"
        | "MAE"
        | "MAPE"
        | "Quantile"
        | "MultiQuantile"
        | "Expectile"
        | "LogLinQuantile"
        | "Lq"
        | "Huber"
        | "LogCosh"
        | "MultiRMSE"
        | "MultiRMSEWithMissingValues"
        | "GroupQuantile"
        | "PairLogit"
        | "PairLogitPairwise"
        | "QueryRMSE"
        | "QuerySoftMax"
        | "QueryCrossEntropy"
        | "YetiRank"
        | "YetiRankPairwise"
        | "StochasticRank"
        | "StochasticFilter"
        | "Cox"
        | "SurvivalAft"
        // A loss that was written in Python: what else its margins mean, only its author knows.
        | "PythonUserDefinedPerObject"
        | "PythonUserDefinedMultiTarget"
        | "LambdaMart" => Transform::Identity,
        _ => return Err(Error::Loss { name }),
    };
    Ok(Objective { name, transform })
}
