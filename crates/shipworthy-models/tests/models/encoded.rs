//! Rows to features.

use std::sync::Arc;

use shipworthy_models::encode::{Encoder, Error, Levels};
use shipworthy_models::{Feature, FeatureKind, FeatureMatrix};
use shipworthy_rows::{Column, DataType, RowBatch, Schema};

fn numeric(name: &str) -> Feature {
    Feature { name: name.into(), kind: FeatureKind::Numeric, levels: Vec::new() }
}

fn categorical(name: &str, levels: &[&str]) -> Feature {
    let levels = levels.iter().map(|&level| level.to_owned()).collect();
    Feature { name: name.into(), kind: FeatureKind::Categorical, levels }
}

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new([
        ("unused", DataType::Timestamp),
        ("late", DataType::Boolean),
        ("seats", DataType::Integer),
        ("distance", DataType::Float),
        ("origin", DataType::String),
    ]))
}

fn batch(schema: &Arc<Schema>) -> RowBatch {
    let columns = vec![
        Column::Timestamp(vec![None; 3]),
        Column::Boolean(vec![Some(true), None, Some(false)]),
        Column::Integer(vec![Some(10), Some(7), None]),
        Column::Float(vec![0.1, f64::NAN, 1e300]),
        Column::String([Some("JFK"), Some("?"), None].into_iter().collect()),
    ];
    RowBatch::new(Arc::clone(schema), columns).unwrap()
}

#[track_caller]
fn check(features: &[Feature], expected: [&[f64]; 3], unknown: usize) {
    let schema = schema();
    let encoder = Encoder::compile(features, &Levels::new(), &schema).unwrap();
    let mut out = FeatureMatrix::new();
    assert_eq!(encoder.encode(&batch(&schema), &mut out), Ok(unknown));
    for (row, expected) in expected.into_iter().enumerate() {
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(out.row(row)), bits(expected), "row {row}");
    }
}

#[track_caller]
fn refused(feature: Feature, levels: &[(&str, &[&str])]) -> Error {
    let levels = levels.iter().map(|(name, levels)| {
        ((*name).to_owned(), levels.iter().map(|&level| level.to_owned()).collect())
    });
    Encoder::compile(&[feature], &levels.collect(), &schema()).unwrap_err()
}

#[test]
fn numbers_stay_and_missing_ones_are_nan() {
    let nan = f64::NAN;
    check(
        &[numeric("distance"), numeric("seats"), numeric("late")],
        [&[0.1, 10.0, 1.0], &[nan, 7.0, nan], &[1e300, nan, 0.0]],
        0,
    );
}

#[test]
fn text_becomes_its_code_and_the_unknown_is_counted() {
    check(&[categorical("origin", &["EWR", "JFK"])], [&[1.0], &[f64::NAN], &[f64::NAN]], 1);
}

#[test]
fn whole_numbers_and_booleans_are_categories_by_value_or_codes_as_they_are() {
    check(&[categorical("seats", &["7", "10"])], [&[1.0], &[0.0], &[f64::NAN]], 0);
    check(&[categorical("seats", &["7", "8"])], [&[f64::NAN], &[0.0], &[f64::NAN]], 1);
    check(&[categorical("late", &["true", "false"])], [&[0.0], &[f64::NAN], &[1.0]], 0);
    check(&[categorical("seats", &[])], [&[10.0], &[7.0], &[f64::NAN]], 0);
}

#[test]
fn levels_of_the_caller_serve_a_model_without_any() {
    let schema = schema();
    let levels = Levels::from([("origin".to_owned(), vec!["JFK".to_owned()])]);
    let encoder = Encoder::compile(&[categorical("origin", &[])], &levels, &schema).unwrap();
    let mut out = FeatureMatrix::new();
    assert_eq!(encoder.encode(&batch(&schema), &mut out), Ok(1));
    assert_eq!(out.row(0), [0.0]);
}

#[test]
fn what_cannot_be_encoded_is_refused_by_name() {
    let column = |name: &str| Arc::<str>::from(name);
    let missing = refused(numeric("gust"), &[]);
    assert_eq!(missing, Error::MissingColumn { column: column("gust") });
    let no_levels = refused(categorical("origin", &[]), &[]);
    assert_eq!(no_levels, Error::NoLevels { column: column("origin") });
    assert_eq!(refused(numeric("origin"), &[]), Error::NoLevels { column: column("origin") });
    let (name, data_type) = (column("unused"), DataType::Timestamp);
    assert_eq!(refused(numeric("unused"), &[]), Error::Type { column: name, data_type });
    let float = refused(categorical("distance", &["1"]), &[]);
    let (name, data_type) = (column("distance"), DataType::Float);
    assert_eq!(float, Error::Type { column: name, data_type });
    let text = refused(categorical("seats", &["7", "many"]), &[]);
    assert!(matches!(text, Error::LevelType { level, .. } if level == "many"));
    let twice = refused(categorical("origin", &["JFK", "JFK"]), &[]);
    assert!(matches!(twice, Error::DuplicateLevel { .. }));
    let differ = refused(categorical("origin", &["JFK", "EWR"]), &[("origin", &["EWR", "JFK"])]);
    assert_eq!(differ, Error::LevelsDiffer { column: column("origin") });
}

#[test]
fn a_batch_of_another_schema_is_refused() {
    let encoder = Encoder::compile(&[numeric("seats")], &Levels::new(), &schema()).unwrap();
    let other = Arc::new(Schema::new([("seats", DataType::Float)]));
    let batch = RowBatch::new(other, vec![Column::Float(vec![1.0])]).unwrap();
    assert_eq!(encoder.encode(&batch, &mut FeatureMatrix::new()), Err(Error::OtherSchema));
}
