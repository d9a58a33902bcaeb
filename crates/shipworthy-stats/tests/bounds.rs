//! Over many samples of two distributions, upper bounds of their distance are below it no more often
//! than their level allows.
#![allow(clippy::unwrap_used, reason = "tests; clippy knows only the functions marked so")]
#![allow(clippy::print_stdout, reason = "how often bounds were wrong is worth reading")]

use shipworthy_stats::bound::{self, CalibrationBins, CellDistance, Expected, Rows, UpperBound};
use shipworthy_stats::counts::{Edges, Histogram, LogBase};
use shipworthy_stats::interval::{Coverage, Proportion};

const RUNS: u64 = 1_000;
const CELLS: [(&str, CellDistance); 4] = [
    ("psi", CellDistance::PopulationStabilityIndex { floor: 1e-4 }),
    ("jensen-shannon", CellDistance::JensenShannon(LogBase::Two)),
    ("hellinger", CellDistance::Hellinger),
    ("total variation", CellDistance::TotalVariation),
];

/// A seeded stream of chance, as in `coverage.rs`.
struct Chance(u64);

impl Chance {
    /// Uniform, above 0 and below 1.
    fn share(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) as f64) + 0.5) / 2_f64.powi(32)
    }

    /// The rows of a sample in each cell.
    fn counts(&mut self, shares: &[f64], rows: usize) -> Vec<u64> {
        let mut counts = vec![0; shares.len()];
        for _ in 0..rows {
            let mut left = self.share();
            let cell = shares.iter().position(|share| {
                left -= share;
                left < 0.0
            });
            counts[cell.unwrap_or(shares.len() - 1)] += 1;
        }
        counts
    }

    /// Numbers in 0 to 1 whose density rises from 1 − tilt to 1 + tilt.
    fn tilted(&mut self, tilt: f64, rows: usize) -> Vec<f64> {
        (0..rows).map(|_| untilted(self.share(), tilt)).collect()
    }
}

/// Where the distribution function (1 − t) x + t x² is this share.
fn untilted(share: f64, tilt: f64) -> f64 {
    if tilt == 0.0 {
        return share;
    }
    let linear = 1.0 - tilt;
    (-linear + (linear * linear + 4.0 * tilt * share).sqrt()) / (2.0 * tilt)
}

fn at_95() -> Coverage {
    Coverage::one_sided(0.95).unwrap()
}

/// Asserts that so many wrong bounds could be chance: one honest run in a thousand would fail.
#[track_caller]
fn check(name: &str, wrong: u64) {
    let rate = Proportion::new(wrong, RUNS).unwrap();
    let at_least = rate.clopper_pearson(Coverage::one_sided(0.999).unwrap()).unwrap().lower;
    println!("{name}: {wrong} of {RUNS} bounds are wrong: {:.4}", rate.value());
    assert!(at_least <= 0.05, "{name}: {wrong} of {RUNS} bounds are wrong");
}

/// The distance of shares that are known.
fn truth(distance: CellDistance, p: &[f64], q: &[f64]) -> f64 {
    // As many rows as it takes for the shares to be these.
    let many: Vec<u64> =
        q.iter().map(|share| format!("{:.0}", share * 1e15).parse().unwrap()).collect();
    distance.upper_bound(Expected::Known(p), &many, at_95()).unwrap().value
}

#[test]
fn of_shares_many_and_few_near_and_far() {
    let even = |cells: usize| vec![1.0 / cells as f64; cells];
    let half_more =
        |by: f64| (0..10).map(|cell| if cell < 5 { 0.1 + by } else { 0.1 - by }).collect();
    let cases: [(&str, Vec<f64>, Vec<f64>); 6] = [
        ("two cells, near", vec![0.5, 0.5], vec![0.53, 0.47]),
        ("two cells", vec![0.3, 0.7], vec![0.45, 0.55]),
        ("ten cells, near", even(10), half_more(0.02)),
        ("ten cells", even(10), half_more(0.045)),
        ("rare classes", vec![0.9, 0.08, 0.02], vec![0.95, 0.045, 0.005]),
        ("a class that goes away", vec![0.9, 0.09, 0.01], vec![0.91, 0.0899, 0.0001]),
    ];
    let mut chance = Chance(11);
    for (name, p, q) in &cases {
        for (n, m) in [(300, 300), (2_000, 300)] {
            let mut wrong = [[0; 4]; 2];
            for _ in 0..RUNS {
                let (reference, current) = (chance.counts(p, n), chance.counts(q, m));
                let expected = [Expected::Counted(&reference, Rows::Others), Expected::Known(p)];
                for (wrong, expected) in wrong.iter_mut().zip(expected) {
                    for (wrong, (_, distance)) in wrong.iter_mut().zip(CELLS) {
                        let found = distance.upper_bound(expected, &current, at_95()).unwrap();
                        *wrong += u64::from(found.upper < truth(distance, p, q));
                    }
                }
            }
            for (wrong, kind) in wrong.iter().zip(["counted", "known"]) {
                for (wrong, (distance, _)) in wrong.iter().zip(CELLS) {
                    check(&format!("{distance}, {name}, {n} {kind} and {m} rows"), *wrong);
                }
            }
        }
    }
}

#[test]
fn of_numbers_in_cells_with_as_many_rows_of_the_reference() {
    let mut chance = Chance(12);
    for tilt in [0.1, 0.9] {
        let shares: Vec<f64> = (0..10)
            .map(|cell| {
                let below = |x: f64| (1.0 - tilt) * x + tilt * x * x;
                below(f64::from(cell + 1) / 10.0) - below(f64::from(cell) / 10.0)
            })
            .collect();
        for (n, m) in [(300, 300), (1_000, 300)] {
            let mut wrong = [0; 4];
            for _ in 0..RUNS {
                let (reference, current) = (chance.tilted(0.0, n), chance.tilted(tilt, m));
                let edges = Edges::quantiles(&reference, 10).unwrap();
                let counts = |values| Histogram::of(&edges, values).unwrap().counts().to_vec();
                let (p, q) = (counts(&reference), counts(&current));
                for (wrong, (_, distance)) in wrong.iter_mut().zip(CELLS) {
                    let expected = Expected::Counted(&p, Rows::Others);
                    let found = distance.upper_bound(expected, &q, at_95()).unwrap();
                    *wrong += u64::from(found.upper < truth(distance, &[0.1; 10], &shares));
                }
            }
            for (wrong, (distance, _)) in wrong.iter().zip(CELLS) {
                check(&format!("{distance}, tilt {tilt}, {n} and {m} rows"), *wrong);
            }
        }
    }
}

type OfNumbers = fn(&[f64], &[f64], Rows, Coverage) -> Result<UpperBound, shipworthy_stats::Error>;

#[test]
fn of_numbers_themselves() {
    let mut chance = Chance(13);
    for tilt in [0.1_f64, 0.9] {
        // The gap of the distribution functions is t x (1 − x).
        let truths: [(&str, OfNumbers, f64); 4] = [
            ("kolmogorov-smirnov", bound::kolmogorov_smirnov, tilt / 4.0),
            ("wasserstein", bound::wasserstein, tilt / 6.0),
            ("wasserstein, normalised", bound::wasserstein_normalised, tilt / 6.0 * 12_f64.sqrt()),
            ("energy", bound::energy, (tilt * tilt / 15.0).sqrt()),
        ];
        for (n, m) in [(100, 100), (800, 400)] {
            // Of other rows, and of the same ones: alike, and as opposite as can be.
            for same in [None, Some(false), Some(true)] {
                let mut wrong = [0; 4];
                for _ in 0..RUNS {
                    let shares: Vec<f64> = (0..n).map(|_| chance.share()).collect();
                    let tilted = |share: &f64| untilted(*share, tilt);
                    let (current, rows) = match same {
                        None => (chance.tilted(tilt, m), Rows::Others),
                        Some(false) => (shares.iter().map(tilted).collect(), Rows::Same),
                        Some(true) => (
                            shares.iter().map(|share| tilted(&(1.0 - share))).collect(),
                            Rows::Same,
                        ),
                    };
                    for (wrong, (_, of, truth)) in wrong.iter_mut().zip(truths) {
                        let found = of(&shares, &current, rows, at_95()).unwrap();
                        *wrong += u64::from(found.upper < truth);
                    }
                }
                for (wrong, (name, ..)) in wrong.iter().zip(truths) {
                    check(&format!("{name}, tilt {tilt}, {n} and {m} rows, {same:?}"), *wrong);
                }
            }
        }
    }
}

type Says = fn(f64) -> f64;

#[test]
fn of_calibration_errors() {
    let mut chance = Chance(14);
    // What is said of a chance c: too low, too sure on both sides, and nothing of what is rare.
    let cases: [(&str, Says, f64, f64, f64); 3] = [
        ("too low", |c| c - 0.05, 0.1, 0.9, 0.05),
        ("too sure", |c| c + 0.2 * (c - 0.5), 0.1, 0.9, 0.2 * 0.2),
        ("never", |_| 0.0, 0.02, 0.02, 0.02),
    ];
    for (name, says, low, high, truth) in cases {
        for rows in [100, 1_000] {
            let mut wrong = [0; 4];
            for _ in 0..RUNS {
                let chances: Vec<f64> =
                    (0..rows).map(|_| low + (high - low) * chance.share()).collect();
                let labels: Vec<bool> = chances.iter().map(|c| chance.share() < *c).collect();
                let scores: Vec<f64> = chances.iter().map(|c| says(*c)).collect();
                let bins = [CalibrationBins::EqualWidth(10), CalibrationBins::EqualMass(10)];
                for (wrong, bins) in wrong.chunks_mut(2).zip(bins) {
                    let found = bound::calibration_error(&labels, &scores, bins, at_95()).unwrap();
                    wrong[0] += u64::from(found.interval.upper < truth);
                    wrong[1] += u64::from(found.interval.lower > truth);
                }
            }
            for (wrong, bound) in wrong.iter().zip(["upper", "lower", "upper, mass", "lower, mass"])
            {
                check(&format!("calibration error, {bound}, {name}, {rows} rows"), *wrong);
            }
        }
    }
}
