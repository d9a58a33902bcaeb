//! What a release changes about the answers of the one that it is held against, on the same rows.
//!
//! It tells, and judges nothing: verdicts are those of gates.

use serde::Serialize;
use shipworthy_contract::Role;
use shipworthy_core::Task;
use shipworthy_stats::Error as Untold;
use shipworthy_stats::multiple_testing::holm;
use shipworthy_stats::paired::paired_t;

use super::Metric;
use super::cost::{self, Paired};
use super::estimate::{Estimate, Measured, difference, point};
use super::judge::{Error, Ground, Known};
use super::sliced::{self, LEAST_ROWS};

/// How sure each end of an interval is; both hold together at 95 %.
const SURE: f64 = 0.975;
/// A slice that has not changed is told as one that has with this chance, over all slices together.
const ALARM: f64 = 0.05;

/// What is different.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The rows that both were asked for.
    pub rows: usize,
    /// Rows that are told another class; `None` of a regression.
    pub other_decisions: Option<usize>,
    /// Every metric of the task.
    pub metrics: Vec<Moved>,
    /// What slices are compared by: the mean of this over their rows, smaller is better.
    pub loss: &'static str,
    /// Slices that were compared.
    pub slices: usize,
    /// Those that are sure to have changed; what got worse first, the largest change first.
    pub moved: Vec<MovedSlice>,
    /// Rows that are asked for one by one.
    pub one_row: Pace,
    /// Rows that are asked for at once.
    pub batch: Pace,
}

/// A metric of both on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// Its name.
    pub metric: &'static str,
    /// Of the release that is held against.
    pub before: f64,
    /// Of the candidate.
    pub after: f64,
    /// The second less the first.
    pub difference: f64,
    /// The interval of the difference at 95 %; `None` where none can be told.
    pub interval: Option<[f64; 2]>,
    /// What that means.
    pub reading: Reading,
}

/// Which way something moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The answers are the same.
    Same,
    /// The interval is all on the good side of 0.
    Better,
    /// It is all on the bad side.
    Worse,
    /// It holds 0: the rows do not tell.
    Unclear,
}

impl Reading {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "the same",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Unclear => "unclear",
        }
    }
}

/// A slice whose mean loss changed: by a paired t-test, adjusted after Holm for all slices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MovedSlice {
    /// What its rows have in common: `carrier = "UA"`.
    pub name: String,
    /// How many they are.
    pub rows: usize,
    /// Their mean loss with the release that is held against.
    pub before: f64,
    /// With the candidate.
    pub after: f64,
    /// The adjusted p-value.
    pub p_value: f64,
}

/// How long a row takes with both, measured one after the other: medians, and the quartiles of the
/// ratio over pairs of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pace {
    /// Rows of a block.
    pub rows: usize,
    /// A row with the release that is held against, in microseconds.
    pub before_us: f64,
    /// With the candidate.
    pub after_us: f64,
    /// The second to the first.
    pub ratio: f64,
    /// A quarter of the pairs is below.
    pub low: f64,
    /// A quarter is above.
    pub high: f64,
}

impl Ground<'_> {
    /// Holds the candidate against the other release; `None` where there is none, or no test row.
    ///
    /// # Errors
    /// When one of them does not answer.
    pub fn change(&self) -> Result<Option<Change>, Error> {
        let known = self.known()?;
        let (Some(stable), Some(old)) = (self.stable, &known.stable) else { return Ok(None) };
        if known.rows() == 0 {
            return Ok(None);
        }
        let old = Measured::of(&known, old);
        let new = Measured::of(&known, &known.candidate);
        let (slices, moved) = slices(&known, &new, &old).unwrap_or_default();
        Ok(Some(Change {
            rows: known.rows(),
            other_decisions: other_decisions(&new, &old),
            metrics: metrics(self.task(), &new, &old),
            loss: loss(self.task()),
            slices,
            moved,
            one_row: Pace::of(&cost::of_rows(self, stable)?),
            batch: Pace::of(&cost::of_a_batch(self, stable)?),
        }))
    }
}

/// A metric that cannot be told of these rows is left out.
fn metrics(task: Task, new: &Measured, old: &Measured) -> Vec<Moved> {
    let of_task = Metric::ALL.into_iter().filter(|(_, metric)| metric.is_of(task));
    of_task.filter_map(|(_, metric)| moved(metric, new, old).ok()).collect()
}

fn moved(metric: Metric, new: &Measured, old: &Measured) -> Result<Moved, Untold> {
    let (before, after) = (point(old, metric)?, point(new, metric)?);
    let found = difference((new, old), metric, SURE);
    let interval = found.ok().map(|Estimate { low, high, .. }| [low, high]);
    let reading = match interval {
        Some([low, high]) if low == 0.0 && high == 0.0 => Reading::Same,
        Some([low, _]) if low > 0.0 && metric.is_loss() => Reading::Worse,
        Some([low, _]) if low > 0.0 => Reading::Better,
        Some([_, high]) if high < 0.0 && metric.is_loss() => Reading::Better,
        Some([_, high]) if high < 0.0 => Reading::Worse,
        _ => Reading::Unclear,
    };
    let (metric, difference) = (metric.name(), after - before);
    Ok(Moved { metric, before, after, difference, interval, reading })
}

const fn loss(task: Task) -> &'static str {
    match task {
        Task::Binary => "brier_score",
        Task::Multiclass => "error_rate",
        Task::Regression => "mae",
    }
}

fn other_decisions(new: &Measured, old: &Measured) -> Option<usize> {
    let (new, old) = (new.decided().ok()??, old.decided().ok()??);
    Some(new.iter().zip(&old).filter(|(new, old)| new != old).count())
}

/// How many slices of enough rows there are, and those that moved.
fn slices(
    known: &Known<'_>,
    new: &Measured,
    old: &Measured,
) -> Result<(usize, Vec<MovedSlice>), Untold> {
    let (new, old) = (new.losses()?, old.losses()?);
    let columns = known.ground.candidate.contract().columns.iter();
    let columns = columns.filter(|column| column.role != Role::Key);
    let found = columns.flat_map(|column| sliced::by_value(known, &column.name));
    let found = found.filter(|slice| slice.rows.len() >= LEAST_ROWS);
    let mut compared: Vec<MovedSlice> = found
        .map(|slice| {
            let of = |losses: &[f64]| slice.rows.iter().map(|row| losses[*row]).collect();
            compared_slice(slice.name, of(&new), of(&old))
        })
        .collect();
    let count = compared.len();
    if count == 0 {
        return Ok((0, compared));
    }
    let p_values: Vec<f64> = compared.iter().map(|slice| slice.p_value).collect();
    for (slice, adjusted) in compared.iter_mut().zip(holm(&p_values)?) {
        slice.p_value = adjusted;
    }
    compared.retain(|slice| slice.p_value < ALARM);
    compared.sort_by(|one, two| two.change().total_cmp(&one.change()));
    let better = compared.partition_point(|slice| slice.change() > 0.0);
    compared[better..].reverse();
    Ok((count, compared))
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn compared_slice(name: String, new: Vec<f64>, old: Vec<f64>) -> MovedSlice {
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (before, after) = (mean(&old), mean(&new));
    let p_value = match paired_t(&new, &old) {
        Ok(found) => found.p_value,
        // All rows changed alike, most often not at all.
        Err(_) if new.first() != old.first() => 0.0,
        Err(_) => 1.0,
    };
    MovedSlice { name, rows: new.len(), before, after, p_value }
}

impl MovedSlice {
    /// How much larger the loss is.
    #[must_use]
    pub const fn change(&self) -> f64 {
        self.after - self.before
    }
}

impl Pace {
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    fn of(paired: &Paired) -> Self {
        let Paired { new_us, old_us, ratios, rows } = paired;
        let at = |sorted: &[f64], quarter: usize| sorted[(sorted.len() - 1) * quarter / 4];
        let a_row = |sorted: &[f64]| at(sorted, 2) / *rows as f64;
        Self {
            rows: *rows,
            before_us: a_row(old_us),
            after_us: a_row(new_us),
            ratio: at(ratios, 2),
            low: at(ratios, 1),
            high: at(ratios, 3),
        }
    }
}
