//! Models that the built-in trainer writes: XGBoost JSON without names or categories.

use hessboost::config::{BoosterKind, Dart, TrainingParams};
use hessboost::data::{DMatrix, FeatureType};
use hessboost::model::{Iterations, ModelFormat};
use hessboost::objective::{Multiclass, Objective, RegLoss};
use hessboost::training::train;
use shipworthy_models::xgboost::{self, Annotation};
use shipworthy_models::{FeatureKind, FeatureMatrix, Model};

use crate::fixtures::{F32, assert_close, predict};

const ROWS: usize = 400;

/// Two numbers (some missing) and a category of six, from a small linear congruence.
fn rows() -> Vec<f32> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    (0..ROWS)
        .flat_map(|_| {
            let number = (next() % 1_000) as f32 / 10.0;
            let sparse = if next() % 5 == 0 { f32::NAN } else { (next() % 50) as f32 };
            [number, sparse, (next() % 6) as f32]
        })
        .collect()
}

fn labels(rows: &[f32], classes: u32) -> Vec<f32> {
    let label = |row: &[f32]| (row[0] as u32 / 20 + row[2] as u32 * 3) % classes;
    rows.chunks_exact(3).map(|row| label(row) as f32).collect()
}

#[track_caller]
fn check(objective: Objective, classes: u32, booster: Option<BoosterKind>) -> Vec<u8> {
    let rows = rows();
    let types = [FeatureType::Numerical, FeatureType::Numerical, FeatureType::Categorical];
    let data = DMatrix::from_dense(&rows, ROWS, 3).unwrap();
    let data = data.with_labels(&labels(&rows, classes)).unwrap();
    let data = data.with_feature_types(&types).unwrap();
    let mut params = TrainingParams::builder().objective(objective).max_depth(4).eta(0.3);
    if let Some(booster) = booster {
        params = params.booster(booster);
    }
    let trained = train(&params.build().unwrap(), &data, 12).unwrap();
    let expected = trained.predict(&data, Iterations::Best).unwrap();
    let json = trained.encode(ModelFormat::XgboostJson).unwrap();

    let model = xgboost::load(&json).unwrap();
    assert_eq!(model.features()[2].kind, FeatureKind::Categorical);
    assert_eq!(&*model.features()[0].name, "f0");
    let mut features = FeatureMatrix::new();
    features.reset(ROWS, 3);
    for (row, values) in rows.chunks_exact(3).enumerate() {
        features.row_mut(row).iter_mut().zip(values).for_each(|(to, from)| *to = f64::from(*from));
    }
    let found = predict(&model, &features);
    let width = found.prediction_width();
    for row in 0..ROWS {
        let expected: Vec<f64> =
            (0..width).map(|k| f64::from(*expected.get(row, k).unwrap())).collect();
        assert_close(found.prediction(row), &expected, F32, &format!("row {row}"));
    }
    json
}

#[test]
fn a_binary_model_predicts_the_same_and_takes_names() {
    let json = check(Objective::BinaryLogistic(RegLoss::default()), 2, None);
    let levels = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
    let annotation = |name, feature_type, levels| Annotation { name, feature_type, levels };
    let features = [
        annotation("number", xgboost::FeatureType::Float, &[][..]),
        annotation("sparse", xgboost::FeatureType::Integer, &[]),
        annotation("kind", xgboost::FeatureType::Categorical, &levels),
    ];
    let model = xgboost::load(&xgboost::annotate(&json, &features).unwrap()).unwrap();
    assert_eq!(model.features()[2].levels, levels);
    assert_eq!(&*model.features()[1].name, "sparse");
}

#[test]
fn a_regression_predicts_the_same() {
    check(Objective::SquaredError(RegLoss::default()), 9, None);
}

#[test]
fn classes_predict_the_same() {
    check(Objective::Softprob(Multiclass::new(3).unwrap()), 3, None);
}

#[test]
fn dart_weights_are_found_beside_the_trees() {
    let dart = Dart::builder().rate_drop(0.3).build().unwrap();
    let objective = Objective::BinaryLogistic(RegLoss::default());
    let json = check(objective, 2, Some(BoosterKind::Dart(dart)));
    assert!(String::from_utf8(json).unwrap().contains("weight_drop"));
}
