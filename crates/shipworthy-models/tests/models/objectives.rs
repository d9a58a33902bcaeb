//! Every objective (and trees with pruned nodes), as XGBoost 1.7, 2.1 and 3.2 write it, with their own and a given base score.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use shipworthy_models::{FeatureMatrix, Model, xgboost};

use crate::fixtures::{F32, assert_close, data, predict};

#[derive(Deserialize)]
struct Objectives {
    rows: Vec<[Option<f64>; 3]>,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    margin: Vec<Answer>,
    pred: Vec<Answer>,
    model: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    One(f64),
    Several(Vec<f64>),
}

impl Answer {
    fn values(&self) -> &[f64] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}

fn check(file: &str, cases: usize) {
    let text = std::fs::read_to_string(data(file)).unwrap();
    let objectives: Objectives = serde_json::from_str(&text).unwrap();
    assert_eq!(objectives.cases.len(), cases);
    let mut features = FeatureMatrix::new();
    features.reset(objectives.rows.len(), 3);
    for (at, row) in objectives.rows.iter().enumerate() {
        let values = row.map(|value| value.unwrap_or(f64::NAN));
        features.row_mut(at).copy_from_slice(&values);
    }
    for (name, case) in objectives.cases {
        let model = xgboost::load(case.model.get().as_bytes()).unwrap();
        let found = predict(&model, &features);
        for row in 0..found.rows() {
            let what = format!("{file} {name} {} row {row}", model.describe().objective);
            assert_close(found.margin(row), case.margin[row].values(), F32, &what);
            assert_close(found.prediction(row), case.pred[row].values(), F32, &what);
        }
    }
}

#[test]
fn objectives_of_version_1_7() {
    check("objectives_1.7.6.json", 36);
}

#[test]
fn objectives_of_version_2_1() {
    check("objectives_2.1.4.json", 19);
}

#[test]
fn objectives_of_version_3_2() {
    check("objectives_3.2.0.json", 38);
}

/// `tree_method=exact` prunes: the file keeps the pruned nodes, which nothing reaches.
#[test]
fn pruned_nodes_are_left_out() {
    check("pruned.json", 3);
}
