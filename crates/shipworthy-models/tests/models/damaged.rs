//! Files that are cut off, corrupt or hostile: a typed error, or a model that works; never a
//! panic, a hang or memory without end.

use proptest::prelude::*;
use serde_json::{Value, json};
use shipworthy_models::xgboost::{self, Error, TreeError};
use shipworthy_models::{FeatureMatrix, Model, TreeEnsemble};

use crate::fixtures::{model_json, predict};

/// A model of two features: a stump, and a split by category whose right child splits again.
fn small() -> Value {
    let tree = |left: Value, right: Value, index: Value, value: Value, kind: Value| {
        let flags = vec![0; left.as_array().unwrap().len()];
        json!({
            "left_children": left, "right_children": right, "split_indices": index,
            "split_conditions": value, "default_left": flags, "split_type": kind,
            "categories": [], "categories_nodes": [], "categories_segments": [],
            "categories_sizes": [],
            "tree_param": {"num_nodes": "3", "num_deleted": "0", "size_leaf_vector": "1"}
        })
    };
    let stump = tree(
        json!([1, -1, -1]),
        json!([2, -1, -1]),
        json!([0, 0, 0]),
        json!([0.5, 1.0, 2.0]),
        json!([0, 0, 0]),
    );
    let mut by_category = tree(
        json!([1, -1, 3, -1, -1]),
        json!([2, -1, 4, -1, -1]),
        json!([1, 0, 0, 0, 0]),
        json!([0.0, 10.0, 0.5, 20.0, 30.0]),
        json!([1, 0, 0, 0, 0]),
    );
    by_category["categories"] = json!([1, 40]);
    by_category["categories_nodes"] = json!([0]);
    by_category["categories_segments"] = json!([0]);
    by_category["categories_sizes"] = json!([2]);
    json!({"version": [3, 2, 0], "learner": {
        "attributes": {}, "feature_names": ["number", "kind"], "feature_types": ["float", "c"],
        "gradient_booster": {"name": "gbtree", "model": {
            "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "2"},
            "iteration_indptr": [0, 1, 2], "tree_info": [0, 0], "trees": [stump, by_category]}},
        "learner_model_param": {
            "base_score": "[1E2]", "num_class": "0", "num_feature": "2", "num_target": "1"},
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}
    }})
}

const TREES: &str = "/learner/gradient_booster/model/trees";

fn load(document: &Value) -> Result<TreeEnsemble, Error> {
    xgboost::load(&serde_json::to_vec(document).unwrap())
}

fn with(pointer: &str, value: Value) -> Value {
    let mut document = small();
    *document.pointer_mut(pointer).expect("the pointer names a place") = value;
    document
}

fn margin(model: &TreeEnsemble, row: [f64; 2]) -> f64 {
    let mut features = FeatureMatrix::new();
    features.reset(1, 2);
    features.row_mut(0).copy_from_slice(&row);
    predict(model, &features).margin(0)[0]
}

/// If it loads, it answers; whatever it answers.
fn survives(bytes: &[u8]) {
    if let Ok(model) = xgboost::load(bytes) {
        let mut features = FeatureMatrix::new();
        features.reset(3, model.features().len());
        features.row_mut(1).fill(1.0);
        features.row_mut(2).fill(-1e30);
        assert_eq!(predict(&model, &features).rows(), 3);
    }
}

#[test]
fn categories_in_the_set_go_right_and_all_others_left() {
    let model = load(&small()).unwrap();
    for (kind, expected) in [
        (1.0, 121.0),
        (40.0, 121.0),
        (40.9, 121.0),
        (0.0, 111.0),
        (2.0, 111.0),
        (64.0, 111.0),
        (1e9, 111.0),
        (16_777_216.0, 111.0),
        (-1.0, 111.0),
        (-0.5, 111.0),
        (f64::INFINITY, 111.0),
        (f64::NEG_INFINITY, 111.0),
        (f64::NAN, 121.0), // by default right
    ] {
        assert_eq!(margin(&model, [0.0, kind]), expected, "{kind}");
    }
}

#[test]
fn thresholds_go_left_below_and_right_from_them_on() {
    let model = load(&small()).unwrap();
    assert_eq!(margin(&model, [0.499_999_97, 0.0]), 111.0);
    assert_eq!(margin(&model, [0.5, 0.0]), 112.0);
    assert_eq!(margin(&model, [f64::INFINITY, 0.0]), 112.0);
    assert_eq!(margin(&model, [f64::NAN, 0.0]), 112.0);
}

#[test]
fn flags_may_be_booleans_and_split_types_absent_as_in_old_files() {
    let mut old = with(&format!("{TREES}/0/default_left"), json!([true, false, false]));
    let tree = old.pointer_mut(&format!("{TREES}/0")).unwrap().as_object_mut().unwrap();
    tree.retain(|key, _| !key.starts_with("categories") && key != "split_type");
    assert_eq!(margin(&load(&old).unwrap(), [f64::NAN, 0.0]), 111.0);
}

#[test]
fn what_is_not_supported_is_named() {
    let error = load(&with("/learner/gradient_booster/name", json!("gblinear"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "booster `gblinear` is not supported: only `gbtree` and `dart` are"
    );
    let linear = json!({"name": "gblinear", "model": {"weights": [1.0, 2.0], "boosted_rounds": 1}});
    let error = load(&with("/learner/gradient_booster", linear)).unwrap_err();
    assert!(matches!(error, Error::Booster { name } if name == "gblinear"));
    let error = load(&with("/learner/objective/name", json!("reg:mine"))).unwrap_err();
    assert!(matches!(error, Error::Objective { name } if name == "reg:mine"));
    let pointer = format!("{TREES}/1/tree_param/size_leaf_vector");
    assert!(matches!(load(&with(&pointer, json!("3"))), Err(Error::VectorLeaves { tree: 1 })));
}

#[test]
fn a_node_that_breaks_the_tree_is_refused() {
    for (field, value, expected) in [
        ("left_children", json!([7, -1, -1]), "node 0 has child 7, outside the tree of 3 nodes"),
        ("right_children", json!([-2, -1, -1]), "node 0 has child -2, outside the tree of 3 nodes"),
        ("left_children", json!([2, -1, -1]), "node 2 is reached more than once"),
        ("left_children", json!([0, -1, -1]), "node 0 is reached more than once"),
        ("left_children", json!([-1, -1, -1]), "node 1 is never reached"),
        ("split_indices", json!([2, 0, 0]), "node 0 splits on feature 2 of 2"),
        ("split_indices", json!([-1, 0, 0]), "node 0 splits on feature -1 of 2"),
        ("split_indices", json!([0, 0, 2_147_483_647]), "node 2 is deleted but has a parent"),
        ("split_conditions", json!([0.5, 1.0]), "`split_conditions` has 2 entries instead of 3"),
        ("split_type", json!([2, 0, 0]), "node 0 has split type 2"),
        ("split_type", json!([1, 0, 0]), "categorical node 0 has no categories"),
        ("categories_sizes", json!([1]), "`categories_sizes` has 1 entries instead of 0"),
    ] {
        let error = load(&with(&format!("{TREES}/0/{field}"), value)).unwrap_err();
        let Error::Tree { tree: 0, source } = error else { panic!("{field}: {error}") };
        assert_eq!(source.to_string(), expected);
    }
}

#[test]
fn numbers_beyond_f32_are_refused() {
    let huge = with(&format!("{TREES}/0/split_conditions"), json!([0.5, 1e300, 1.0]));
    assert!(matches!(load(&huge), Err(Error::Json(_))));
    let mut product = with(&format!("{TREES}/0/split_conditions"), json!([0.5, 1e30, 1.0]));
    product["learner"]["gradient_booster"]["model"]["weight_drop"] = json!([1e30, 1.0]);
    let error = load(&product).unwrap_err();
    let Error::Tree { source, .. } = error else { panic!("{error}") };
    assert_eq!(source, TreeError::NotFinite { node: 1 });
}

#[test]
fn category_segments_are_checked() {
    for (field, value) in [
        ("categories_segments", json!([1])),
        ("categories_segments", json!([-1])),
        ("categories_sizes", json!([9_223_372_036_854_775_807_i64])),
        ("categories_nodes", json!([5])),
    ] {
        let error = load(&with(&format!("{TREES}/1/{field}"), value)).unwrap_err();
        assert!(matches!(error, Error::Tree { source: TreeError::Segment { segment: 0 }, .. }));
    }
    for code in [-1_i64, 16_777_216, i64::MAX] {
        let error = load(&with(&format!("{TREES}/1/categories"), json!([1, code]))).unwrap_err();
        let Error::Tree { source, .. } = error else { panic!("{error}") };
        assert!(source.to_string().contains("category code"), "{source}");
    }
}

#[test]
fn huge_category_sets_hit_a_limit_instead_of_memory() {
    let mut document = small();
    let tree = document.pointer(&format!("{TREES}/1")).unwrap().clone();
    let mut tree = tree;
    tree["categories"] = json!([16_777_215, 0]);
    document["learner"]["gradient_booster"]["model"]["trees"] = json!(vec![tree; 160]);
    document["learner"]["gradient_booster"]["model"]["tree_info"] = json!(vec![0; 160]);
    document["learner"]["gradient_booster"]["model"]["gbtree_model_param"] = json!({});
    let Err(Error::Forest(source)) = load(&document) else { panic!("it loads") };
    assert_eq!(source.to_string(), "more than 268435456 bytes of category sets");
}

#[test]
fn a_chain_of_nodes_hits_the_depth_limit() {
    let nodes = 2 * 5_000 + 1;
    let child = |offset: i64| {
        let child = |node: i64| if node % 2 == 0 && node + 2 < nodes { node + offset } else { -1 };
        (0..nodes).map(child).collect::<Vec<i64>>()
    };
    let mut document = small();
    let tree = document.pointer_mut(&format!("{TREES}/0")).unwrap();
    tree["left_children"] = json!(child(1));
    tree["right_children"] = json!(child(2));
    for field in ["split_indices", "split_conditions", "default_left", "split_type"] {
        tree[field] = json!(vec![0; child(1).len()]);
    }
    let Err(Error::Tree { source, .. }) = load(&document) else { panic!("it loads") };
    assert_eq!(source.to_string(), "more than 4096 levels in one tree");
}

#[test]
fn parameters_out_of_range_are_refused() {
    for (pointer, value) in [
        ("/learner/learner_model_param/num_feature", json!("4000000000")),
        ("/learner/learner_model_param/num_feature", json!("-1")),
        ("/learner/learner_model_param/num_feature", json!("3")),
        ("/learner/learner_model_param/num_class", json!("99999999")),
        ("/learner/learner_model_param/base_score", json!("[1,2]")),
        ("/learner/learner_model_param/base_score", json!("[1")),
        ("/learner/learner_model_param/base_score", json!("nan")),
        ("/learner/feature_names", json!(["one"])),
        ("/learner/feature_types", json!(["c", "c", "c"])),
        ("/learner/attributes", json!({"best_iteration": "2"})),
        ("/learner/attributes", json!({"best_iteration": "18446744073709551615"})),
        ("/learner/gradient_booster/model/iteration_indptr", json!("all")),
        ("/learner/gradient_booster/model/tree_info", json!([0, 1])),
        ("/learner/gradient_booster/model/tree_info", json!([0])),
        ("/learner/gradient_booster/model/trees", json!([])),
        ("/learner/gradient_booster/name", json!("dart")),
    ] {
        assert!(load(&with(pointer, value.clone())).is_err(), "{pointer} {value}");
    }
    let logistic = with("/learner/objective/name", json!("binary:logistic"));
    assert!(matches!(load(&logistic), Err(Error::Parameter { field: "base_score", .. })));
}

#[test]
fn category_names_must_decode() {
    let cats = |text: Value| {
        let mut document = small();
        let empty = json!({"offsets": [], "values": []});
        document["learner"]["gradient_booster"]["model"]["cats"] =
            json!({"enc": [empty, text], "feature_segments": [], "sorted_idx": []});
        load(&document)
    };
    let model = cats(json!({"offsets": [0, 1, 3], "values": [97, -61, -87]})).unwrap();
    assert_eq!(model.features()[1].levels, ["a", "é"]);
    let model = cats(json!({"type": 13, "values": [10, 20]})).unwrap();
    assert_eq!(model.features()[1].levels, ["10", "20"]);
    for bad in [
        json!({"offsets": [0, 1, 2], "values": [97, -61]}),
        json!({"offsets": [0, 2, 1], "values": [97, 98]}),
        json!({"offsets": [0, 2, 0, 2], "values": [97, 98]}),
        json!({"offsets": [0, 3], "values": [97, 98]}),
        json!({"offsets": [-1, 1], "values": [97, 98]}),
        json!({"offsets": [0, 1], "values": [300]}),
    ] {
        assert!(matches!(cats(bad), Err(Error::Categories { feature: 1, .. })));
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for case in ["xgb_tabular_cat", "xgb_dart"] {
        let json = model_json(case);
        for end in (0..json.len()).step_by(97) {
            let error = xgboost::load(&json[..end]).unwrap_err();
            assert!(matches!(error, Error::Json(_)), "{case} {end}");
        }
    }
    assert!(xgboost::load(&vec![b'['; 1 << 20]).is_err());
}

/// All places of a document that hold a number, or a number as text.
fn numbers<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| numbers(value, found)),
        Value::Object(values) => values.values_mut().for_each(|value| numbers(value, found)),
        Value::Number(_) | Value::String(_) => found.push(value),
        Value::Null | Value::Bool(_) => {}
    }
}

fn odd_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("NaN")),
        Just(json!("-Infinity")),
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!("-1")),
        Just(json!("1e99")),
        Just(json!(1e300)),
        Just(json!([])),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number.to_string())),
        (0..5_i64).prop_map(|number| json!(number)),
        (0..5_i64).prop_map(|number| json!(number.to_string())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_numbers_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), odd_number()), 1..4),
    ) {
        let mut document = small();
        let mut places = Vec::new();
        numbers(&mut document, &mut places);
        for (place, value) in changes {
            let place = place.index(places.len());
            *places[place] = value;
        }
        survives(&serde_json::to_vec(&document).unwrap());
    }

    #[test]
    fn changed_bytes_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut json = serde_json::to_vec(&small()).unwrap();
        for (place, byte) in changes {
            let place = place.index(json.len());
            json[place] = byte;
        }
        survives(&json);
    }
}
