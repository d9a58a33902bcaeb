//! What must hold of tests, distances and sketches for every input.
#![allow(clippy::float_cmp, reason = "results that are promised exactly are compared exactly")]

use proptest::collection::vec;
use proptest::prelude::*;
use shipworthy_stats::Error;
use shipworthy_stats::counts::*;
use shipworthy_stats::presets::{self, Samples};
use shipworthy_stats::two_sample::*;

/// Half of the values on a grid, so that ties are common.
fn sample() -> impl Strategy<Value = Vec<f64>> {
    vec(prop_oneof![(0_u32..6).prop_map(f64::from), -3.0..9.0], 1..40)
}

fn reversed<T: Clone>(values: &[T]) -> Vec<T> {
    values.iter().rev().cloned().collect()
}

type Scores = Vec<(&'static str, Result<f64, Error>)>;

fn symmetric_distances(r: &[f64], c: &[f64]) -> Scores {
    let (p, q) = Binning::Values.counts(r, c).expect("finite");
    vec![
        ("wasserstein", wasserstein_distance(r, c)),
        ("energy", energy_distance(r, c)),
        ("psi", population_stability_index(&p, &q, ZeroShares::Floor(1e-4))),
        ("js", jensen_shannon_distance(&p, &q, LogBase::Two)),
        ("hellinger", hellinger_distance(&p, &q)),
        ("tv", total_variation_distance(&p, &q)),
        ("linf", l_infinity_distance(&p, &q)),
    ]
}

fn p_values(r: &[f64], c: &[f64]) -> Scores {
    let (p, q) = Binning::Values.counts(r, c).expect("finite");
    let of = |result: Result<TestResult, Error>| result.map(|result| result.p_value);
    vec![
        ("ks", of(kolmogorov_smirnov(r, c))),
        ("ks asymptotic", of(kolmogorov_smirnov_asymptotic(r, c))),
        ("mann-whitney", of(mann_whitney(r, c, Alternative::TwoSided))),
        ("cramer-von mises", of(cramer_von_mises(r, c))),
        ("welch", of(welch_t(r, c))),
        ("student", of(student_t(r, c))),
        ("z", of(z_of_means(r, c))),
        ("contingency", of(chi_squared_contingency(&p, &q, Continuity::Yates))),
    ]
}

fn same(a: &Result<f64, Error>, b: &Result<f64, Error>) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * (1e-3 + a.abs()),
        (Err(_), Err(_)) => true,
        _ => false,
    }
}

proptest! {
    #[test]
    fn which_sample_comes_first_and_in_which_order_does_not_matter(r in sample(), c in sample()) {
        for scores in [symmetric_distances, p_values] {
            let there = scores(&r, &c);
            for other in [scores(&c, &r), scores(&reversed(&r), &reversed(&c))] {
                for ((name, a), (_, b)) in there.iter().zip(&other) {
                    prop_assert!(same(a, b), "{}: {:?} {:?}", name, a, b);
                }
            }
        }
    }

    #[test]
    fn distances_are_not_negative_and_vanish_for_equal_samples(r in sample(), c in sample()) {
        for (name, distance) in symmetric_distances(&r, &c) {
            prop_assert!(distance? >= 0.0, "{}", name);
        }
        for (name, distance) in symmetric_distances(&r, &reversed(&r)) {
            prop_assert_eq!(distance?, 0.0, "{}", name);
        }
    }

    #[test]
    fn p_values_are_chances(r in sample(), c in sample()) {
        for (name, p) in p_values(&r, &c) {
            if let Ok(p) = p {
                prop_assert!((0.0..=1.0).contains(&p), "{}: {}", name, p);
            }
        }
        for alternative in [Alternative::Less, Alternative::Greater] {
            let p = mann_whitney(&r, &c, alternative)?.p_value;
            prop_assert!((0.0..=1.0).contains(&p));
        }
        prop_assert_eq!(kolmogorov_smirnov(&r, &reversed(&r))?.p_value, 1.0);
    }

    #[test]
    fn sketches_of_the_parts_merge_into_the_sketch_of_the_whole(
        r in sample(), c in sample(), bins in 1_usize..12,
    ) {
        let edges = Edges::quantiles(&r, bins)?;
        let whole = Histogram::of(&edges, &[r.clone(), c.clone()].concat())?;
        let mut merged = Histogram::of(&edges, &r)?;
        let mut other = Histogram::of(&edges, &c)?;
        other.merge(&merged)?;
        merged.merge(&Histogram::of(&edges, &c)?)?;
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(&other, &whole);

        let count = |values: &[f64]| {
            let mut counts = CategoryCounts::<String>::new(1000);
            values.iter().try_for_each(|value| counts.add(value.to_string().as_str())).map(|()| counts)
        };
        let mut merged = count(&r)?;
        merged.merge(&count(&c)?)?;
        prop_assert_eq!(merged, count(&[r, c].concat())?);
    }

    #[test]
    fn every_rule_of_bins_counts_every_row(r in sample(), c in sample(), bins in 1_usize..12) {
        let fixed = Edges::new(vec![0.0, 2.0, 5.0])?;
        for binning in [
            Binning::Sturges, Binning::SturgesOfDistinct, Binning::Doane,
            Binning::Quantiles(bins), Binning::Fixed(fixed), Binning::Values,
        ] {
            let (p, q) = binning.counts(&r, &c)?;
            prop_assert_eq!(p.iter().sum::<u64>(), r.len() as u64);
            prop_assert_eq!(q.iter().sum::<u64>(), c.len() as u64);
        }
    }

    #[test]
    fn no_input_panics_or_gives_nan(
        r in vec(any::<f64>(), 0..12), c in vec(prop_oneof![any::<f64>(), Just(0.0), Just(f64::MAX)], 0..12),
        p in vec(any::<u64>(), 0..5), q in vec(any::<u64>(), 0..5),
    ) {
        let of = |result: Result<TestResult, Error>| result.map(|t| t.p_value + 0.0 * t.statistic);
        let mut answers = vec![
            of(kolmogorov_smirnov(&r, &c)), of(mann_whitney(&r, &c, Alternative::Less)),
            of(cramer_von_mises(&r, &c)), of(welch_t(&r, &c)), of(student_t(&r, &c)),
            of(z_of_means(&r, &c)), wasserstein_normalised(&r, &c, 0.0), energy_distance(&r, &c),
            of(chi_squared_contingency(&p, &q, Continuity::Yates)),
            of(chi_squared_goodness_of_fit(&p, &q)),
            population_stability_index(&p, &q, ZeroShares::Refuse),
            population_stability_index(&p, &q, ZeroShares::Evidently),
            kullback_leibler_divergence(&p, &q, ZeroShares::Floor(1e-4), LogBase::Two),
            jensen_shannon_distance(&p, &q, LogBase::Two), hellinger_distance(&p, &q),
        ];
        for binning in [Binning::Sturges, Binning::Doane, Binning::Quantiles(4), Binning::Values] {
            let counts = binning.counts(&r, &c);
            answers.push(counts.and_then(|(p, q)| total_variation_distance(&p, &q)));
        }
        let samples = Samples::Numbers(&r, &c);
        answers.push(presets::evidently(samples).and_then(|rule| rule.method.score(samples)));
        for answer in answers.into_iter().flatten() {
            prop_assert!(answer.is_finite());
        }
    }
}
