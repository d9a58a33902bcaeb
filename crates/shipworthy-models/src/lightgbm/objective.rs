//! Objectives and the transform of each.
//!
//! Source: `ConvertOutput` and `ToString` of LightGBM's `src/objective/*.hpp`.

use super::Error;
use crate::Transform;

/// What prediction needs of an objective.
#[derive(Clone, Copy, Debug)]
pub(super) struct Objective {
    pub(super) transform: Transform,
    /// Multiplies the margin inside the sigmoid.
    pub(super) slope: f64,
}

impl Objective {
    /// From `binary sigmoid:1` and the like; a file without one (a custom objective) answers
    /// margins.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Error> {
        let Some(text) = text else {
            return Ok(Self { transform: Transform::Identity, slope: 1.0 });
        };
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let transform = match name {
            "binary" | "multiclassova" | "cross_entropy" => Transform::Sigmoid,
            "multiclass" => Transform::Softmax,
            "poisson" | "gamma" | "tweedie" => Transform::Exponential,
            "cross_entropy_lambda" => Transform::Softplus,
            // Huber's loss and those of counts cannot learn square roots.
            "regression" | "regression_l1" | "fair" | "quantile" | "mape"
                if words.clone().any(|word| word == "sqrt") =>
            {
                Transform::SignedSquare
            }
            "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape"
            | "lambdarank" | "rank_xendcg" | "custom" | "none" | "" => Transform::Identity,
            name => return Err(Error::Objective { name: name.to_owned() }),
        };
        let slope = words.find_map(|word| word.strip_prefix("sigmoid:"));
        let slope = slope.filter(|_| transform == Transform::Sigmoid);
        let slope = slope.map_or(Ok(1.0), |slope| slope.parse().map_err(|_| slope));
        let invalid = |slope: &str| Error::Field { field: "objective", value: slope.to_owned() };
        let slope: f64 = slope.map_err(invalid)?;
        if !slope.is_finite() {
            return Err(invalid(text));
        }
        Ok(Self { transform, slope })
    }
}
