//! Every model against the predictions of its own library, on real tables.

use shipworthy_models::{FeatureKind, Model, Transform};

use crate::fixtures::{CASES, F32, Table, assert_close, data, expected, features, load, predict};

#[test]
fn margins_and_predictions_are_those_of_the_models_own_library() {
    for (file, table, tolerance) in CASES {
        let model = load(file, false);
        let found = predict(&model, &features(&model, &Table::read(&format!("{table}.csv"))));
        let margins = expected(file).numbers("margin").unwrap();
        let predictions = expected(file).numbers("pred").unwrap();
        assert_eq!(found.rows(), margins.len());
        for row in 0..found.rows() {
            let what = format!("{file} row {row}");
            assert_close(found.margin(row), &margins[row], tolerance, &what);
            assert_close(found.prediction(row), &predictions[row], tolerance, &what);
        }
    }
}

#[test]
fn rows_reach_the_leaves_that_the_library_names() {
    for (file, table, _) in CASES.into_iter().filter(|(file, ..)| !file.starts_with("cb_")) {
        let model = load(file, false);
        let expected = expected(file).numbers("leaf").unwrap();
        let features = features(&model, &Table::read(&format!("{table}.csv")));
        for (row, expected) in expected.iter().enumerate() {
            let leaves = model.leaves(features.row(row)).unwrap();
            let leaves: Vec<f64> =
                leaves[..expected.len()].iter().map(|&id| f64::from(id)).collect();
            assert_eq!(&leaves, expected, "{file} row {row}");
        }
    }
}

#[test]
fn json_and_ubjson_are_the_same_model() {
    for case in ["xgb_dart", "xgb_tabular_cat", "xgb_multiclass_softmax"] {
        let [json, ubjson] = ["json", "ubj"].map(|end| load(&format!("{case}/model.{end}"), false));
        assert_eq!(json.describe(), ubjson.describe());
        let mut rows = shipworthy_models::FeatureMatrix::new();
        rows.reset(1, json.features().len());
        rows.row_mut(0).fill(3.0);
        assert_eq!(predict(&json, &rows).margin(0), predict(&ubjson, &rows).margin(0));
    }
}

#[test]
fn all_trees_are_used_on_request() {
    let file = "xgb_binary_num/model.json";
    let early = load(file, false);
    let model = load(file, true);
    assert_eq!((early.describe().trees, early.describe().trees_in_file), (61, 69));
    assert_eq!(model.describe().trees, 69);
    let found = predict(&model, &features(&model, &Table::read("flights_numeric.csv")));
    let margins = expected(file).numbers("margin_all_trees").unwrap();
    let predictions = expected(file).numbers("pred_all_trees").unwrap();
    for row in 0..found.rows() {
        assert_close(found.margin(row), &margins[row], F32, "margin");
        assert_close(found.prediction(row), &predictions[row], F32, "prediction");
    }
}

#[test]
fn a_model_describes_itself() {
    let model = load("xgb_tabular_cat/model.json", false);
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

#[test]
fn categories_of_a_pandas_frame_are_found_in_a_lightgbm_file() {
    let model = load("lgb_tabular_cat/model.txt", false);
    assert_eq!(model.describe().objective, "binary sigmoid:1");
    let home = &model.features()[1];
    assert_eq!((&*home.name, home.kind), ("Home", FeatureKind::Categorical));
    assert_eq!(home.levels, ["ignore", "other", "owner", "parents", "priv", "rent"]);
    let text = std::fs::read(data("lgb_tabular_cat/model.txt")).unwrap();
    assert!(shipworthy_models::lightgbm::load(&text).is_ok());
}
