//! From margins to predictions, in the precision that the model's library computes in.
//!
//! Sources: XGBoost `src/common/math.h` (`Sigmoid`, `Softmax`, `FindMaxIndex`) and the
//! `PredTransform` of its objectives; LightGBM `ConvertOutput` of its objectives
//! (`src/objective/*.hpp`); `CatBoost` `libs/eval_result/eval_helpers.cpp`.

use serde::Serialize;

use crate::scalar::Scalar;

/// How a model's margins become its predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// The margin is the prediction.
    Identity,
    /// A probability: `1 / (1 + exp(-margin))`.
    Sigmoid,
    /// A probability per class.
    Softmax,
    /// The index of the largest margin, the first of equals: one prediction per row.
    Argmax,
    /// A positive value: `exp(margin)`.
    Exponential,
    /// 1 above 0, else 0.
    Step,
    /// `sign(margin) × margin²`: the model learned square roots.
    SignedSquare,
    /// A positive value: `ln(1 + exp(margin))`.
    Softplus,
}

impl Transform {
    /// Predictions per row, of a model with this many margins per row.
    #[must_use]
    pub const fn prediction_width(self, outputs: usize) -> usize {
        match self {
            Self::Argmax => 1,
            _ => outputs,
        }
    }

    /// Fills the predictions of many rows from their margins, `outputs` (at least 1) per row, each
    /// multiplied by `scale` first.
    pub(crate) fn apply<S: Scalar>(
        self,
        scale: f64,
        outputs: usize,
        margins: &[f64],
        predictions: &mut [f64],
    ) {
        let scaled = |transform: fn(S) -> S| {
            move |margin: f64| transform(S::from_f64(margin * scale)).to_f64()
        };
        match self {
            Self::Identity => each(margins, predictions, scaled(|margin| margin)),
            Self::Sigmoid => each(margins, predictions, scaled(S::sigmoid)),
            Self::Exponential => each(margins, predictions, scaled(S::exp)),
            Self::Step => each(margins, predictions, |margin| f64::from(u8::from(margin > 0.0))),
            Self::SignedSquare => each(margins, predictions, |margin| {
                let margin = margin * scale;
                margin * margin.abs()
            }),
            Self::Softplus => {
                each(margins, predictions, |margin| (margin * scale).exp().ln_1p());
            }
            Self::Softmax => {
                let rows = margins.chunks_exact(outputs).zip(predictions.chunks_exact_mut(outputs));
                rows.for_each(|(margins, predictions)| softmax::<S>(scale, margins, predictions));
            }
            Self::Argmax => {
                let rows = margins.chunks_exact(outputs).zip(predictions);
                rows.for_each(|(margins, prediction)| *prediction = argmax(margins));
            }
        }
    }
}

fn each(margins: &[f64], predictions: &mut [f64], transform: impl Fn(f64) -> f64) {
    for (margin, prediction) in margins.iter().zip(predictions) {
        *prediction = transform(*margin);
    }
}

fn softmax<S: Scalar>(scale: f64, margins: &[f64], predictions: &mut [f64]) {
    let largest = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0_f64;
    for (margin, prediction) in margins.iter().zip(predictions.iter_mut()) {
        *prediction = S::from_f64((margin - largest) * scale).exp().to_f64();
        sum += *prediction;
    }
    for prediction in predictions {
        *prediction = S::from_f64(*prediction).divided_by(S::from_f64(sum)).to_f64();
    }
}

#[allow(clippy::cast_precision_loss, reason = "a class index is far below 2^53")]
fn argmax(margins: &[f64]) -> f64 {
    let mut best = 0;
    for (class, margin) in margins.iter().enumerate() {
        if *margin > margins[best] {
            best = class;
        }
    }
    best as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply<S: Scalar>(transform: Transform, margins: &[f64]) -> Vec<f64> {
        let mut predictions = vec![0.0; transform.prediction_width(margins.len())];
        transform.apply::<S>(1.0, margins.len(), margins, &mut predictions);
        predictions
    }

    #[test]
    fn the_extremes_stay_finite() {
        let (largest, least) = (f64::from(f32::MAX), f64::from(f32::MIN));
        assert_eq!(apply::<f32>(Transform::Sigmoid, &[largest]), [1.0]);
        assert!(apply::<f32>(Transform::Sigmoid, &[least])[0] < 1e-37);
        assert_eq!(apply::<f64>(Transform::Sigmoid, &[f64::MIN]), [0.0]);
        assert_eq!(apply::<f32>(Transform::Softmax, &[500.0, -500.0]), [1.0, 0.0]);
    }

    #[test]
    fn the_first_of_equal_classes_wins() {
        assert_eq!(apply::<f32>(Transform::Argmax, &[1.0, 3.0, 3.0]), [1.0]);
        assert_eq!(apply::<f32>(Transform::Step, &[0.0]), [0.0]);
    }

    #[test]
    fn a_learned_square_root_keeps_its_sign() {
        assert_eq!(apply::<f64>(Transform::SignedSquare, &[-3.0]), [-9.0]);
    }

    #[test]
    fn the_scale_comes_first() {
        let mut predictions = [0.0];
        Transform::Sigmoid.apply::<f64>(2.0, 1, &[0.5], &mut predictions);
        assert_eq!(predictions, [1.0 / (1.0 + (-1.0_f64).exp())]);
    }
}
