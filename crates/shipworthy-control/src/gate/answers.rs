//! Gates about what the model answers, whatever is true.

use std::collections::BTreeMap;

use shipworthy_core::Task;
use shipworthy_rows::{Cell, Column, DataType, RowBatch};
use shipworthy_stats::special::normal_quantile;

use super::apart::apart;
use super::estimate::Estimate;
use super::judge::{Answers, Error, Known};
use super::judged::Finding;
use super::sliced::shown;
use super::{Against, Cells, Distance, Effect, Limit, Metric, quality};

/// Rows that other values are tried on.
const TRIED_ROWS: usize = 2_000;
/// Values that are tried.
const TRIED_VALUES: usize = 20;

/// How far the answers are from what is expected, and how far they may be in truth.
pub(super) fn distribution(
    known: &Known<'_>,
    distance: Distance,
    (against, cells): (&Against, &Cells),
    (max, sure): (f64, f64),
) -> Result<Finding, Error> {
    let expected = match (against, &known.stable) {
        (Against::Declared(_), _) => None,
        (Against::Reference, _) => {
            Some(Answers::of(known.ground.candidate, &known.ground.rows.learned.batch)?)
        }
        (Against::Stable, Some(stable)) => Some(stable.clone()),
        (Against::Stable, None) => {
            return Ok(Finding::not_applicable("there is no stable release beside it"));
        }
    };
    let pair = (&known.candidate, expected.as_ref());
    let found = apart(pair, distance, (against, cells), (known.ground.task(), sure));
    let name = format!("{} of the answers to {}", distance.name(), against.name());
    Ok(quality::within(&name, found.map(Estimate::at_most), Limit::AtMost(max), known.rows()))
}

/// The largest change of an answer when a column has another of its values.
pub(super) fn invariance(known: &Known<'_>, column: &str, max: f64) -> Result<Finding, Error> {
    let (batch, at) = tried(known, column);
    let before = Answers::of(known.ground.candidate, &batch)?;
    let mut largest = (0.0_f64, String::new());
    for value in values(&batch, at) {
        let Some(other) = replaced(&batch, at, |_| batch.cell(value, at)) else {
            return Ok(Finding::undecided(no_column(column)));
        };
        let after = Answers::of(known.ground.candidate, &other)?;
        let pairs = before.values.iter().zip(&after.values);
        let change = pairs.map(|(before, after)| (before - after).abs()).fold(0.0, f64::max);
        if change > largest.0 {
            largest = (change, shown(batch.cell(value, at)));
        }
    }
    let (change, value) = largest;
    let passed = change <= max;
    let why = match change > 0.0 {
        false => format!("another {column} changes no answer"),
        true => format!("{column} = {value} moves an answer by {change:.4}, and {max} is the most"),
    };
    Ok(Finding::of(passed, change, change, why))
}

/// The mean change of the answer when a column is so much higher, and its one-sided bound.
pub(super) fn direction(
    known: &Known<'_>,
    (column, by): (&str, f64),
    effect: Effect,
    sure: f64,
) -> Result<Finding, Error> {
    if known.ground.task() == Task::Multiclass {
        return Ok(Finding::not_applicable("an answer of several classes has no direction"));
    }
    let (batch, at) = tried(known, column);
    let field = batch.schema().fields().get(at);
    let is_number = |data_type| matches!(data_type, DataType::Float | DataType::Integer);
    if !field.is_some_and(|field| is_number(field.data_type)) {
        return Ok(Finding::undecided(format!("`{column}` is no column of numbers")));
    }
    let Some(raised) = replaced(&batch, at, |cell| higher(cell, by)) else {
        return Ok(Finding::undecided(no_column(column)));
    };
    let before = Answers::of(known.ground.candidate, &batch)?;
    let after = Answers::of(known.ground.candidate, &raised)?;
    let sign = if effect == Effect::NotUp { 1.0 } else { -1.0 };
    let changes =
        after.values.iter().zip(&before.values).map(|(after, before)| sign * (after - before));
    let (mean, error) = mean_and_error(&changes.collect::<Vec<_>>());
    let bound = mean + normal_quantile(sure).unwrap_or(f64::INFINITY) * error;
    let (passed, word) = (bound <= 0.0, if effect == Effect::NotUp { "rises" } else { "falls" });
    let told = format!("with {column} higher by {by} the mean answer {word} by {mean:.5}");
    let why = match (passed, mean <= 0.0) {
        (true, _) => format!("{told}, at most {bound:.5}"),
        (false, true) => format!("{told}, but perhaps {bound:.5}: not enough data to be sure"),
        (false, false) => told,
    };
    Ok(Finding::of(passed, sign * mean, sign * bound, why))
}

/// A metric where a column is missing, against the same rows as they are.
pub(super) fn missing_values(
    known: &Known<'_>,
    (column, metric): (&str, Metric),
    margin: f64,
    sure: f64,
) -> Result<Finding, Error> {
    let test = &known.ground.rows.test.batch;
    let at = test.schema().index_of(column);
    let Some(without) = at.and_then(|at| replaced(test, at, |_| Cell::Missing)) else {
        return Ok(Finding::undecided(no_column(column)));
    };
    let without = Answers::of(known.ground.candidate, &without)?;
    let words = (format!("without {column}"), "with it");
    Ok(quality::compared(known, metric, (&without, &known.candidate), (margin, sure), &words))
}

/// Some test rows, at even distances, and where the column stands in them.
fn tried(known: &Known<'_>, column: &str) -> (RowBatch, usize) {
    let test = &known.ground.rows.test.batch;
    let count = test.rows().min(TRIED_ROWS);
    let chosen: Vec<usize> = (0..count).map(|row| row * test.rows() / count.max(1)).collect();
    (test.take(&chosen), test.schema().index_of(column).unwrap_or(usize::MAX))
}

/// Rows that have the values to try: the most frequent texts, or the quantiles of numbers.
fn values(batch: &RowBatch, column: usize) -> Vec<usize> {
    let mut first = BTreeMap::<String, (usize, usize)>::new();
    for row in 0..batch.rows() {
        let (_, count) = first.entry(shown(batch.cell(row, column))).or_insert((row, 0));
        *count += 1;
    }
    if first.len() <= TRIED_VALUES {
        return first.values().map(|(row, _)| *row).collect();
    }
    let is_text = matches!(batch.columns().get(column), Some(Column::String(_)));
    if is_text {
        let mut frequent: Vec<(usize, usize)> = first.into_values().collect();
        frequent.sort_by_key(|(row, count)| (std::cmp::Reverse(*count), *row));
        return frequent.into_iter().take(TRIED_VALUES).map(|(row, _)| row).collect();
    }
    let number = |row: &usize| match batch.cell(*row, column) {
        Cell::Float(value) => value,
        #[expect(clippy::cast_precision_loss, reason = "an order is all that is asked")]
        Cell::Integer(value) => value as f64,
        _ => f64::NEG_INFINITY,
    };
    let mut rows: Vec<usize> = (0..batch.rows()).collect();
    rows.sort_by(|one, two| number(one).total_cmp(&number(two)));
    let last = rows.len() - 1;
    (0..TRIED_VALUES).map(|index| rows[index * last / (TRIED_VALUES - 1)]).collect()
}

/// The rows with each value of a column replaced; `None` where that column is none of single values.
fn replaced<'a>(
    batch: &'a RowBatch,
    column: usize,
    mut by: impl FnMut(Cell<'a>) -> Cell<'a>,
) -> Option<RowBatch> {
    let data_type = batch.schema().fields().get(column)?.data_type;
    let mut values = Column::with_capacity(data_type, batch.rows());
    for row in 0..batch.rows() {
        match by(batch.cell(row, column)) {
            Cell::Missing => values.push_missing(),
            cell => drop(values.push(cell)),
        }
    }
    batch.with_column(column, values)
}

fn higher(cell: Cell<'_>, by: f64) -> Cell<'_> {
    match cell {
        Cell::Float(value) => Cell::Float(value + by),
        #[expect(clippy::cast_possible_truncation, reason = "raised by whole numbers")]
        Cell::Integer(value) => Cell::Integer(value.saturating_add(by.round() as i64)),
        other => other,
    }
}

fn no_column(name: &str) -> String {
    format!("`{name}` is no column of single values of this release")
}

/// The mean of some numbers, and its standard error.
#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn mean_and_error(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
}
