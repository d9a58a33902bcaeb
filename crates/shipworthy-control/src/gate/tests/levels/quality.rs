//! Gates about how good the answers are.

use super::*;

/// Of a binary task, or of a regression: the answer is `x`.
fn case(gate: &'static str, check: Check, sample: &'static str, truth: (f64, f64)) -> Case {
    let is_regression = matches!(
        &check,
        Check::Metric { metric, .. } if metric.is_of(Task::Regression)
    );
    let task = if is_regression { Task::Regression } else { Task::Binary };
    let (gate, candidate) = (format!("{}, {gate}", check.kind()), formula(task, x));
    Case { gate, check, sample, candidate, stable: None, truth, power: 0.5 }
}

fn metric(metric: Metric, limit: Limit, sample: &'static str, truth: (f64, f64)) -> Case {
    case(metric.name(), Check::Metric { metric, limit }, sample, truth)
}

fn non_inferior(
    (gate, metric, margin): (&'static str, Metric, f64),
    sample: &'static str,
    better: f64,
) -> Case {
    let case = case(gate, Check::NonInferior { metric, margin }, sample, (margin, better));
    Case { stable: Some(formula(Task::Binary, z)), ..case }
}

#[test]
fn of_an_area_under_the_curve() {
    let limit = Limit::AtLeast(0.8);
    metric(Metric::RocAuc, limit, "500 rows", (0.8, 0.86)).measure(|chance, area| {
        let row = |chance: &mut Chance| {
            let label = chance.is(0.4);
            (with_area(chance.share(), label, area), chance.share(), label)
        };
        Drawn::scored(500, chance, row).tested()
    });
    let sample = "200 rows, a high area";
    metric(Metric::RocAuc, Limit::AtLeast(0.95), sample, (0.95, 0.985)).measure(|chance, area| {
        let row = |chance: &mut Chance| {
            let label = chance.is(0.4);
            (with_area(chance.share(), label, area), chance.share(), label)
        };
        Drawn::scored(200, chance, row).tested()
    });
}

/// The average precision of scores with this area, where so many rows are positive: the mean of the
/// precision where so many of the positive ones are above.
fn precision(area: f64, positive: f64) -> f64 {
    let steps = 100_000;
    let at = |step: i32| {
        let below = (f64::from(step) + 0.5) / f64::from(steps);
        let found = positive * (1.0 - below);
        found / (found + (1.0 - positive) * (1.0 - below.powf((1.0 - area) / area)))
    };
    (0..steps).map(at).sum::<f64>() / f64::from(steps)
}

#[test]
fn of_an_average_precision() {
    let scored = |rows: usize, chance: &mut Chance, positive: f64, areas: (f64, f64)| {
        let row = |chance: &mut Chance| {
            let (label, share) = (chance.is(positive), chance.share());
            let other = if chance.is(0.7) { share } else { chance.share() };
            (with_area(share, label, areas.0), with_area(other, label, areas.1), label)
        };
        Drawn::scored(rows, chance, row).tested()
    };
    for (positive, areas, sample) in [
        (0.4, (0.8, 0.9), "200 rows, 4 in 10 positive"),
        (0.1, (0.9, 0.97), "200 rows, 1 in 10 positive"),
    ] {
        let truth = (precision(areas.0, positive), precision(areas.1, positive));
        let limit = Limit::AtLeast(truth.0);
        metric(Metric::AveragePrecision, limit, sample, truth).measure(|chance, at| {
            let area = if at > truth.0 { areas.1 } else { areas.0 };
            scored(200, chance, positive, (area, area))
        });
    }
    let margin = precision(0.9, 0.1) - precision(0.8, 0.1);
    let gate = ("average_precision", Metric::AveragePrecision, margin);
    non_inferior(gate, "200 rows, 1 in 10 positive", 0.0).measure(|chance, worse| {
        scored(200, chance, 0.1, (if worse > 0.0 { 0.8 } else { 0.9 }, 0.9))
    });
}

/// Answers that are right with this chance, whatever else the row has.
fn right(rows: usize, chance: &mut Chance, share: impl Fn(bool) -> f64) -> HeldOut {
    let row = || {
        let (x, is_west) = (chance.share(), chance.is(0.5));
        let label = (x >= 0.5) == chance.is(share(is_west));
        (x, chance.share(), is_west, f64::from(label))
    };
    Drawn::of(rows, row).tested()
}

#[test]
fn of_shares_of_rows() {
    let limit = Limit::AtLeast(0.8);
    metric(Metric::Accuracy, limit, "500 rows", (0.8, 0.86))
        .measure(|chance, share| right(500, chance, |_| share));
    // Half of the positive ones would be 250 rows.
    let case = metric(Metric::Recall, limit, "500 rows", (0.8, 0.88));
    case.measure(|chance, share| right(500, chance, |_| share));
}

#[test]
fn of_slices() {
    let (metric, limit) = (Metric::Accuracy, Limit::AtLeast(0.8));
    let check = Check::Slices { metric, limit, of: Slices::Of("side".to_owned()) };
    let sample = "600 rows, one of two slices at the limit";
    case("accuracy", check, sample, (0.8, 0.88))
        .measure(|chance, share| right(600, chance, |is_west| if is_west { share } else { 0.95 }));
    let check = Check::Slices { metric, limit, of: Slices::Worst };
    let sample = "1,000 rows, each of ten slices at the limit";
    case("accuracy", check, sample, (0.8, 0.9))
        .measure(|chance, share| right(1_000, chance, |_| share));
}

/// A calibrated model whose probabilities are uniform up to `most`, and from 1 − `most` on.
fn calibrated(rows: usize, chance: &mut Chance, most: f64) -> HeldOut {
    let row = |chance: &mut Chance| {
        let low = most * chance.share();
        let x = if chance.is(0.5) { low } else { 1.0 - low };
        (x, chance.share(), chance.is(x))
    };
    Drawn::scored(rows, chance, row).tested()
}

#[test]
fn of_a_brier_score() {
    // The score is most / 2 − most² / 3.
    let most = |score: f64| 0.75 - (0.5625 - 3.0 * score).sqrt();
    let score = 1.0 / 6.0;
    metric(Metric::BrierScore, Limit::AtMost(score), "200 rows", (score, 0.12))
        .measure(|chance, score| calibrated(200, chance, most(score)));
}

#[test]
fn of_a_log_loss() {
    // Of probabilities that are uniform up to `most`, the integral of the entropy.
    let loss = |most: f64| {
        let part = |p: f64| if p == 0.0 { 0.0 } else { p * p * (0.5 * p.ln() - 0.25) };
        -(part(most) + part(1.0) - part(1.0 - most)) / most
    };
    assert!((loss(0.5) - 0.5).abs() < 1e-12);
    metric(Metric::LogLoss, Limit::AtMost(0.5), "200 rows", (0.5, loss(0.25)))
        .measure(|chance, at| calibrated(200, chance, if at < 0.5 { 0.25 } else { 0.5 }));
}

#[test]
fn of_an_f1() {
    // Of ten rows one is missed and one told for nothing, at an F1 of 0.75; then half as many.
    let limit = Limit::AtLeast(0.75);
    metric(Metric::F1, limit, "200 rows", (0.75, 0.86)).measure(|chance, f1| {
        // F1 is 2 found / (2 found + wrong), and 4 in 10 rows are positive.
        let found = 0.4 * f1;
        let row = |chance: &mut Chance| {
            let label = chance.is(0.4);
            let is_told = chance.is(if label { found / 0.4 } else { (0.4 - found) / 0.6 });
            (f64::from(is_told), chance.share(), label)
        };
        Drawn::scored(200, chance, row).tested()
    });
}

#[test]
fn of_errors_of_a_regression() {
    let limit = Limit::AtMost(1.0);
    metric(Metric::Rmse, limit, "150 rows, normal errors", (1.0, 0.8)).measure(|chance, error| {
        let row = || {
            let x = chance.share();
            (x, chance.share(), chance.is(0.5), x + error * chance.normal())
        };
        let mut rows = Drawn::of(150, row).tested();
        rows.output = Output { task: Task::Regression, ..output() };
        rows
    });
}

#[test]
fn of_the_metric_of_calibration() {
    let limit = Limit::AtMost(0.05);
    metric(Metric::ExpectedCalibrationError, limit, "2,000 rows", (0.05, 0.0))
        .measure(|chance, off| shifted(2_000, chance, off));
}

/// A model that says so much less than it happens.
fn shifted(rows: usize, chance: &mut Chance, off: f64) -> HeldOut {
    let row = |chance: &mut Chance| {
        let x = 0.1 + 0.8 * chance.share();
        (x, chance.share(), chance.is(x + off))
    };
    Drawn::scored(rows, chance, row).tested()
}

#[test]
fn of_a_calibration() {
    let check = Check::Calibration { max: 0.05 };
    case("binary", check, "2,000 rows", (0.05, 0.0))
        .measure(|chance, off| shifted(2_000, chance, off));
    let check = Check::Calibration { max: 0.1 };
    let regression = Case {
        candidate: formula(Task::Regression, x),
        ..case("regression", check, "300 rows, errors around 1", (0.1, 0.0))
    };
    regression.measure(|chance, off| {
        let row = || {
            let x = chance.share();
            // An error that is as skewed as waiting times are.
            let error = -chance.share().ln() - 1.0;
            (x, chance.share(), chance.is(0.5), x + 0.5 * error - off)
        };
        let mut rows = Drawn::of(300, row).tested();
        rows.output = Output { task: Task::Regression, ..output() };
        rows
    });
}

/// Two scores of a row with these areas under the curve; seven rows in ten have the same luck.
fn two_scores(rows: usize, chance: &mut Chance, areas: (f64, f64)) -> HeldOut {
    let row = |chance: &mut Chance| {
        let (label, share) = (chance.is(0.4), chance.share());
        let other = if chance.is(0.7) { share } else { chance.share() };
        (with_area(share, label, areas.0), with_area(other, label, areas.1), label)
    };
    Drawn::scored(rows, chance, row).tested()
}

/// One says how likely a row is positive; the other is drawn towards a half, so that its Brier score
/// is worse by the mean square of what it is off.
fn drawn_in(rows: usize, chance: &mut Chance, worse: f64) -> HeldOut {
    let by = (12.0 * worse).sqrt();
    let row = |chance: &mut Chance| {
        let share = chance.share();
        (share + by * (0.5 - share), share, chance.is(share))
    };
    Drawn::scored(rows, chance, row).tested()
}

#[test]
fn of_non_inferiority() {
    let gate = ("roc_auc", Metric::RocAuc, 0.05);
    non_inferior(gate, "500 rows", 0.0)
        .measure(|chance, worse| two_scores(500, chance, (0.8 - worse, 0.8)));
    let high = ("roc_auc", Metric::RocAuc, 0.03);
    non_inferior(high, "200 rows, high areas", 0.0)
        .measure(|chance, worse| two_scores(200, chance, (0.99 - worse, 0.99)));
    let gate = ("brier_score", Metric::BrierScore, 0.02);
    non_inferior(gate, "200 rows", 0.002).measure(|chance, worse| drawn_in(200, chance, worse));
    let metric = Metric::ExpectedCalibrationError;
    let gate = ("expected_calibration_error", metric, 0.1);
    non_inferior(gate, "2,000 rows", 0.01).measure(|chance, worse| {
        let row = |chance: &mut Chance| {
            let share = 0.1 + 0.8 * chance.share();
            (share - worse, share, chance.is(share))
        };
        Drawn::scored(2_000, chance, row).tested()
    });
}

#[test]
fn of_missing_values() {
    // Where `x` is missing, the answer is `z`.
    let candidate = || formula(Task::Binary, |row| if row[0].is_nan() { row[1] } else { row[0] });
    let of = |gate, metric, margin, sample, better| {
        let check = Check::MissingValues { column: "x".to_owned(), metric, margin };
        Case { candidate: candidate(), ..case(gate, check, sample, (margin, better)) }
    };
    of("roc_auc", Metric::RocAuc, 0.05, "500 rows", 0.0)
        .measure(|chance, worse| two_scores(500, chance, (0.8, 0.8 - worse)));
}

#[test]
fn of_fairness() {
    for (name, measure) in Fairness::ALL {
        let check = Check::Fairness { measure, column: "side".to_owned(), max: 0.2 };
        case(name, check, "1,000 rows, two groups", (0.2, 0.05)).measure(|chance, gap| {
            let row = || {
                let (is_west, label) = (chance.is(0.5), chance.is(0.5));
                let gap = if is_west { gap } else { 0.0 };
                // Of negative rows the rates are the same, but where they count.
                let is_counted = label || measure == Fairness::DemographicParityDifference;
                let rate = if is_counted { 0.7 - gap } else { 0.3 };
                (f64::from(chance.is(rate)), chance.share(), is_west, f64::from(label))
            };
            Drawn::of(1_000, row).tested()
        });
    }
}
