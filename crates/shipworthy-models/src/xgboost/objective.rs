//! Objectives: the transform of the margin, and its inverse on `base_score`.
//!
//! Source: `PredTransform` and `ProbToMargin` of XGBoost's objectives (`src/objective/`), and
//! predictions of versions 1.7, 2.1 and 3.2 for each of them.

use super::Error;
use crate::Transform;

/// What prediction needs of an objective.
#[derive(Clone, Copy, Debug)]
pub(super) struct Objective {
    pub(super) transform: Transform,
    link: Link,
}

/// From the scale of `base_score` to the margin's.
#[derive(Clone, Copy, Debug)]
enum Link {
    Identity,
    Logit,
    Log,
}

impl Objective {
    /// By XGBoost's name.
    pub(super) fn parse(name: &str) -> Result<Self, Error> {
        let (transform, link) = match name {
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "reg:quantileerror"
            | "reg:expectileerror"
            | "binary:logitraw"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map" => (Transform::Identity, Link::Identity),
            "binary:logistic" | "reg:logistic" => (Transform::Sigmoid, Link::Logit),
            "binary:hinge" => (Transform::Step, Link::Identity),
            "multi:softprob" => (Transform::Softmax, Link::Identity),
            "multi:softmax" => (Transform::Argmax, Link::Identity),
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
                (Transform::Exponential, Link::Log)
            }
            name => return Err(Error::Objective { name: name.to_owned() }),
        };
        Ok(Self { transform, link })
    }

    /// One margin per output from `base_score`: `5E-1` before 3.1, since then `[5E-1]` or a list.
    pub(super) fn base_margins(self, text: &str, outputs: usize) -> Result<Vec<f32>, Error> {
        let invalid = || Error::Parameter { field: "base_score", value: text.to_owned() };
        let trimmed = text.trim();
        let list = trimmed.strip_prefix('[').map(|list| list.strip_suffix(']'));
        let scores = list.unwrap_or(Some(trimmed)).ok_or_else(invalid)?;
        let margins = scores.split(',').map(|score| {
            let score = score.trim().parse().map_err(|_| invalid())?;
            let margin = self.link.margin(score);
            if margin.is_finite() { Ok(margin) } else { Err(invalid()) }
        });
        let margins = margins.collect::<Result<Vec<f32>, Error>>()?;
        match margins[..] {
            [margin] => Ok(vec![margin; outputs]),
            _ if margins.len() == outputs => Ok(margins),
            _ => {
                let found = margins.len();
                Err(Error::Length { field: "base_score", expected: outputs, found })
            }
        }
    }
}

impl Link {
    fn margin(self, score: f32) -> f32 {
        match self {
            Self::Identity => score,
            Self::Logit => -(1.0 / score - 1.0).ln(),
            Self::Log => score.ln(),
        }
    }
}
