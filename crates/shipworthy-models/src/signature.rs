//! What a model takes and answers, as tensors with a row axis.

use std::sync::Arc;

use shipworthy_rows::{DataType, Field, Schema};

use crate::{Description, FeatureKind};

/// Element types, under their names in the Open Inference Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// A truth value.
    Bool,
    /// 8 bits.
    Uint8,
    /// 16 bits.
    Uint16,
    /// 32 bits.
    Uint32,
    /// 64 bits; above 2^63 they do not fit the rows.
    Uint64,
    /// 8 bits, signed.
    Int8,
    /// 16 bits, signed.
    Int16,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
    /// IEEE half precision.
    Fp16,
    /// IEEE single precision.
    Fp32,
    /// IEEE double precision.
    Fp64,
    /// Text.
    Bytes,
}

impl Element {
    /// All types with their names.
    pub const ALL: [(&'static str, Self); 13] = [
        ("BOOL", Self::Bool),
        ("UINT8", Self::Uint8),
        ("UINT16", Self::Uint16),
        ("UINT32", Self::Uint32),
        ("UINT64", Self::Uint64),
        ("INT8", Self::Int8),
        ("INT16", Self::Int16),
        ("INT32", Self::Int32),
        ("INT64", Self::Int64),
        ("FP16", Self::Fp16),
        ("FP32", Self::Fp32),
        ("FP64", Self::Fp64),
        ("BYTES", Self::Bytes),
    ];

    /// The name in the protocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// By the name in the protocol.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, element)| element)
    }

    /// The type of the column that holds such elements.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Uint8
            | Self::Uint16
            | Self::Uint32
            | Self::Uint64
            | Self::Int8
            | Self::Int16
            | Self::Int32
            | Self::Int64 => DataType::Integer,
            Self::Fp16 | Self::Fp32 | Self::Fp64 => DataType::Float,
            Self::Bytes => DataType::String,
        }
    }
}

/// One input or output: `[N, shape…]` for N rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: Arc<str>,
    /// The type of its elements.
    pub element: Element,
    /// The axes after the rows'; empty for one value a row. No axis is 0.
    pub shape: Vec<usize>,
    /// The categories that the model knows, in the order of their codes; empty where there are
    /// none, or nobody named them.
    pub levels: Vec<String>,
}

impl Tensor {
    /// One value a row.
    #[must_use]
    pub fn scalar(name: Arc<str>, element: Element) -> Self {
        Self { name, element, shape: Vec::new(), levels: Vec::new() }
    }

    /// Elements a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// As a column.
    #[must_use]
    pub fn field(&self) -> Field {
        Field::tensor(Arc::clone(&self.name), self.element.data_type(), self.width())
    }
}

/// Everything that a client must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The format and runtime: `xgboost`, `onnx`.
    pub format: &'static str,
    /// What it takes.
    pub inputs: Vec<Tensor>,
    /// What it answers.
    pub outputs: Vec<Tensor>,
}

impl Signature {
    /// The inputs as columns.
    #[must_use]
    pub fn schema(&self) -> Schema {
        self.inputs.iter().map(Tensor::field).collect()
    }

    /// Of a model that reads a matrix: an input per feature, and one output.
    pub(crate) fn of_matrix(description: &Description) -> Self {
        let number = if description.format == "xgboost" { Element::Fp32 } else { Element::Fp64 };
        let inputs = description.features.iter().map(|feature| {
            let element = match feature.kind {
                FeatureKind::Numeric => number,
                FeatureKind::Categorical => of_levels(&feature.levels),
            };
            let levels = feature.levels.clone();
            Tensor { levels, ..Tensor::scalar(Arc::clone(&feature.name), element) }
        });
        let width = description.transform.prediction_width(description.outputs);
        let shape = if width == 1 { Vec::new() } else { vec![width] };
        let prediction = Tensor { shape, ..Tensor::scalar("prediction".into(), number) };
        Self { format: description.format, inputs: inputs.collect(), outputs: vec![prediction] }
    }
}

/// The type of a categorical column: of codes when nobody named the categories.
fn of_levels(levels: &[String]) -> Element {
    let all = |is: fn(&str) -> bool| levels.iter().all(|level| is(level));
    if all(|level| level.parse::<i64>().is_ok()) {
        Element::Int64
    } else if all(|level| matches!(level, "true" | "false" | "True" | "False")) {
        Element::Bool
    } else {
        Element::Bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_the_enum() {
        for (at, (name, element)) in Element::ALL.into_iter().enumerate() {
            assert_eq!(element as usize, at);
            assert_eq!((element.name(), Element::parse(name)), (name, Some(element)));
        }
    }

    #[test]
    fn a_categorical_column_has_the_type_of_its_levels() {
        let element = |levels: &[&str]| {
            let levels: Vec<_> = levels.iter().map(|level| (*level).to_owned()).collect();
            of_levels(&levels)
        };
        assert_eq!(element(&[]), Element::Int64);
        assert_eq!(element(&["1", "-2"]), Element::Int64);
        assert_eq!(element(&["False", "True"]), Element::Bool);
        assert_eq!(element(&["1", "JFK"]), Element::Bytes);
    }
}
