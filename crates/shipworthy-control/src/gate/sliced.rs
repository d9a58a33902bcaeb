//! Rows that are looked at by themselves.

use std::collections::BTreeMap;

use shipworthy_contract::Role;
use shipworthy_rows::Cell;

use super::Metric;
use super::estimate::{Measured, point};
use super::judge::Known;

/// Rows that have something in common.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    /// What they have in common: `carrier = "UA"`.
    pub(super) name: String,
    /// Their positions among the test rows.
    pub(super) rows: Vec<usize>,
}

/// Values of fewer rows than this share are one slice together.
const RARE: f64 = 0.01;
/// A slice of fewer rows is none to look for.
pub(super) const LEAST_ROWS: usize = 50;
/// Ranges that a column of numbers is cut into.
const RANGES: usize = 4;

/// The rows of each value of a column; those of rare values together.
#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
pub(super) fn by_value(known: &Known<'_>, column: &str) -> Vec<Slice> {
    let count = known.ground.rows.test.labels.len();
    let (frequent, rare): (Vec<_>, Vec<_>) = cut(known, column)
        .into_iter()
        .partition(|slice| slice.rows.len() as f64 >= RARE * count as f64);
    let others: Vec<usize> = rare.into_iter().flat_map(|slice| slice.rows).collect();
    let name = format!("{column} has a rare value");
    let others = (!others.is_empty()).then_some(Slice { name, rows: others });
    frequent.into_iter().chain(others).collect()
}

/// The slice that is the worst on one half of the rows, as it is on the other half: what was looked
/// for among many is not judged by what it was found on.
pub(super) fn worst(known: &Known<'_>, metric: Metric) -> Vec<Slice> {
    let measured = Measured::of(known, &known.candidate);
    let columns = &known.ground.candidate.contract().columns;
    let slices = columns
        .iter()
        .filter(|column| column.role != Role::Key)
        .flat_map(|column| cut(known, &column.name));
    let halves = slices.map(|slice| {
        let (sought, judged): (Vec<_>, Vec<_>) = slice.rows.iter().partition(|row| **row % 2 == 0);
        (sought, Slice { name: slice.name, rows: judged })
    });
    let found = halves.filter_map(|(sought, judged)| {
        let is_large = sought.len() >= LEAST_ROWS && judged.rows.len() >= LEAST_ROWS;
        let value = is_large.then(|| point(&measured.take(&sought), metric).ok())??;
        Some((if metric.is_loss() { -value } else { value }, judged))
    });
    let worst = found.min_by(|(one, _), (two, _)| one.total_cmp(two));
    worst.into_iter().map(|(_, slice)| slice).collect()
}

/// The group of each test row: its value of a column, or the range of its number.
pub(super) fn groups(known: &Known<'_>, column: &str) -> Vec<String> {
    let mut groups = vec![String::new(); known.ground.rows.test.labels.len()];
    for slice in cut(known, column) {
        for row in slice.rows {
            groups[row].clone_from(&slice.name);
        }
    }
    groups
}

/// The rows of each value of a column, or of each range of its numbers.
fn cut(known: &Known<'_>, column: &str) -> Vec<Slice> {
    let test = &known.ground.rows.test.batch;
    let Some(at) = test.schema().index_of(column) else { return Vec::new() };
    let mut numbers: Vec<f64> =
        (0..test.rows()).filter_map(|row| number(test.cell(row, at))).collect();
    numbers.sort_by(f64::total_cmp);
    let edges: Vec<f64> = match numbers.len() {
        0 => Vec::new(),
        count => (1..RANGES).map(|range| numbers[range * count / RANGES]).collect(),
    };
    let mut slices = BTreeMap::<String, Vec<usize>>::new();
    for row in 0..test.rows() {
        let cell = test.cell(row, at);
        let name = match number(cell) {
            Some(value) => {
                let range = edges.partition_point(|edge| *edge <= value);
                let low = range.checked_sub(1).map(|edge| edges[edge]);
                match (low, edges.get(range)) {
                    (None, Some(high)) => format!("{column} < {high}"),
                    (Some(low), Some(high)) => format!("{low} <= {column} < {high}"),
                    (Some(low), None) => format!("{column} >= {low}"),
                    (None, None) => format!("{column} is there"),
                }
            }
            None => format!("{column} = {}", shown(cell)),
        };
        slices.entry(name).or_default().push(row);
    }
    slices.into_iter().map(|(name, rows)| Slice { name, rows }).collect()
}

fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        #[expect(clippy::cast_precision_loss, reason = "an order is all that is asked")]
        Cell::Integer(value) => Some(value as f64),
        Cell::Float(value) => Some(value),
        _ => None,
    }
}

/// A value as reports show it.
pub(super) fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing => "nothing".to_owned(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::String(value) => format!("\"{value}\""),
        Cell::Timestamp(value) => value.to_string(),
    }
}
