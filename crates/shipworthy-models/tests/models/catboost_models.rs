//! `CatBoost`: every loss, grow policy, way of missing values, and files as older versions write them.

use serde_json::value::RawValue;
use shipworthy_models::{TreeEnsemble, catboost, format};

use crate::cases::{Cases, check};
use crate::lightgbm_models::is_close;

const FILE: &str = "catboost_1.2.10.json";

fn load(model: &RawValue) -> Result<TreeEnsemble, format::Error> {
    Ok(catboost::load(model.get().as_bytes())?)
}

#[test]
fn models_answer_as_catboost_does() {
    check(FILE, 49, load, is_close);
}

#[test]
fn what_is_not_supported_is_named() {
    for (case, expected) in [
        ("one_hot", "tree 0 splits on `home town` by OneHotFeature, which is not supported"),
        ("ctr", "tree 0 splits on `home town` by OnlineCtr, which is not supported"),
        ("ctr_lossguide", "tree 0 splits on `home town` by OnlineCtr, which is not supported"),
        ("RMSEWithUncertainty", "loss function `RMSEWithUncertainty` is not supported"),
    ] {
        let error = load(&Cases::read(FILE).refused[case]).unwrap_err();
        assert_eq!(error.to_string(), expected, "{case}");
    }
}
