//! Every model against the predictions of XGBoost 3.2 itself, on real tables.

use shipworthy_models::xgboost::{self, Options};
use shipworthy_models::{FeatureKind, Model, Transform};

use crate::fixtures::{CASES, Table, assert_close, features, model_json, predict};

#[test]
fn margins_and_predictions_are_those_of_xgboost() {
    for (case, table) in CASES {
        let model = xgboost::load(&model_json(case)).unwrap();
        let expected = Table::read(&format!("{case}/expected.csv"));
        let found = predict(&model, &features(&model, &Table::read(&format!("{table}.csv"))));
        let margins = expected.numbers("margin").unwrap();
        let predictions = expected.numbers("pred").unwrap();
        assert_eq!(found.rows(), margins.len());
        for row in 0..found.rows() {
            let what = format!("{case} row {row}");
            assert_close(found.margin(row), &margins[row], &what);
            assert_close(found.prediction(row), &predictions[row], &what);
        }
    }
}

#[test]
fn rows_reach_the_leaves_that_xgboost_names() {
    for (case, table) in CASES {
        let model = xgboost::load(&model_json(case)).unwrap();
        let expected = Table::read(&format!("{case}/expected.csv")).numbers("leaf").unwrap();
        let features = features(&model, &Table::read(&format!("{table}.csv")));
        for (row, expected) in expected.iter().enumerate() {
            let leaves = model.leaves(features.row(row)).unwrap();
            let leaves: Vec<f32> = leaves[..expected.len()].iter().map(|&id| id as f32).collect();
            assert_eq!(&leaves, expected, "{case} row {row}");
        }
    }
}

#[test]
fn all_trees_are_used_on_request() {
    let json = model_json("xgb_binary_num");
    let early = xgboost::load(&json).unwrap();
    let model = xgboost::load_with(&json, Options { all_trees: true }).unwrap();
    assert_eq!((early.describe().trees, early.describe().trees_in_file), (61, 69));
    assert_eq!(model.describe().trees, 69);
    let expected = Table::read("xgb_binary_num/expected.csv");
    let found = predict(&model, &features(&model, &Table::read("flights_numeric.csv")));
    let margins = expected.numbers("margin_all_trees").unwrap();
    let predictions = expected.numbers("pred_all_trees").unwrap();
    for row in 0..found.rows() {
        assert_close(found.margin(row), &margins[row], "margin");
        assert_close(found.prediction(row), &predictions[row], "prediction");
    }
}

#[test]
fn a_model_describes_itself() {
    let model = xgboost::load(&model_json("xgb_tabular_cat")).unwrap();
    let description = model.describe();
    assert_eq!(description.format, "xgboost");
    assert_eq!(description.objective, "binary:logistic");
    assert_eq!(description.transform, Transform::Sigmoid);
    assert_eq!((description.outputs, description.trees), (1, 40));
    let home = &description.features[1];
    assert_eq!((&*home.name, home.kind), ("Home", FeatureKind::Categorical));
    assert_eq!(home.levels, ["ignore", "other", "owner", "parents", "priv", "rent"]);
    let json = serde_json::to_value(description).unwrap();
    assert_eq!(json["features"][0], serde_json::json!({"name": "Seniority", "kind": "numeric"}));
}
