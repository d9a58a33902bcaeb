//! Over many samples, bounds are wrong no more often than their level allows.
#![allow(clippy::unwrap_used, reason = "tests; clippy knows only the functions marked so")]
#![allow(clippy::print_stdout, reason = "how often bounds were wrong is worth reading")]

use shipworthy_stats::bootstrap::Bootstrap;
use shipworthy_stats::classification::{Delong, DelongPair, brier_score};
use shipworthy_stats::interval::{Coverage, Proportion};
use shipworthy_stats::paired::NonInferiority;
use shipworthy_stats::special::{normal_cdf, normal_quantile};

const LEVEL: f64 = 0.95;

/// A seeded stream of chance: a 64-bit linear congruential generator with Knuth's constants, of which
/// the upper half is used.
struct Chance(u64);

impl Chance {
    /// Uniform, above 0 and below 1.
    fn share(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) as f64) + 0.5) / 2_f64.powi(32)
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.share()).unwrap()
    }
}

fn one_sided() -> Coverage {
    Coverage::one_sided(LEVEL).unwrap()
}

/// Asserts that so many wrong bounds could be chance, were each wrong with the chance that the level
/// allows: one honest run in a thousand would fail.
#[track_caller]
fn check(wrong: u64, runs: u64) {
    let rate = Proportion::new(wrong, runs).unwrap();
    let at_least = rate.clopper_pearson(Coverage::one_sided(0.999).unwrap()).unwrap().lower;
    println!("{wrong} of {runs} bounds are wrong: {:.4}", rate.value());
    assert!(at_least <= 1.0 - LEVEL, "{wrong} of {runs} bounds are wrong");
}

#[test]
fn bounds_of_a_proportion() {
    let mut chance = Chance(1);
    let (runs, trials, truth) = (2_000, 400, 0.75);
    let mut wrong = [0; 4];
    for _ in 0..runs {
        let successes = (0..trials).filter(|_| chance.share() < truth).count() as u64;
        let seen = Proportion::new(successes, trials).unwrap();
        let (wilson, exact) =
            (seen.wilson(one_sided()), seen.clopper_pearson(one_sided()).unwrap());
        wrong[0] += u64::from(wilson.lower > truth);
        wrong[1] += u64::from(wilson.upper < truth);
        wrong[2] += u64::from(exact.lower > truth);
        wrong[3] += u64::from(exact.upper < truth);
    }
    wrong.iter().for_each(|&wrong| check(wrong, runs));
}

/// Labels, and scores of two models whose areas under the curve are known: the scores of positive
/// rows are normal around `shift`, those of negative rows around 0.
fn scored(chance: &mut Chance, rows: usize, shifts: [f64; 2]) -> (Vec<bool>, [Vec<f64>; 2]) {
    let labels: Vec<bool> = (0..rows).map(|row| row % 4 == 0).collect();
    let mut scores = [vec![], vec![]];
    for &label in &labels {
        let shared = chance.normal();
        for (scores, shift) in scores.iter_mut().zip(shifts) {
            let noise = 0.8 * shared + 0.6 * chance.normal();
            scores.push(noise + if label { shift } else { 0.0 });
        }
    }
    (labels, scores)
}

/// The chance that a normal number around `shift` is above one around 0.
fn area(shift: f64) -> f64 {
    normal_cdf(shift / 2_f64.sqrt())
}

#[test]
fn bounds_of_the_area_under_the_curve() {
    let mut chance = Chance(2);
    let (runs, shift) = (1_000, 1.2);
    let mut wrong = [0; 2];
    for _ in 0..runs {
        let (labels, [scores, _]) = scored(&mut chance, 400, [shift, 0.0]);
        let interval = Delong::of(&labels, &scores).unwrap().interval(one_sided()).unwrap();
        wrong[0] += u64::from(interval.lower > area(shift));
        wrong[1] += u64::from(interval.upper < area(shift));
    }
    wrong.iter().for_each(|&wrong| check(wrong, runs));
}

#[test]
fn bounds_of_a_high_area_under_the_curve() {
    let mut chance = Chance(5);
    let (runs, shift) = (1_000, 2.33);
    let mut wrong = [0; 2];
    for _ in 0..runs {
        let (labels, [scores, _]) = scored(&mut chance, 200, [shift, 0.0]);
        let interval = Delong::of(&labels, &scores).unwrap().logit_interval(one_sided()).unwrap();
        wrong[0] += u64::from(interval.lower > area(shift));
        wrong[1] += u64::from(interval.upper < area(shift));
    }
    wrong.iter().for_each(|&wrong| check(wrong, runs));
}

#[test]
fn a_candidate_at_the_margin_rarely_passes_as_not_inferior() {
    let mut chance = Chance(3);
    let (runs, shifts) = (1_000, [1.1, 1.2]);
    let margin = area(shifts[1]) - area(shifts[0]);
    let mut passed = 0;
    for _ in 0..runs {
        let (labels, [candidate, stable]) = scored(&mut chance, 400, shifts);
        let difference = DelongPair::of(&labels, &candidate, &stable).unwrap();
        let interval = difference.interval(one_sided()).unwrap();
        passed += u64::from(NonInferiority::of(interval, margin).unwrap().holds);
    }
    check(passed, runs);
}

#[test]
fn a_candidate_below_a_very_good_one_rarely_passes_either() {
    let mut chance = Chance(6);
    let (runs, shifts) = (1_000, [2.5, 3.3]);
    let margin = area(shifts[1]) - area(shifts[0]);
    let mut passed = 0;
    for _ in 0..runs {
        let (labels, [candidate, stable]) = scored(&mut chance, 200, shifts);
        let difference = DelongPair::of(&labels, &candidate, &stable).unwrap();
        let interval = difference.recovered_interval(one_sided()).unwrap();
        passed += u64::from(NonInferiority::of(interval, margin).unwrap().holds);
    }
    check(passed, runs);
}

#[test]
fn bounds_by_resampling() {
    let mut chance = Chance(4);
    // A calibrated model: the label happens with the chance that it says.
    let (runs, rows) = (400, 150);
    // The mean of p (1 − p) for a uniform p.
    let truth = 1.0 / 6.0;
    let mut wrong = [0; 2];
    for seed in 0..runs {
        let scores: Vec<f64> = (0..rows).map(|_| chance.share()).collect();
        let labels: Vec<bool> = scores.iter().map(|&score| chance.share() < score).collect();
        let bootstrap = Bootstrap::new(seed, 399).unwrap();
        let interval = bootstrap.of_scores(&labels, &scores, one_sided(), brier_score).unwrap();
        wrong[0] += u64::from(interval.lower > truth);
        wrong[1] += u64::from(interval.upper < truth);
    }
    wrong.iter().for_each(|&wrong| check(wrong, runs));
}
