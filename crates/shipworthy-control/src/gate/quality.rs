//! Gates about how good the answers are.

use shipworthy_core::Task;
use shipworthy_stats::Error;

use super::estimate::{Estimate, Measured, calibrated, difference, estimate};
use super::judge::{Answers, Known};
use super::judged::Finding;
use super::plots::Part;
use super::sliced::{self, Slice};
use super::{Fairness, Limit, Metric, Slices};

/// A metric against its limit.
pub(super) fn metric(known: &Known<'_>, metric: Metric, limit: Limit, sure: f64) -> Finding {
    let measured = Measured::of(known, &known.candidate);
    within(metric.name(), estimate(&measured, metric, sure), limit, measured.rows())
}

/// A metric against stable's on the same rows.
pub(super) fn non_inferior(known: &Known<'_>, metric: Metric, margin: f64, sure: f64) -> Finding {
    let Some(stable) = &known.stable else {
        return Finding::not_applicable("there is no stable release beside it");
    };
    let words = ("of the candidate".to_owned(), "of stable");
    compared(known, metric, (&known.candidate, stable), (margin, sure), &words)
}

/// How much worse a metric is with some answers than with others, against a margin.
pub(super) fn compared(
    known: &Known<'_>,
    metric: Metric,
    (new, old): (&Answers, &Answers),
    (margin, sure): (f64, f64),
    (what, than): &(String, &str),
) -> Finding {
    let pair = (&Measured::of(known, new), &Measured::of(known, old));
    let found = match difference(pair, metric, sure) {
        Ok(found) => found,
        Err(error) => {
            return Finding::undecided(format!("{} cannot be told: {error}", metric.name()));
        }
    };
    // How much worse it is, whichever way is better.
    let (worse, bound) = match metric.is_loss() {
        true => (found.value, found.high),
        false => (-found.value, -found.low),
    };
    let told = format!("{} is worse by {worse:.5} {what} than {than}", metric.name());
    let rows = pair.0.rows();
    let why = match (bound <= margin, worse <= margin) {
        (true, _) => format!("{told}, at most by {bound:.5}"),
        (false, true) => {
            let needed = needed(rows, bound - worse, margin - worse);
            format!("{told}, but perhaps by {bound:.5}: {needed}")
        }
        (false, false) => format!("{told}, and {margin} is the most"),
    };
    Finding::of(bound <= margin, worse, bound, why)
}

/// A metric against its limit in each slice; the worst of them is told.
pub(super) fn slices(
    known: &Known<'_>,
    (metric, limit): (Metric, Limit),
    of: &Slices,
    sure: f64,
) -> Finding {
    let found = match of {
        Slices::Of(column) => sliced::by_value(known, column),
        Slices::Worst => sliced::worst(known, metric),
    };
    let findings = found.iter().map(|slice| in_slice(known, slice, (metric, limit), sure));
    let findings: Vec<Finding> = findings.collect();
    let parts = found.iter().zip(&findings).map(|(slice, finding)| Part::of(slice, finding));
    let parts = parts.collect();
    let room = |finding: &Finding| limit.room(finding.bound);
    let worst = findings.into_iter().min_by(|one, two| room(one).total_cmp(&room(two)));
    let none = || Finding::undecided("not enough data: there is no slice of 50 rows");
    Finding { parts, ..worst.unwrap_or_else(none) }
}

fn in_slice(
    known: &Known<'_>,
    slice: &Slice,
    (metric, limit): (Metric, Limit),
    sure: f64,
) -> Finding {
    let measured = Measured::of(known, &known.candidate).take(&slice.rows);
    let name = format!("{} where {}", metric.name(), slice.name);
    within(&name, estimate(&measured, metric, sure), limit, measured.rows())
}

/// How far what is said is from what happens, against its limit.
pub(super) fn calibration(known: &Known<'_>, max: f64, sure: f64) -> Finding {
    let measured = Measured::of(known, &known.candidate);
    let name = match known.ground.task() {
        Task::Binary => "the expected calibration error",
        Task::Multiclass => "the expected calibration error of the class that is told",
        Task::Regression => "the mean bias, either way,",
    };
    within(name, calibrated(&measured, sure), Limit::AtMost(max), measured.rows())
}

/// The largest difference between groups against its limit.
pub(super) fn fairness(
    known: &Known<'_>,
    measure: Fairness,
    column: &str,
    max: f64,
    sure: f64,
) -> Finding {
    let measured = Measured::of(known, &known.candidate);
    let groups = sliced::groups(known, column);
    let found = super::estimate::fairness(&measured, &groups, measure, sure);
    let name = format!("{} by {column}", measure.name());
    within(&name, found, Limit::AtMost(max), measured.rows())
}

/// Whether an estimate keeps a limit by its bound.
pub(super) fn within(
    name: &str,
    found: Result<Estimate, Error>,
    limit: Limit,
    rows: usize,
) -> Finding {
    let Estimate { value, low, high } = match found {
        Ok(found) => found,
        Err(error) => return Finding::undecided(format!("{name} cannot be told: {error}")),
    };
    let (bound, passed, is_near, gaps) = match limit {
        Limit::AtLeast(least) => (low, low >= least, value >= least, (value - low, value - least)),
        Limit::AtMost(most) => (high, high <= most, value <= most, (high - value, most - value)),
    };
    let side = if matches!(limit, Limit::AtLeast(_)) { "at least" } else { "at most" };
    let told = format!("{name} is {value:.4} on {rows} rows");
    let why = match (passed, is_near) {
        (true, _) => format!("{told}, {side} {bound:.4}"),
        (false, true) => {
            let needed = needed(rows, gaps.0, gaps.1);
            format!("{told}, but for sure only {side} {bound:.4}: {needed}")
        }
        (false, false) => format!("{told}, and must be {limit}"),
    };
    Finding::of(passed, value, bound, why)
}

/// How many rows would decide it: an interval shrinks with the square root of their number.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate, said in two digits"
)]
fn needed(rows: usize, width: f64, room: f64) -> String {
    let needed = rows as f64 * (width / room).powi(2);
    if !needed.is_finite() || needed > 1e9 {
        return "not enough data, and no number of rows would do: it is at the limit".to_owned();
    }
    let digits = 10_f64.powf(needed.log10().floor() - 1.0).max(1.0);
    let rounded = ((needed / digits).ceil() * digits) as u64;
    format!("not enough data: about {rounded} rows needed")
}
