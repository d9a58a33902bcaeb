use super::*;
use crate::counts::LogBase;

fn at(level: f64) -> Coverage {
    Coverage::one_sided(level).expect("a valid level")
}

const NATS: CellDistance = CellDistance::JensenShannon(LogBase::Natural);
const ALL: [CellDistance; 4] = [
    CellDistance::PopulationStabilityIndex { floor: 1e-4 },
    NATS,
    CellDistance::Hellinger,
    CellDistance::TotalVariation,
];

#[test]
fn the_errors_of_shares_are_those_of_the_formulas() {
    let (z, n, m) = (1.644_853_626_951_472_7, 400.0_f64, 100.0_f64);
    let of = |distance: CellDistance, expected| {
        let found = distance.upper_bound(expected, &[50, 50], at(0.95)).expect("valid");
        (found.value, found.upper)
    };
    let others = Expected::Counted(&[200, 200], Rows::Others);
    let near = |(value, upper): (f64, f64), expected: f64| {
        assert!(
            value.abs() < 1e-12 && (upper - expected).abs() < 1e-9,
            "{upper} is not {expected}"
        );
    };
    let both = (1.0 / n + 1.0 / m).sqrt();
    near(of(CellDistance::Hellinger, others), z * both / 8.0_f64.sqrt());
    near(of(CellDistance::TotalVariation, others), z * both / 2.0);
    near(of(NATS, others), z * both / 8.0_f64.sqrt());
    near(of(ALL[0], others), (z * both).powi(2));
    // Of the same rows the errors add up; known shares have none.
    let same = Expected::Counted(&[200, 200], Rows::Same);
    near(of(CellDistance::TotalVariation, same), z * (0.05 + 0.1) / 2.0);
    let known = Expected::Known(&[0.5, 0.5]);
    near(of(CellDistance::TotalVariation, known), z * 0.1 / 2.0);
    near(of(ALL[0], known), (z * 0.1).powi(2));
}

/// Of one row, Var of ½ ln(2q / (p + q)) is at most that of a length near 0, 2 JSD / 4: pointwise in
/// r = p / q.
#[test]
fn no_error_of_a_jensen_shannon_distance_is_larger_than_that_near_zero() {
    for step in -3_000..=3_000 {
        let r = 10_f64.powf(f64::from(step) / 500.0);
        let divergence = r * (2.0 * r / (1.0 + r)).ln() + (2.0 / (1.0 + r)).ln();
        let square = (2.0 / (1.0 + r)).ln().powi(2);
        assert!(square <= divergence + 1e-15, "at {r}: {square} and {divergence}");
    }
}

#[test]
fn the_error_of_a_stability_index_is_that_of_the_delta_method() {
    // The slopes of Σ (p − q) ln(p / q) at q, by finite differences along the simplex.
    let (p, q) = ([0.5_f64, 0.3, 0.2], [0.2_f64, 0.3, 0.5]);
    let index =
        |q: &[f64]| q.iter().zip(&p).map(|(q, p)| (p - q) * (p / q).ln()).sum::<f64>().sqrt();
    let mut variance = 0.0;
    for cell in 0..3 {
        // Towards a sample that is this cell alone: the influence of one row there.
        let moved = |by: f64| {
            let towards =
                |(at, share): (usize, &f64)| share + by * (f64::from(u8::from(at == cell)) - share);
            index(&q.iter().enumerate().map(towards).collect::<Vec<_>>())
        };
        let influence = (moved(1e-6) - moved(-1e-6)) / 2e-6;
        variance += q[cell] * influence.powi(2);
    }
    let counts = [200, 300, 500];
    let known = Expected::Known(&p);
    let found = ALL[0].upper_bound(known, &counts, at(0.95)).expect("valid");
    let error = (found.upper.sqrt() - found.value.sqrt()) / 1.644_853_626_951_472_7;
    assert!((error - (variance / 1000.0).sqrt()).abs() < 1e-7, "{error}");
}

#[test]
fn bounds_are_at_least_the_value_and_within_their_range() {
    let counts = [[1, 0, 99], [100, 0, 0], [0, 1, 0], [30, 30, 40]];
    for distance in ALL {
        for (p, q) in counts.iter().flat_map(|p| counts.iter().map(move |q| (p, q))) {
            for rows in [Rows::Others, Rows::Same] {
                let expected = Expected::Counted(p, rows);
                let found = distance.upper_bound(expected, q, at(0.999)).expect("valid");
                assert!(found.value <= found.upper && found.upper.is_finite(), "{found:?}");
                assert!(distance == ALL[0] || found.upper <= 1.0, "{found:?}");
            }
        }
    }
}

#[test]
fn shares_that_are_no_whole_are_refused() {
    let of = |shares: &[f64]| NATS.upper_bound(Expected::Known(shares), &[1, 2], at(0.95));
    assert!(matches!(of(&[0.5, 0.6]), Err(Error::OutOfDomain { .. })));
    assert!(matches!(of(&[1.5, -0.5]), Err(Error::OutOfDomain { .. })));
    assert_eq!(of(&[1.0]), Err(Error::CellsDiffer { reference: 1, current: 2 }));
    assert!(of(&[f64::NAN, 1.0]).is_err());
    assert!(matches!(
        NATS.upper_bound(Expected::Counted(&[0, 0], Rows::Same), &[1, 2], at(0.95)),
        Err(Error::EmptySample { .. })
    ));
}

type OfNumbers = fn(&[f64], &[f64], Rows, Coverage) -> Result<UpperBound, Error>;

#[test]
fn the_errors_of_numbers_are_those_of_the_formulas() {
    let z = 1.644_853_626_951_472_7;
    // 0, 0.01, …, 0.99, whose variance of the sample is (100² − 1) / 12 × 1e-4 × 100 / 99.
    let reference: Vec<f64> = (0..100).map(|step| f64::from(step) / 100.0).collect();
    let current: Vec<f64> = (0..100).map(|step| f64::from(step + 20) / 100.0).collect();
    let near = |found: UpperBound, value: f64, error: f64| {
        let bound = value + z * error;
        assert!((found.value - value).abs() < 1e-12 && (found.upper - bound).abs() < 1e-12);
    };
    let error = (9_999.0 / 12.0 * 1e-4 / 99.0_f64).sqrt();
    let others = |of: OfNumbers, rows| of(&reference, &current, rows, at(0.95)).expect("valid");
    near(others(wasserstein, Rows::Others), 0.2, 2.0_f64.sqrt() * error);
    near(others(wasserstein, Rows::Same), 0.2, 2.0 * error);
    near(others(kolmogorov_smirnov, Rows::Others), 0.2, 0.5 * 0.02_f64.sqrt());
    // ∫ F (1 − F) = Σ k (100 − k) / 100³ = (100² − 1) / 6e4.
    let scatter = 9_999.0 / 6e4;
    let found = others(energy, Rows::Same);
    near(found, found.value, 2.0 * (2.0 * scatter / 100.0_f64).sqrt());
    let normal = others(wasserstein_normalised, Rows::Others);
    let deviation = (9_999.0_f64 / 12.0).sqrt() / 100.0;
    assert!((normal.value - 0.2 / deviation).abs() < 1e-12);
    // The kurtosis of a uniform number is 1.8.
    let of_deviation = normal.value * 0.8_f64.sqrt() / 20.0;
    let expected = (error / deviation + of_deviation).hypot(error / deviation);
    assert!(((normal.upper - normal.value) / z - expected).abs() < 1e-4);
    let constant = wasserstein_normalised(&[1.0; 9], &current, Rows::Others, at(0.95));
    assert_eq!(constant, Err(Error::Constant { input: "reference" }));
}

#[test]
fn rare_events_that_never_came_may_still_come() {
    let bins = CalibrationBins::EqualMass(10);
    let found = calibration_error(&[false; 200], &[0.0; 200], bins, at(0.95)).expect("valid");
    // z² / n: nothing in 200 rows is no word on one in a hundred.
    assert!(found.value == 0.0 && (found.interval.upper - 0.013_527).abs() < 1e-5, "{found:?}");
    assert_eq!(found.interval.lower, 0.0);
}

#[test]
fn the_lower_end_of_a_calibration_error_allows_for_noise() {
    let (labels, scores) = ([true, false].repeat(200), [0.9; 400]);
    let found = calibration_error(&labels, &scores, CalibrationBins::EqualWidth(10), at(0.95));
    let found = found.expect("valid");
    // The Brier score is (0.01 + 0.81) / 2.
    let (n, brier, z) = (400.0_f64, 0.41, 1.644_853_626_951_472_7_f64);
    let half = z * z / (2.0 * n);
    let away = half + (half * half + z * z * brier / n).sqrt();
    let bias = (20.0 * brier / (std::f64::consts::PI * n)).sqrt();
    assert!((found.value - 0.4).abs() < 1e-12);
    assert!((found.interval.upper - 0.4 - away).abs() < 1e-12, "{found:?}");
    assert!((found.interval.lower - (0.4 - bias - away)).abs() < 1e-12, "{found:?}");
}

#[test]
fn a_bias_lies_within_when_both_of_its_bounds_do() {
    let found = mean_bias(&[1.0, 2.0, 3.0], &[0.5, 1.0, 2.0], at(0.95)).expect("valid");
    let (mean, deviation) = (5.0 / 6.0, (1.0_f64 / 12.0).sqrt());
    let upper = mean + 1.644_853_626_951_472_7 * deviation / 3.0_f64.sqrt();
    assert!((found.value - mean).abs() < 1e-12 && (found.upper - upper).abs() < 1e-12, "{found:?}");
    assert!(matches!(mean_bias(&[1.0], &[1.0], at(0.95)), Err(Error::TooFewRows { .. })));
}
