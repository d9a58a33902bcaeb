//! Files beside this test: models and what their own library answered.

use std::path::PathBuf;
use std::sync::Arc;

use shipworthy_models::encode::{Encoder, Levels};
use shipworthy_models::{FeatureMatrix, Model, Predictions, TreeEnsemble, format};
use shipworthy_rows::{Column, DataType, RowBatch, Schema};

/// Every case: its file, the table that it scores, and the relative error allowed. XGBoost computes
/// in f32, the others in f64.
pub(crate) const CASES: [(&str, &str, f64); 18] = [
    ("cb_binary/model.json", "flights_numeric", F64),
    ("cb_multiclass/model.json", "wine", F64),
    ("cb_regression/model.json", "flights_numeric", F64),
    ("lgb_binary_cat/model.txt", "flights_categorical", F64),
    ("lgb_multiclass/model.txt", "digits", F64),
    ("lgb_poisson/model.txt", "flights_numeric", F64),
    ("lgb_regression/model.txt", "flights_numeric", F64),
    ("lgb_rf/model.txt", "flights_numeric", F64),
    ("lgb_tabular_cat/model.txt", "credit", F64),
    ("lgb_zero_missing/model.txt", "flights_numeric", F64),
    ("xgb_binary_cat/model.json", "flights_categorical", F32),
    ("xgb_binary_num/model.json", "flights_numeric", F32),
    ("xgb_count/model.json", "flights_numeric", F32),
    ("xgb_dart/model.ubj", "flights_numeric", F32),
    ("xgb_multiclass/model.json", "digits", F32),
    ("xgb_multiclass_softmax/model.ubj", "flights_numeric", F32),
    ("xgb_regression/model.json", "flights_numeric", F32),
    ("xgb_tabular_cat/model.ubj", "credit", F32),
];

/// The cases of XGBoost in JSON.
pub(crate) const XGBOOST: [&str; 8] = [
    "xgb_binary_cat",
    "xgb_binary_num",
    "xgb_count",
    "xgb_dart",
    "xgb_multiclass",
    "xgb_multiclass_softmax",
    "xgb_regression",
    "xgb_tabular_cat",
];

/// Error of a sum in f32.
pub(crate) const F32: f64 = 2e-5;
/// Error of a sum in f64.
pub(crate) const F64: f64 = 1e-9;

pub(crate) fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

/// A model of any format, all its trees or those up to the best iteration.
pub(crate) fn load(file: &str, all_trees: bool) -> TreeEnsemble {
    let bytes = std::fs::read(data(file)).unwrap();
    format::load_trees(&bytes, all_trees).unwrap().expect("a file of trees")
}

/// What the model's own library answered.
pub(crate) fn expected(file: &str) -> Table {
    let (case, _) = file.split_once('/').expect("the file of a case");
    Table::read(&format!("{case}/expected.csv"))
}

pub(crate) fn model_json(case: &str) -> Vec<u8> {
    std::fs::read(data(&format!("{case}/model.json"))).unwrap()
}

/// A CSV as names and texts.
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(file: &str) -> Self {
        let mut reader = csv::Reader::from_path(data(file)).unwrap();
        let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        Self { names, rows: rows.collect() }
    }

    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The columns `name`, or `name_0`, `name_1`, …; an empty cell is NaN.
    pub(crate) fn numbers(&self, name: &str) -> Option<Vec<Vec<f64>>> {
        let several = (0..).map_while(|k| self.index(&format!("{name}_{k}")));
        let columns: Vec<usize> = self.index(name).into_iter().chain(several).collect();
        let number = |text: &String| text.parse().unwrap_or(f64::NAN);
        let row = |row: &Vec<String>| columns.iter().map(|&at| number(&row[at])).collect();
        (!columns.is_empty()).then(|| self.rows.iter().map(row).collect())
    }

    /// As rows of the product: text where a category is not a number, else floats.
    pub(crate) fn batch(&self, model: &dyn Model) -> RowBatch {
        let text =
            |name: &str| model.features().iter().any(|f| *f.name == *name && !f.levels.is_empty());
        let types = self.names.iter().map(|name| {
            (name.as_str(), if text(name) { DataType::String } else { DataType::Float })
        });
        let schema = Arc::new(Schema::new(types));
        let columns = schema.fields().iter().enumerate().map(|(at, field)| {
            let cells = self.rows.iter().map(|row| row[at].as_str());
            match field.data_type {
                DataType::String => {
                    Column::String(cells.map(|cell| (!cell.is_empty()).then_some(cell)).collect())
                }
                _ => Column::Float(cells.map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()),
            }
        });
        let columns = columns.collect();
        RowBatch::new(schema, columns).unwrap()
    }
}

/// The table's rows as the model reads them.
pub(crate) fn features(model: &TreeEnsemble, table: &Table) -> FeatureMatrix {
    let batch = table.batch(model);
    let encoder = Encoder::compile(model.features(), &Levels::new(), batch.schema()).unwrap();
    let mut features = FeatureMatrix::new();
    // At most one flight goes to an airport that no training flight went to.
    assert!(encoder.encode(&batch, &mut features).unwrap() <= 1);
    features
}

pub(crate) fn predict(model: &TreeEnsemble, features: &FeatureMatrix) -> Predictions {
    let mut out = Predictions::new();
    model.predict(features, &mut out).unwrap();
    out
}

/// If it loads, it answers, whatever it answers; else its error and what is behind it have words.
pub(crate) fn survives<E: std::error::Error>(loaded: Result<TreeEnsemble, E>) {
    match loaded {
        Ok(model) => {
            let mut features = FeatureMatrix::new();
            features.reset(11, model.features().len());
            let values = [1.0, -1e30, 0.0, -0.5, 1e300, 40.0, f64::INFINITY, 2.0_f64.powi(40)];
            for (row, value) in values.into_iter().enumerate() {
                features.row_mut(row).fill(value);
            }
            assert_eq!(predict(&model, &features).rows(), 11);
            assert_eq!(model.leaves(features.row(0)).unwrap().len(), model.describe().trees);
        }
        Err(error) => {
            let mut next: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = next {
                assert!(!error.to_string().is_empty());
                next = error.source();
            }
        }
    }
}

/// Near 0 a sum of trees has its relative error absolutely.
#[track_caller]
pub(crate) fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs();
        let allowed = tolerance * expected.abs().max(0.05);
        assert!(error <= allowed, "{what}: {found} != {expected}");
    }
}
