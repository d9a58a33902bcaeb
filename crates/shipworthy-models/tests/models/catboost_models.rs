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
    check(FILE, 55, load, is_close);
}
