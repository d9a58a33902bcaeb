//! Gates about the rows: what gives the answer away, and what was seen before.

use std::collections::{BTreeMap, HashSet};

use shipworthy_contract::Role;
use shipworthy_core::Task;
use shipworthy_rows::{Cell, RowBatch};
use shipworthy_stats::classification::Delong;
use shipworthy_stats::interval::Coverage;

use super::judge::Known;
use super::judged::Finding;

/// How well each column alone tells whether the target is positive; of the strongest, with the
/// upper end of its interval.
///
/// A column of numbers is its own score, one of texts and truth values the share of positives among
/// the training rows with that value.
pub(super) fn leakage(known: &Known<'_>, max: f64, sure: f64) -> Finding {
    let rows = known.ground.rows;
    if known.ground.task() != Task::Binary {
        return Finding::not_applicable("the target is no yes or no");
    }
    let Ok(coverage) = Coverage::one_sided(sure) else {
        return Finding::undecided("the confidence is no level");
    };
    let labels: Vec<bool> = rows.test.labels.iter().map(|label| *label > 0.5).collect();
    let columns = &known.ground.candidate.contract().columns;
    let mut strongest: Option<(f64, f64, &str)> = None;
    for (at, column) in columns.iter().enumerate() {
        if column.role != Role::Feature {
            continue;
        }
        let scores = scores(known, at);
        let Ok(told) = Delong::of(&labels, &scores) else { continue };
        // One that is always right, or says always the same, has no interval.
        let (low, high) = match told.logit_interval(coverage) {
            Ok(interval) => (interval.lower, interval.upper),
            Err(_) => (told.auc, told.auc),
        };
        // Whichever way it points.
        let (value, high) = match told.auc >= 0.5 {
            true => (told.auc, high),
            false => (1.0 - told.auc, 1.0 - low),
        };
        if strongest.is_none_or(|(_, most, _)| high > most) {
            strongest = Some((value, high, &column.name));
        }
    }
    let Some((value, high, name)) = strongest else {
        return Finding::undecided("not enough data: the test rows are all of one class");
    };
    let told = format!("`{name}` alone tells the target with a ROC-AUC of {value:.4}");
    let passed = high <= max;
    let why = match passed {
        true => format!("{told}, at most {high:.4}; no other column tells more"),
        false => format!("{told}, perhaps {high:.4}, and {max} is the most: is it known in time?"),
    };
    Finding::of(passed, value, high, why)
}

/// What a column says of each test row, as a number; a missing value says the same wherever it is.
fn scores(known: &Known<'_>, column: usize) -> Vec<f64> {
    let rows = known.ground.rows;
    let number = |cell: Cell<'_>| match cell {
        #[expect(clippy::cast_precision_loss, reason = "an order is all that is asked")]
        Cell::Integer(value) => Some(value as f64),
        Cell::Float(value) => Some(value),
        #[expect(clippy::cast_precision_loss, reason = "an order is all that is asked")]
        Cell::Timestamp(value) => Some(value.as_micros() as f64),
        _ => None,
    };
    let test = |row| rows.test.batch.cell(row, column);
    let all = 0..rows.test.batch.rows();
    if all.clone().any(|row| number(test(row)).is_some()) {
        return all.map(|row| number(test(row)).unwrap_or(f64::MIN)).collect();
    }
    let mut shares = BTreeMap::<String, (f64, f64)>::new();
    for (row, label) in rows.learned.labels.iter().enumerate() {
        let value = text(rows.learned.batch.cell(row, column));
        let (positives, count) = shares.entry(value).or_default();
        *positives += label;
        *count += 1.0;
    }
    let share =
        |value: &String| shares.get(value).map_or(0.0, |(positives, count)| positives / count);
    all.map(|row| share(&text(test(row)))).collect()
}

fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing => "missing".to_owned(),
        Cell::Boolean(value) => value.to_string(),
        Cell::String(value) => format!("={value}"),
        // Six digits are what noise leaves.
        Cell::Float(value) => format!("{value:.5e}"),
        #[expect(clippy::cast_precision_loss, reason = "six digits are kept")]
        Cell::Integer(value) => format!("{:.5e}", value as f64),
        Cell::Timestamp(value) => value.to_string(),
    }
}

/// The share of test rows whose features and label a training row has too, to six digits.
#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
pub(super) fn duplicates(known: &Known<'_>, max: f64) -> Finding {
    let rows = known.ground.rows;
    let columns = known.ground.candidate.contract().columns.iter().enumerate();
    let features: Vec<usize> =
        columns.filter(|(_, column)| column.role == Role::Feature).map(|(at, _)| at).collect();
    let key = |batch: &RowBatch, row: usize, label: f64| {
        let cells = features.iter().map(|at| text(batch.cell(row, *at)));
        cells.chain([label.to_string()]).collect::<Vec<_>>().join("\u{1f}")
    };
    let learned = &rows.learned;
    let known_rows: HashSet<String> = learned
        .labels
        .iter()
        .enumerate()
        .map(|(row, label)| key(&learned.batch, row, *label))
        .collect();
    let test = rows.test.labels.iter().enumerate();
    let twice =
        test.filter(|(row, label)| known_rows.contains(&key(&rows.test.batch, *row, **label)));
    let (twice, of) = (twice.count(), rows.test.labels.len());
    let share = twice as f64 / of as f64;
    let passed = share <= max;
    let told = format!("{twice} of {of} test rows stand among the training rows, too");
    let why = match passed {
        true => told,
        false => format!("{told}: more than {max} of them flatter the model"),
    };
    Finding::of(passed, share, max, why)
}
