//! Names, types and categories written into a model file.

use serde_json::{Value, json};
use shipworthy_models::xgboost::{self, Annotation, Error, FeatureType, annotate};
use shipworthy_models::{Feature, FeatureKind, Model, TreeEnsemble};

use crate::fixtures::{XGBOOST, model_json};

fn annotations<'a>(model: &'a TreeEnsemble) -> Vec<Annotation<'a>> {
    let annotation = |Feature { name, kind, levels }: &'a Feature| {
        let feature_type = match kind {
            FeatureKind::Numeric => FeatureType::Float,
            FeatureKind::Categorical => FeatureType::Categorical,
        };
        Annotation { name, feature_type, levels }
    };
    model.features().iter().map(annotation).collect()
}

/// The document without what `annotate` writes.
fn stripped(json: &[u8]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(json).unwrap();
    let learner = &mut document["learner"];
    learner["feature_names"] = json!([]);
    learner["feature_types"] = json!([]);
    for block in ["/gradient_booster/model", "/gradient_booster/gbtree/model"] {
        if let Some(Value::Object(block)) = learner.pointer_mut(block) {
            block.remove("cats");
        }
    }
    serde_json::to_vec(&document).unwrap()
}

#[test]
fn a_stripped_model_gets_back_what_xgboost_wrote() {
    for case in XGBOOST {
        let json = model_json(case);
        let model = xgboost::load(&json).unwrap();
        let annotated = annotate(&stripped(&json), &annotations(&model)).unwrap();
        let found: Value = serde_json::from_slice(&annotated).unwrap();
        let expected: Value = serde_json::from_slice(&json).unwrap();
        assert!(found == expected, "{case}");
        assert_eq!(xgboost::load(&annotated).unwrap().features(), model.features());
    }
}

#[test]
fn numbers_keep_their_text() {
    // 17 digits: a reader that went through f32 or f64 would write another text.
    let json = br#"{"version":[3,2,0],"learner":{"attributes":{"note":"1e-45"},
        "gradient_booster":{"name":"gbtree","model":{"trees":[0.10000000149011612000, 1E-45]}},
        "learner_model_param":{"num_feature":"1"}}}"#;
    let feature =
        Annotation { name: "a \"quoted\" name", feature_type: FeatureType::Integer, levels: &[] };
    let text = String::from_utf8(annotate(json, &[feature]).unwrap()).unwrap();
    assert!(text.contains(r#""trees":[0.10000000149011612000, 1E-45]"#), "{text}");
    assert!(text.contains(r#""feature_names":["a \"quoted\" name"],"feature_types":["int"]"#));
}

#[test]
fn codes_are_sorted_by_signed_bytes() {
    let levels = ["b", "Zürich", "é", "a", ""].map(str::to_owned);
    let feature =
        Annotation { name: "city", feature_type: FeatureType::Categorical, levels: &levels };
    let json = br#"{"learner":{"gradient_booster":{"name":"gbtree","model":{"trees":[]}},
        "learner_model_param":{"num_feature":"1"}}}"#;
    let document: Value = serde_json::from_slice(&annotate(json, &[feature]).unwrap()).unwrap();
    let cats = &document["learner"]["gradient_booster"]["model"]["cats"];
    assert_eq!(cats["sorted_idx"], json!([4, 2, 1, 3, 0]));
    assert_eq!(cats["feature_segments"], json!([0, 5]));
    assert_eq!(cats["enc"][0]["offsets"], json!([0, 1, 8, 10, 11, 11]));
    assert_eq!(cats["enc"][0]["values"][2], json!(-61));
}

#[test]
fn annotations_must_fit_the_model() {
    let json = model_json("xgb_tabular_cat");
    let model = xgboost::load(&json).unwrap();
    let features = annotations(&model);
    let short = annotate(&json, &features[1..]);
    assert!(matches!(short, Err(Error::Length { expected: 13, found: 12, .. })));

    let twice = ["x".to_owned(), "x".to_owned()];
    let mut wrong = features.clone();
    wrong[1].levels = &twice;
    assert!(matches!(annotate(&json, &wrong), Err(Error::Categories { feature: 1, .. })));
    let mut wrong = features;
    wrong[0].levels = &twice;
    assert!(matches!(annotate(&json, &wrong), Err(Error::Categories { feature: 0, .. })));
}
