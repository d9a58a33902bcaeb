//! Files of many tiny models, each with what its own library answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shipworthy_models::encode::{Encoder, Levels};
use shipworthy_models::{FeatureKind, FeatureMatrix, Model, Predictions, TreeEnsemble, format};
use shipworthy_rows::{Column, RowBatch, Schema};

use crate::fixtures::{data, predict};

#[derive(Deserialize)]
pub(crate) struct Cases {
    /// What every case answers, unless it has a frame.
    rows: Vec<Vec<Number>>,
    pub(crate) cases: BTreeMap<String, Case>,
    /// Models that do not load.
    pub(crate) refused: BTreeMap<String, Box<RawValue>>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    /// Rows of its own: at its thresholds, and just beside them.
    #[serde(default)]
    more: Vec<Vec<Number>>,
    /// A data frame in the place of rows: values by column.
    frame: Option<BTreeMap<String, Vec<Value>>>,
    /// What the levels of each column of the frame are in the file.
    levels: Option<Levels>,
    /// Levels that the file does not tell.
    #[serde(default)]
    given: Levels,
    names: Option<Vec<String>>,
    margin: Vec<Answer>,
    pred: Vec<Answer>,
    leaf: Option<Vec<Vec<u32>>>,
    pub(crate) model: Box<RawValue>,
}

/// Null is NaN.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Infinite(String),
    Missing(()),
}

impl Number {
    fn value(&self) -> f64 {
        match self {
            Self::Finite(value) => *value,
            Self::Infinite(text) => text.parse().unwrap(),
            Self::Missing(()) => f64::NAN,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Several(Vec<Number>),
    One(Number),
}

impl Answer {
    fn values(&self) -> Vec<f64> {
        match self {
            Self::One(value) => vec![value.value()],
            Self::Several(values) => values.iter().map(Number::value).collect(),
        }
    }
}

impl Cases {
    pub(crate) fn read(file: &str) -> Self {
        serde_json::from_str(&std::fs::read_to_string(data(file)).unwrap()).unwrap()
    }
}

/// A text that a file of cases holds as a JSON string.
pub(crate) fn text(model: &RawValue) -> String {
    serde_json::from_str(model.get()).unwrap()
}

/// Bytes that a file of cases holds in base 64.
pub(crate) fn bytes(model: &RawValue) -> Vec<u8> {
    let digit = |symbol: u8| match symbol {
        b'A'..=b'Z' => u32::from(symbol - b'A'),
        b'a'..=b'z' => u32::from(symbol - b'a') + 26,
        b'0'..=b'9' => u32::from(symbol - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let text = text(model);
    let symbols = text.trim_end_matches('=').as_bytes();
    let group = |symbols: &[u8]| {
        let number = symbols.iter().fold(0, |number, symbol| number << 6 | digit(*symbol));
        let number = number << (6 * (4 - symbols.len()));
        number.to_be_bytes()[1..symbols.len()].to_vec()
    };
    symbols.chunks(4).flat_map(group).collect()
}

/// Every case of a file, alone and in a batch; `is_close` compares found with expected.
pub(crate) fn check(
    file: &str,
    count: usize,
    load: impl Fn(&RawValue) -> Result<TreeEnsemble, format::Error>,
    is_close: fn(f64, f64) -> bool,
) {
    let cases = Cases::read(file);
    assert_eq!(cases.cases.len(), count);
    let mut wrong = Vec::new();
    for (name, case) in &cases.cases {
        let model = match load(&case.model) {
            Ok(model) => model,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        check_features(name, &model, case);
        let features = features(&model, &cases.rows, case);
        let found = predict(&model, &features);
        assert_eq!(found.rows(), case.margin.len(), "{name}");
        for row in 0..found.rows() {
            let mut compare = |what: &str, found: &[f64], expected: &[f64]| {
                let pairs = found.iter().zip(expected);
                if found.len() != expected.len()
                    || pairs.into_iter().any(|(f, e)| !is_close(*f, *e))
                {
                    wrong.push(format!("{name} row {row}: {what} {found:?} != {expected:?}"));
                }
            };
            compare("margin", found.margin(row), &case.margin[row].values());
            compare("prediction", found.prediction(row), &case.pred[row].values());
            if let Some(leaves) = &case.leaf {
                let numbers = |leaves: &[u32]| leaves.iter().map(|&at| f64::from(at)).collect();
                let reached: Vec<f64> = numbers(&model.leaves(features.row(row)).unwrap());
                let expected: Vec<f64> = numbers(&leaves[row]);
                compare("leaves", &reached, &expected);
            }
            let alone = alone(&model, features.row(row));
            assert_eq!(bits(alone.margin(0)), bits(found.margin(row)), "{name} row {row}");
        }
    }
    assert!(wrong.is_empty(), "{file}:\n{}", wrong.join("\n"));
}

fn check_features(name: &str, model: &TreeEnsemble, case: &Case) {
    if let Some(names) = &case.names {
        let found: Vec<&str> = model.features().iter().map(|feature| &*feature.name).collect();
        assert_eq!(&found, names, "{name}");
    }
    for (column, levels) in case.levels.iter().flatten() {
        let feature = model.features().iter().find(|feature| *feature.name == **column).unwrap();
        assert_eq!(&feature.levels, levels, "{name} {column}");
        let is_category = feature.kind == FeatureKind::Categorical;
        assert!(is_category || levels.is_empty(), "{name} {column}");
    }
}

fn features(model: &TreeEnsemble, rows: &[Vec<Number>], case: &Case) -> FeatureMatrix {
    let mut features = FeatureMatrix::new();
    if let Some(frame) = &case.frame {
        let columns = frame.iter().map(|(name, values)| (name, column(values)));
        let (names, columns): (Vec<_>, Vec<_>) = columns.unzip();
        let types = columns.iter().map(Column::data_type);
        let schema = Schema::new(names.into_iter().map(String::as_str).zip(types));
        let batch = RowBatch::new(Arc::new(schema), columns).unwrap();
        let encoder = Encoder::compile(model.features(), &case.given, batch.schema()).unwrap();
        encoder.encode(&batch, &mut features).unwrap();
        return features;
    }
    let rows: Vec<_> = rows.iter().chain(&case.more).collect();
    features.reset(rows.len(), model.features().len());
    for (at, row) in rows.into_iter().enumerate() {
        features.row_mut(at).copy_from_slice(&row.iter().map(Number::value).collect::<Vec<_>>());
    }
    features
}

/// Of the type of its values.
fn column(values: &[Value]) -> Column {
    let some = |is: fn(&Value) -> bool| values.iter().any(is);
    if some(Value::is_string) {
        Column::String(values.iter().map(Value::as_str).collect())
    } else if some(Value::is_boolean) {
        Column::Boolean(values.iter().map(Value::as_bool).collect())
    } else if some(Value::is_f64) {
        Column::Float(values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect())
    } else {
        Column::Integer(values.iter().map(Value::as_i64).collect())
    }
}

fn alone(model: &TreeEnsemble, row: &[f64]) -> Predictions {
    let mut features = FeatureMatrix::new();
    features.reset(1, row.len());
    features.row_mut(0).copy_from_slice(row);
    predict(model, &features)
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}
