//! What holds for any rows.

use proptest::prelude::*;
use shipworthy_models::{FeatureMatrix, Model, Predictions, TreeEnsemble, xgboost};

use crate::fixtures::{model_json, predict};

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        1 => Just(f64::NAN),
        6 => -2.0..100.0_f64,
        3 => (0..20_u8).prop_map(f64::from),
        1 => any::<f64>(),
    ]
}

fn matrix(values: &[f64], width: usize) -> FeatureMatrix {
    let mut features = FeatureMatrix::new();
    features.reset(values.len() / width, width);
    for (row, values) in values.chunks_exact(width).enumerate() {
        features.row_mut(row).copy_from_slice(values);
    }
    features
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn alone_as_in_a_batch(model: &TreeEnsemble, values: &[f64]) {
    let width = model.features().len();
    let batch = predict(model, &matrix(values, width));
    let mut one = Predictions::new();
    for (row, values) in values.chunks_exact(width).enumerate() {
        model.predict(&matrix(values, width), &mut one).unwrap();
        assert_eq!(bits(one.margin(0)), bits(batch.margin(row)));
        assert_eq!(bits(one.prediction(0)), bits(batch.prediction(row)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_row_gets_the_same_bits_alone_and_in_any_batch(
        values in prop::collection::vec(value(), 16 * 200), rows in 1..200_usize,
    ) {
        for case in ["xgb_dart", "xgb_multiclass_softmax"] {
            let model = xgboost::load(&model_json(case)).unwrap();
            alone_as_in_a_batch(&model, &values[..16 * rows]);
        }
        let model = xgboost::load(&model_json("xgb_tabular_cat")).unwrap();
        alone_as_in_a_batch(&model, &values[..13 * rows]);
    }
}

#[test]
fn buffers_are_reused_and_replaced() {
    let model = xgboost::load(&model_json("xgb_multiclass_softmax")).unwrap();
    let mut out = Predictions::new();
    for rows in [100, 3, 0, 65] {
        let mut features = FeatureMatrix::new();
        features.reset(rows, 16);
        model.predict(&features, &mut out).unwrap();
        assert_eq!((out.rows(), out.margin_width(), out.prediction_width()), (rows, 4, 1));
    }
}

#[test]
fn a_matrix_of_another_width_is_refused() {
    let model = xgboost::load(&model_json("xgb_dart")).unwrap();
    let mut features = FeatureMatrix::new();
    features.reset(1, 15);
    let error = model.predict(&features, &mut Predictions::new()).unwrap_err();
    assert_eq!(error.to_string(), "the model takes 16 features, not 15");
}
