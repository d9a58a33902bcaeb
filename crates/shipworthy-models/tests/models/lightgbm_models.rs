//! LightGBM: every objective, booster, way of missing values, kind of category and pandas frame.

use serde_json::value::RawValue;
use shipworthy_models::{TreeEnsemble, format, lightgbm};

use crate::cases::{Cases, check, text};

const FILE: &str = "lightgbm_4.7.0.json";

fn load(model: &RawValue) -> Result<TreeEnsemble, format::Error> {
    Ok(lightgbm::load(text(model).as_bytes())?)
}

/// Sums in f64; near 0 absolutely.
pub(crate) fn is_close(found: f64, expected: f64) -> bool {
    found == expected || (found - expected).abs() <= 1e-9 * expected.abs() + 1e-12
}

#[test]
fn models_answer_as_lightgbm_does() {
    check(FILE, 60, load, is_close);
}
