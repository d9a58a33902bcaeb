//! Corners of counts, bins and sketches.

use super::*;
use crate::two_sample::TestResult;

#[test]
fn an_unseen_category_is_named() {
    let unseen = chi_squared_goodness_of_fit(&[5, 0, 3], &[4, 2, 1]);
    assert_eq!(unseen, Err(Error::Unseen { cell: 1, rows: 2 }));
    let psi = population_stability_index(&[5, 0, 3], &[4, 2, 1], ZeroShares::Refuse);
    assert_eq!(psi, Err(Error::ZeroShare { cell: 1 }));
}

#[test]
fn one_category_is_no_drift() {
    let alike = Ok(TestResult { statistic: 0.0, p_value: 1.0 });
    assert_eq!(chi_squared_goodness_of_fit(&[5, 0], &[9, 0]), alike);
    assert_eq!(chi_squared_contingency(&[5, 0], &[9, 0], Continuity::Yates), alike);
    assert_eq!(population_stability_index(&[5, 0], &[9, 0], ZeroShares::Refuse), Ok(0.0));
}

#[test]
fn disjoint_samples_are_as_far_as_can_be() {
    let (p, q) = ([5, 0], [0, 7]);
    assert_eq!(hellinger_distance(&p, &q), Ok(1.0));
    assert_eq!(total_variation_distance(&p, &q), Ok(1.0));
    assert_eq!(jensen_shannon_distance(&p, &q, LogBase::Two), Ok(1.0));
}

#[test]
fn an_empty_side_and_other_cells_are_named() {
    let empty = Error::EmptySample { sample: "current" };
    assert_eq!(hellinger_distance(&[1, 2], &[0, 0]), Err(empty));
    assert_eq!(l_infinity_distance(&[], &[]), Err(Error::EmptySample { sample: "reference" }));
    let differ = Error::CellsDiffer { reference: 1, current: 2 };
    assert_eq!(total_variation_distance(&[1], &[1, 2]), Err(differ));
    let floor = population_stability_index(&[1], &[1], ZeroShares::Floor(0.0));
    assert!(matches!(floor, Err(Error::OutOfDomain { argument: "floor", .. })));
}

#[test]
fn enormous_counts_do_not_overflow() {
    let (p, q) = ([u64::MAX, u64::MAX], [u64::MAX, 1]);
    assert!(hellinger_distance(&p, &q).is_ok_and(|distance| distance < 1.0));
    assert!(chi_squared_contingency(&p, &q, Continuity::None).is_ok_and(|t| t.p_value == 0.0));
}

#[test]
fn a_bin_starts_at_its_edge() {
    let edges = Edges::new(vec![0.0, 1.0]).expect("ascending");
    let histogram = Histogram::of(&edges, &[-5.0, -0.0, 0.5, 1.0, 9.0]).expect("finite");
    assert_eq!(histogram.counts(), [1, 2, 2]);
    assert_eq!(Edges::new(vec![1.0, 1.0]), Err(Error::EdgesOutOfOrder { index: 1 }));
    assert!(Edges::new(vec![f64::NAN]).is_err());
    assert!(Edges::new((0..=MAX_EDGES).map(|i| i as f64).collect()).is_err());
    assert!(Edges::quantiles(&[1.0], 0).is_err());
}

#[test]
fn sketches_refuse_what_does_not_fit() {
    let edges = |edge| Edges::new(vec![edge]).expect("ascending");
    let mut histogram = Histogram::new(edges(0.0));
    assert_eq!(histogram.merge(&Histogram::new(edges(1.0))), Err(Error::EdgesDiffer));
    assert!(histogram.add(f64::INFINITY).is_err());
    histogram.add(3.0).expect("finite");
    assert_eq!(histogram.counts(), [0, 1]);

    let mut categories = CategoryCounts::<String>::new(2);
    for category in ["a", "b", "a"] {
        categories.add(category).expect("room");
    }
    assert_eq!(categories.add("c"), Err(Error::TooManyCategories { most: 2 }));
    let mut others = CategoryCounts::<String>::new(2);
    others.add("c").expect("room");
    assert_eq!(categories.aligned(&others), (vec![2, 1, 0], vec![0, 0, 1]));
    let before = categories.clone();
    assert_eq!(categories.merge(&others), Err(Error::TooManyCategories { most: 2 }));
    assert_eq!(categories, before);
}
