//! LightGBM: every objective, booster, way of missing values, kind of category and pandas frame.

use serde_json::value::RawValue;
use shipworthy_models::{FeatureMatrix, Model, Predictions, TreeEnsemble, format, lightgbm};

use crate::cases::{Cases, check, text};
use crate::fixtures::predict;

const FILE: &str = "lightgbm_4.7.0.json";

fn load(model: &RawValue) -> Result<TreeEnsemble, format::Error> {
    Ok(lightgbm::load(text(model).as_bytes())?)
}

/// Sums in f64; near 0 absolutely. Infinite where the library is, which a linear leaf may be.
pub(crate) fn is_close(found: f64, expected: f64) -> bool {
    found == expected
        || (found.is_nan() && expected.is_nan())
        || (found - expected).abs() <= 1e-9 * expected.abs() + 1e-12
}

#[test]
fn models_answer_as_lightgbm_does() {
    check(FILE, 58, load, is_close);
}

#[test]
fn models_of_old_versions_answer_as_they_did() {
    check("lightgbm_3.3.5.json", 3, load, is_close);
    check("lightgbm_2.3.1.json", 4, load, is_close);
}

/// Levels that are whole numbers could be taken for codes, so they must not be lost.
#[test]
fn levels_that_belong_to_no_certain_column_are_refused() {
    for (case, expected) in [
        ("pandas_unclear_whole", "categories of 3 pandas columns and 2 categorical features"),
        ("pandas_explicit", "categories of 3 pandas columns and 4 categorical features"),
    ] {
        let error = load(&Cases::read(FILE).refused[case]).unwrap_err();
        assert!(error.to_string().contains(expected), "{case}: {error}");
    }
}

/// Nine rows are a group of eight and one: beside it, the walk must not read the keys that the
/// other model left, which would lead it out of the category sets.
#[test]
fn a_buffer_that_another_model_used_does_no_harm() {
    let cases = Cases::read(FILE).cases;
    let mut out = Predictions::new();
    for (case, rows) in [("missing_nan", 16_u8), ("categories", 9), ("missing_nan", 16)] {
        let model = load(&cases[case].model).unwrap();
        let mut features = FeatureMatrix::new();
        features.reset(rows.into(), 4);
        for row in 0..rows {
            features.row_mut(row.into()).fill(f64::from(row) * -1e9);
        }
        model.predict(&features, &mut out).unwrap();
        let fresh = predict(&model, &features);
        assert_eq!(out.predictions(), fresh.predictions(), "{case}");
    }
}
