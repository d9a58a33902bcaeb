//! From margins to predictions, in f32 as XGBoost computes them.
//!
//! Source: XGBoost `src/common/math.h` (`Sigmoid`, `Softmax`, `FindMaxIndex`) and the
//! `PredTransform` of its objectives.

use serde::Serialize;

/// How a model's margins become its predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
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

    /// Fills the predictions of many rows from their margins, `outputs` (at least 1) per row.
    pub fn apply(self, outputs: usize, margins: &[f32], predictions: &mut [f32]) {
        match self {
            Self::Identity => predictions.copy_from_slice(margins),
            Self::Sigmoid => each(margins, predictions, sigmoid),
            Self::Exponential => each(margins, predictions, f32::exp),
            Self::Step => each(margins, predictions, |margin| f32::from(u8::from(margin > 0.0))),
            Self::Softmax => {
                let rows = margins.chunks_exact(outputs).zip(predictions.chunks_exact_mut(outputs));
                rows.for_each(|(margins, predictions)| softmax(margins, predictions));
            }
            Self::Argmax => {
                let rows = margins.chunks_exact(outputs).zip(predictions);
                rows.for_each(|(margins, prediction)| *prediction = argmax(margins));
            }
        }
    }
}

fn each(margins: &[f32], predictions: &mut [f32], transform: impl Fn(f32) -> f32) {
    for (margin, prediction) in margins.iter().zip(predictions) {
        *prediction = transform(*margin);
    }
}

fn sigmoid(margin: f32) -> f32 {
    /// Above it `exp` would overflow f32.
    const LARGEST_EXPONENT: f32 = 88.7;
    1.0 / ((-margin).min(LARGEST_EXPONENT).exp() + 1.0)
}

fn softmax(margins: &[f32], predictions: &mut [f32]) {
    let largest = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0_f64;
    for (margin, prediction) in margins.iter().zip(predictions.iter_mut()) {
        *prediction = (margin - largest).exp();
        sum += f64::from(*prediction);
    }
    for prediction in predictions {
        *prediction /= sum as f32;
    }
}

#[allow(clippy::cast_precision_loss, reason = "a class index is far below 2^24")]
fn argmax(margins: &[f32]) -> f32 {
    let mut best = 0;
    for (class, margin) in margins.iter().enumerate() {
        if *margin > margins[best] {
            best = class;
        }
    }
    best as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(transform: Transform, margins: &[f32]) -> Vec<f32> {
        let mut predictions = vec![0.0; transform.prediction_width(margins.len())];
        transform.apply(margins.len(), margins, &mut predictions);
        predictions
    }

    #[test]
    fn the_extremes_stay_finite() {
        assert_eq!(apply(Transform::Sigmoid, &[f32::MAX]), [1.0]);
        assert!(apply(Transform::Sigmoid, &[f32::MIN])[0] < 1e-37);
        assert_eq!(apply(Transform::Softmax, &[500.0, -500.0]), [1.0, 0.0]);
    }

    #[test]
    fn the_first_of_equal_classes_wins() {
        assert_eq!(apply(Transform::Argmax, &[1.0, 3.0, 3.0]), [1.0]);
        assert_eq!(apply(Transform::Step, &[0.0]), [0.0]);
    }
}
