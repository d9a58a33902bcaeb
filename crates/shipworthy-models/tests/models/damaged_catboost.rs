//! `CatBoost` files that are cut off, corrupt or hostile: a typed error, or a model that works;
//! never a panic, a hang or memory without end.

use proptest::prelude::*;
use serde_json::{Value, json};
use shipworthy_models::catboost::{self, Error};
use shipworthy_models::{FeatureMatrix, TreeEnsemble};

use crate::cases::Cases;
use crate::fixtures::{predict, survives};

fn features() -> Value {
    json!({"float_features": [
        {"feature_id": "low", "feature_index": 0, "flat_feature_index": 0, "has_nans": true,
         "nan_value_treatment": "AsFalse", "borders": [0.5]},
        {"feature_id": "high", "feature_index": 1, "flat_feature_index": 1, "has_nans": true,
         "nan_value_treatment": "AsTrue", "borders": [1.5, 2.5]}
    ]})
}

fn split(feature: usize, border: f64) -> Value {
    json!({"border": border, "float_feature_index": feature, "split_type": "FloatFeature"})
}

/// Two symmetric trees, of one and of two levels.
fn symmetric() -> Value {
    json!({"features_info": features(), "scale_and_bias": [2, [100]],
        "model_info": {"params": {"loss_function": {"type": "RMSE", "params": {}}}},
        "oblivious_trees": [
            {"leaf_values": [1, 2], "splits": [split(0, 0.5)]},
            {"leaf_values": [10, 20, 30, 40], "splits": [split(1, 1.5), split(1, 2.5)]}
    ]})
}

/// A stump, and a tree whose right child splits again.
fn free() -> Value {
    let leaf = |value: f64| json!({"value": value, "weight": 1});
    let upper = json!({"left": leaf(20.0), "right": leaf(40.0), "split": split(1, 2.5)});
    json!({"features_info": features(), "scale_and_bias": [2, [100]],
        "model_info": {"params": {"loss_function": {"type": "RMSE", "params": {}}}},
        "trees": [
            {"left": leaf(1.0), "right": leaf(2.0), "split": split(0, 0.5)},
            {"left": leaf(10.0), "right": upper, "split": split(1, 1.5)}
    ]})
}

fn load(document: &Value) -> Result<TreeEnsemble, Error> {
    catboost::load(&serde_json::to_vec(document).unwrap())
}

fn margin(model: &TreeEnsemble, row: [f64; 2]) -> f64 {
    let mut features = FeatureMatrix::new();
    features.reset(1, 2);
    features.row_mut(0).copy_from_slice(&row);
    predict(model, &features).margin(0)[0]
}

#[track_caller]
fn refused(mut document: Value, pointer: &str, value: Value, expected: &str) {
    *document.pointer_mut(pointer).expect("the pointer names a place") = value;
    let error = load(&document).unwrap_err();
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    assert_eq!(format!("{error}{}", source.unwrap_or_default()), expected, "{pointer}");
}

#[test]
fn small_models_answer_as_their_files_say() {
    for model in [symmetric(), free()] {
        let model = load(&model).unwrap();
        for (row, expected) in [
            ([0.5, 1.5], 122.0),
            ([0.6, 1.5], 124.0),
            ([0.5, 2.5], 142.0),
            ([0.500_000_01, 2.6], 182.0), // 0.5 in single precision
            ([f64::NAN, f64::NAN], 182.0),
            ([f64::INFINITY, f64::NEG_INFINITY], 124.0),
        ] {
            assert_eq!(margin(&model, row), expected, "{row:?}");
        }
    }
}

#[test]
fn features_that_make_no_sense_are_refused() {
    let floats = "/features_info/float_features";
    for (field, value, expected) in [
        ("0/flat_feature_index", json!(1), "two features have position 1"),
        ("0/feature_index", json!(1), "two features have position 1"),
        ("0/feature_index", json!(7), "tree 0 splits on the unknown float feature 0"),
        (
            "1/flat_feature_index",
            json!(usize::MAX),
            "18446744073709551615 features: more than 1048576",
        ),
        ("1/feature_index", json!(1 << 20), "1048577 features: more than 1048576"),
        (
            "1/nan_value_treatment",
            json!("AsMean"),
            "feature `high` treats missing values as `AsMean`, which is not known",
        ),
    ] {
        refused(symmetric(), &format!("{floats}/{field}"), value.clone(), expected);
        refused(free(), &format!("{floats}/{field}"), value, expected);
    }
    let none = "tree 0 splits on the unknown float feature 0";
    refused(symmetric(), floats, json!([]), none);
    let huge = json!([1, vec![0; 20_000]]);
    refused(symmetric(), "/scale_and_bias", huge, "20000 outputs: more than 16384");
    let loss = "/model_info/params/loss_function/type";
    refused(symmetric(), loss, json!("Mine"), "loss function `Mine` is not supported");
}

#[test]
fn a_symmetric_tree_that_is_none_is_refused() {
    let tree = "/oblivious_trees/1";
    let deep: Vec<_> = (0..17).map(|_| split(0, 0.5)).collect();
    let by_text = json!({"split_type": "TextFeature"});
    let by_kind = "tree 1 splits on `` by TextFeature, which is not supported";
    for (field, value, expected) in [
        ("leaf_values", json!([1, 2]), DAMAGED_WIDTH),
        ("leaf_values", json!([]), "tree 1 is damaged: it has 0 leaf values instead of 4"),
        ("splits", json!([]), "tree 1 is damaged: it has 4 leaf values instead of 1"),
        ("splits", json!(null), "tree 1 is damaged: it has 4 leaf values instead of 1"),
        ("splits", json!(deep), "tree 1 is damaged: it has 17 levels, more than 16"),
        ("splits/0/border", json!(1e300), "tree 1 is damaged: it has a value that is not finite"),
        ("splits/0/border", json!(null), "tree 1 has a split by number without `border`"),
        (
            "splits/1/float_feature_index",
            json!(null),
            "tree 1 has a split by number without `float_feature_index`",
        ),
        ("splits/1/float_feature_index", json!(2), UNKNOWN_FEATURE),
        ("splits/1", by_text, by_kind),
    ] {
        refused(symmetric(), &format!("{tree}/{field}"), value, expected);
    }
    refused(
        symmetric(),
        "/scale_and_bias",
        json!([2, [1, 2]]),
        "tree 0 is damaged: it has 2 leaf values instead of 4",
    );
    refused(
        symmetric(),
        "/scale_and_bias",
        json!([1e307, [0]]),
        "tree 1 is damaged: it has a value that is not finite",
    );
}

const DAMAGED_WIDTH: &str = "tree 1 is damaged: it has 2 leaf values instead of 4";
const UNKNOWN_FEATURE: &str = "tree 1 splits on the unknown float feature 2";

#[test]
fn a_free_tree_that_is_none_is_refused() {
    for (field, value, expected) in [
        (
            "right/left",
            json!(null),
            "node 2 of tree 1 has neither a value nor a split with two children",
        ),
        (
            "right/split",
            json!(null),
            "node 2 of tree 1 has neither a value nor a split with two children",
        ),
        ("right/split/border", json!(-1e300), "the border of node 2 of tree 1 is not finite"),
        ("right/left/value", json!([1, 2]), "tree 1 has a leaf of 2 values instead of 1"),
        ("right/left/value", json!([]), "tree 1 has a leaf of 0 values instead of 1"),
        ("right/split/float_feature_index", json!(2), UNKNOWN_FEATURE),
    ] {
        refused(free(), &format!("/trees/1/{field}"), value, expected);
    }
    let expected = "the value of node 3 of tree 1 is not finite";
    refused(free(), "/scale_and_bias", json!([1e307, [0]]), expected);
    let mut none = free();
    none.as_object_mut().unwrap().remove("trees");
    let error = load(&none).unwrap_err().to_string();
    assert_eq!(error, "the file has neither `oblivious_trees` nor `trees`");
}

#[test]
fn a_chain_of_nodes_is_no_stack_overflow() {
    let deep = |levels: usize| {
        let leaf = r#"{"value":1}"#;
        let split = split(0, 0.5);
        let open = format!(r#"{{"right":{leaf},"split":{split},"left":"#);
        let tree = format!("{}{leaf}{}", open.repeat(levels), "}".repeat(levels));
        let features = features();
        format!(r#"{{"features_info":{features},"scale_and_bias":[1,[0]],"trees":[{tree}]}}"#)
    };
    assert!(catboost::load(deep(100).as_bytes()).is_ok());
    assert!(matches!(catboost::load(deep(100_000).as_bytes()), Err(Error::Json(_))));
}

/// No splits at all, or no trees: the bias is the answer, for any number of rows.
#[test]
fn models_that_ask_nothing_answer() {
    let empty = |field: &str, trees: Value| json!({"features_info": {}, "scale_and_bias": [1, [7]], field: trees});
    for (document, expected) in [
        (empty("oblivious_trees", json!([])), 7.0),
        (empty("oblivious_trees", json!([{"leaf_values": [1], "splits": []}])), 8.0),
        (empty("trees", json!([])), 7.0),
        (empty("trees", json!([{"value": 1}, {"value": 2}])), 10.0),
    ] {
        let model = load(&document).unwrap();
        for rows in [1, 3, 4, 9, 100] {
            let mut features = FeatureMatrix::new();
            features.reset(rows, 0);
            let found = predict(&model, &features);
            assert!((0..rows).all(|row| found.margin(row) == [expected]), "{document} {rows}");
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let cases = Cases::read("catboost_1.2.10.json").cases;
    for case in ["MultiClass", "Lossguide"] {
        let json = cases[case].model.get().as_bytes();
        for end in 0..json.len() {
            assert!(matches!(catboost::load(&json[..end]), Err(Error::Json(_))), "{case} {end}");
        }
    }
    assert!(catboost::load(&vec![b'['; 1 << 20]).is_err());
}

/// All places of a document that hold a number or a text.
fn places<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| places(value, found)),
        Value::Object(values) => values.values_mut().for_each(|value| places(value, found)),
        Value::Number(_) | Value::String(_) => found.push(value),
        Value::Null | Value::Bool(_) => {}
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("NaN")),
        Just(json!(null)),
        Just(json!(true)),
        Just(json!([])),
        Just(json!([1, 2])),
        Just(json!({})),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!(-3.5e38)),
        Just(json!(1_048_575)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        (0..5_i64).prop_map(|number| json!(number)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_values_never_panic(
        is_symmetric: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), odd_value()), 1..4),
    ) {
        let mut document = if is_symmetric { symmetric() } else { free() };
        let mut found = Vec::new();
        places(&mut document, &mut found);
        for (place, value) in changes {
            let place = place.index(found.len());
            *found[place] = value;
        }
        survives(load(&document));
    }

    #[test]
    fn changed_bytes_never_panic(
        is_symmetric: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let document = if is_symmetric { symmetric() } else { free() };
        let mut json = serde_json::to_vec(&document).unwrap();
        for (place, byte) in changes {
            let place = place.index(json.len());
            json[place] = byte;
        }
        survives(catboost::load(&json));
    }
}
