//! A release's inputs and outputs, and an answer, as named tensors: what every tensor protocol
//! encodes in its own way.
//!
//! A project's release takes its contract's columns and answers `prediction`, `decision` (a class
//! by name, where there are classes) and `decision_id`. A bare model file takes and answers what
//! its own metadata says.

use std::borrow::Cow;

use serde_json::{Value, json};
use shipworthy_contract::Role;
use shipworthy_models::{Element, Tensor};
use shipworthy_rows::{Column, DataType, StringColumn};

use crate::Answer;
use crate::release::LoadedRelease;

/// One input or output; the first axis, of the rows, is not in `shape`.
#[derive(Debug)]
pub(crate) struct TensorInfo<'a> {
    pub(crate) name: &'a str,
    pub(crate) element: Element,
    pub(crate) shape: Vec<usize>,
    pub(crate) parameters: Option<Value>,
}

/// One output of an answer, or one input for another server: `rows × shape` values, row-major.
#[derive(Debug)]
pub(crate) struct OutputTensor<'a> {
    pub(crate) name: &'a str,
    pub(crate) element: Element,
    /// The rows' axis included.
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Cow<'a, Column>,
}

const PREDICTION: &str = "prediction";
const DECISION: &str = "decision";
const DECISION_ID: &str = "decision_id";

/// What a release takes.
pub(crate) fn inputs(release: &LoadedRelease) -> Vec<TensorInfo<'_>> {
    if release.output().is_none() {
        return release.signature().inputs.iter().map(TensorInfo::of_file).collect();
    }
    let columns = release.contract().columns.iter();
    let info = |column: &'_ shipworthy_contract::ColumnRules| json!({"role": role(column.role), "required": column.required});
    columns
        .map(|column| TensorInfo {
            name: &column.name,
            element: element(column.data_type),
            shape: Vec::new(),
            parameters: Some(info(column)),
        })
        .collect()
}

/// What a release answers.
pub(crate) fn outputs(release: &LoadedRelease) -> Vec<TensorInfo<'_>> {
    let Some(output) = release.output() else {
        return release.signature().outputs.iter().map(TensorInfo::of_file).collect();
    };
    let text = |name, parameters| TensorInfo {
        name,
        element: Element::Bytes,
        shape: Vec::new(),
        parameters,
    };
    let shape = shape_of(release.prediction_width());
    let (name, element) = (PREDICTION, Element::Fp64);
    let mut outputs = vec![TensorInfo { name, element, shape, parameters: None }];
    if !output.classes.is_empty() {
        outputs.push(text(DECISION, Some(json!({"classes": output.classes}))));
    }
    outputs.push(text(DECISION_ID, None));
    outputs
}

/// The outputs of an answer, in the order of [`outputs`].
pub(crate) fn answered(answer: &Answer) -> Vec<OutputTensor<'_>> {
    let rows = answer.decision_ids.len();
    let text = |name, values: StringColumn| OutputTensor {
        name,
        element: Element::Bytes,
        shape: vec![rows],
        values: Cow::Owned(Column::String(values)),
    };
    let Some(output) = answer.release.output() else {
        let tensors = answer.release.signature().outputs.iter().zip(&answer.predicted.outputs);
        return tensors
            .map(|(tensor, column)| OutputTensor::of_file(tensor, column, rows))
            .collect();
    };
    let mut shape = vec![rows];
    shape.extend(shape_of(answer.predicted.width));
    let values = Cow::Owned(Column::Float(answer.predicted.values.clone()));
    let (name, element) = (PREDICTION, Element::Fp64);
    let mut outputs = vec![OutputTensor { name, element, shape, values }];
    if !output.classes.is_empty() {
        let class = |class: &Option<usize>| class.map(|class| output.classes[class].as_str());
        outputs.push(text(DECISION, answer.classes.iter().map(class).collect()));
    }
    let mut ids = StringColumn::with_capacity(rows);
    answer.decision_ids.iter().for_each(|id| ids.push(Some(&id.to_string())));
    outputs.push(text(DECISION_ID, ids));
    outputs
}

impl<'a> TensorInfo<'a> {
    fn of_file(tensor: &'a Tensor) -> Self {
        let levels = &tensor.levels;
        let parameters = (!levels.is_empty()).then(|| json!({"categories": levels}));
        let (name, element, shape) = (&*tensor.name, tensor.element, tensor.shape.clone());
        Self { name, element, shape, parameters }
    }

    /// As in metadata: -1 is any number of rows.
    pub(crate) fn shape_with_rows(&self) -> Vec<i64> {
        let axes = self.shape.iter().map(|axis| i64::try_from(*axis).unwrap_or(i64::MAX));
        std::iter::once(-1).chain(axes).collect()
    }
}

impl<'a> OutputTensor<'a> {
    fn of_file(tensor: &'a Tensor, column: &'a Column, rows: usize) -> Self {
        let shape = std::iter::once(rows).chain(tensor.shape.iter().copied()).collect();
        let values = Cow::Borrowed(column);
        Self { name: &tensor.name, element: tensor.element, shape, values }
    }
}

fn shape_of(width: usize) -> Vec<usize> {
    if width == 1 { Vec::new() } else { vec![width] }
}

/// The element type that a column of a contract is announced with.
const fn element(data_type: DataType) -> Element {
    match data_type {
        DataType::Boolean => Element::Bool,
        DataType::Integer => Element::Int64,
        DataType::Float => Element::Fp64,
        DataType::String | DataType::Timestamp => Element::Bytes,
    }
}

fn role(role: Role) -> &'static str {
    Role::ALL.into_iter().find(|(_, other)| *other == role).map_or("", |(name, _)| name)
}
