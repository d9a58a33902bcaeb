use super::*;
use crate::classification::{brier_score, roc_auc};
use crate::regression::mae;

fn at(level: f64) -> Coverage {
    Coverage::two_sided(level).expect("a valid level")
}

fn bootstrap() -> Bootstrap {
    Bootstrap::new(1, 999).expect("a valid number of resamples")
}

#[test]
fn impossible_numbers_of_resamples_are_refused() {
    for resamples in [0, MIN_RESAMPLES - 1, MAX_RESAMPLES + 1] {
        assert!(matches!(Bootstrap::new(1, resamples), Err(Error::ResamplesOutOfRange { .. })));
    }
}

#[test]
fn a_quantile_lies_on_the_line_between_two() {
    let sorted = [1.0, 2.0, 4.0];
    let of = |share| quantile(&sorted, share);
    assert_eq!([of(0.0), of(0.25), of(0.5), of(0.75), of(1.0)], [1.0, 1.5, 2.0, 3.0, 4.0]);
}

#[test]
fn a_metric_that_never_changes_has_no_interval() {
    let scored = bootstrap().of_scores(&[true, true], &[0.5, 0.5], at(0.9), brier_score);
    assert_eq!(scored, Err(Error::NoVariation { what: "metric on the resamples" }));
}

#[test]
fn a_resample_without_a_class_is_told() {
    let labels = [true, false, false, false];
    let interval = bootstrap().of_scores(&labels, &[0.9, 0.1, 0.2, 0.3], at(0.9), roc_auc);
    let Err(Error::UndefinedOnResample { source }) = interval else { panic!("{interval:?}") };
    assert!(matches!(*source, Error::OneClass { .. }));
}

#[test]
fn resamples_on_one_side_of_the_value_are_told() {
    // Every row is drawn only when all rows are there.
    let distinct = |indices: &[usize]| Ok(indices.chunk_by(|a, b| a == b).count() as f64);
    assert_eq!(bootstrap().of_indices(40, at(0.9), distinct), Err(Error::BiasedResamples));
}

#[test]
fn an_error_of_the_metric_is_its_own() {
    let one = bootstrap().of_scores(&[true], &[0.5], at(0.9), roc_auc);
    assert_eq!(one, Err(Error::OneClass { label: true }));
    assert_eq!(bootstrap().of_scores(&[], &[], at(0.9), roc_auc), Err(Error::Empty));
    assert_eq!(bootstrap().of_indices(0, at(0.9), |_| Ok(1.0)), Err(Error::Empty));
    let nan = bootstrap().of_predictions(&[1.0, f64::NAN], &[1.0, 2.0], at(0.9), mae);
    assert_eq!(nan, Err(Error::NotFinite { input: "targets", index: 1 }));
}
