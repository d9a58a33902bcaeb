//! `predictions` of the protocols of rows: one JSON value a row.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::values::Nested;
use crate::Answer;
use crate::tensors::OutputTensor;

/// What one row got: a value or an array; an object by output of a model file that has several;
/// null where no model was asked.
pub(super) enum Prediction<'a> {
    Nothing,
    One(Nested<'a>),
    Several { tensors: &'a [OutputTensor<'a>], row: usize },
}

impl Serialize for Prediction<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
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

/// What each row got, of the outputs of an answer.
pub(super) fn predictions<'a>(
    answer: &Answer,
    tensors: &'a [OutputTensor<'a>],
) -> Vec<Prediction<'a>> {
    // Of a project the first output is the prediction; the others have fields of their own.
    let shown = if answer.release.output().is_some() { 1 } else { tensors.len() };
    let row = |row| match &tensors[..shown] {
        _ if answer.is_stopped => Prediction::Nothing,
        [one] => Prediction::One(Nested::row(one, row)),
        several => Prediction::Several { tensors: several, row },
    };
    (0..answer.decision_ids.len()).map(row).collect()
}
