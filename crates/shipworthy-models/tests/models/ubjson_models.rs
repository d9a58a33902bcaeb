//! XGBoost in binary, beyond the models of `oracles.rs`.

use serde_json::value::RawValue;
use shipworthy_models::format::{self, Format};
use shipworthy_models::{TreeEnsemble, xgboost};

use crate::cases::{Cases, bytes, check};
use crate::fixtures::F32;

const FILE: &str = "xgboost_ubjson_3.2.0.json";

fn load(model: &RawValue) -> Result<TreeEnsemble, format::Error> {
    let bytes = bytes(model);
    assert_eq!(Format::detect(&bytes)?, Format::XgboostUbjson);
    Ok(xgboost::load(&bytes)?)
}

fn is_close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= F32 * expected.abs().max(0.05)
}

#[test]
fn models_answer_as_xgboost_does() {
    check(FILE, 6, load, is_close);
}

#[test]
fn what_is_not_supported_is_named_as_in_json() {
    let cases = Cases::read(FILE);
    let linear = "booster `gblinear` is not supported: only `gbtree` and `dart` are";
    assert_eq!(load(&cases.refused["gblinear"]).unwrap_err().to_string(), linear);
    let json = xgboost::load(cases.refused["gblinear_json"].get().as_bytes());
    assert_eq!(json.unwrap_err().to_string(), linear);
    assert_eq!(
        load(&cases.refused["vector_leaves"]).unwrap_err().to_string(),
        "tree 0 has vector leaves (`multi_output_tree`), which are not supported"
    );
}

/// The first bytes of `save_model` of xgboost 2.1.4 to a name without `.json` or `.ubj`.
#[test]
fn the_old_binary_format_is_named() {
    let old = b"binf\x05\x87Z\xbc\x02\0\0\0\0\0\0\0";
    let error = format::load_trees(old, false).unwrap_err();
    assert!(error.to_string().contains("old binary format"), "{error}");
    assert!(error.to_string().contains("save_model(\"model.json\")"), "{error}");
}
