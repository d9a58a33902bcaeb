//! A shadow's answers beside those that callers got, in numbers.
//!
//! **Invariant:** counts of replicas add up: no count depends on the order in which pairs come. Only
//! which values have a slice does, where a column has more of them than are kept.

mod compared;
mod differences;
mod slices;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use shipworthy_rows::RowBatch;

pub(super) use compared::Side;
use differences::Differences;
use slices::Slices;

/// What a shadow did beside stable, since it became one.
#[derive(Debug, Default)]
pub struct Paired {
    /// Counted by live requests, which wait for no lock that a shadow holds.
    shed: AtomicU64,
    pairs: Mutex<Pairs>,
}

/// The same as plain numbers. Those of replicas are [merged](Self::merge).
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    paired: u64,
    agreed: u64,
    refused_by_shadow: u64,
    refused_by_live: u64,
    refused_by_both: u64,
    failed: u64,
    shed: u64,
    /// By the classes that callers and the shadow were told.
    flips: BTreeMap<(String, String), u64>,
    differences: Differences,
    slices: Slices,
}

/// What is told of pairs. Each row that was to be answered twice is one of `paired`,
/// `refused_by_…`, `failed` and `shed`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct PairedCounts {
    /// Rows that both answered.
    pub paired: u64,
    /// Rows that the shadow was spared, because live requests needed the time or it had too many.
    pub shed: u64,
    /// Rows that only the shadow's contract refused.
    pub refused_by_shadow: u64,
    /// Rows that only stable's contract refused.
    pub refused_by_live: u64,
    /// Rows that both refused.
    pub refused_by_both: u64,
    /// Rows that the shadow's model did not answer.
    pub failed: u64,
    /// Paired rows with another class, or other numbers.
    pub disagreed: u64,
    /// The share of paired rows with the same class; without classes, with the same numbers within
    /// 1e-9 of the larger one. `None` of no pairs.
    pub agreement: Option<f64>,
    /// Rows whose class is another one, most rows first.
    pub flips: Vec<Flip>,
    /// How far the shadow's numbers are from stable's; `None` where there are none to compare.
    pub difference: Option<Difference>,
    /// The slices whose rows differ most, for sure: at most five.
    pub slices: Vec<SliceCounts>,
}

/// Rows whose class is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// The class that callers were told.
    pub from: String,
    /// The shadow's.
    pub to: String,
    /// How many rows.
    pub rows: u64,
}

/// The shadow's number minus stable's: of the positive class, of the class that callers were told, or
/// the value itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The mean.
    pub mean: f64,
    /// The mean without the sign.
    pub mean_absolute: f64,
    /// The largest without the sign.
    pub max_absolute: f64,
    /// Quantiles without the sign, each at most a 16th above what was measured.
    pub p50_absolute: f64,
    /// The same.
    pub p90_absolute: f64,
    /// The same.
    pub p99_absolute: f64,
}

/// Pairs whose rows have one value in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SliceCounts {
    /// The column.
    pub column: String,
    /// The value, or the interval that it lies in: `[8, 16)`.
    pub value: String,
    /// Pairs.
    pub pairs: u64,
    /// Pairs that do not agree.
    pub disagreements: u64,
    /// The share of them.
    pub disagreement: f64,
    /// What that share surely is: the lower end of its 95 % Wilson interval.
    pub at_least: f64,
}

impl Paired {
    /// The numbers of this moment, told.
    #[must_use]
    pub fn snapshot(&self) -> PairedCounts {
        self.pairs().counts()
    }

    /// The numbers of this moment.
    #[must_use]
    pub fn pairs(&self) -> Pairs {
        Pairs { shed: self.shed.load(Ordering::Relaxed), ..self.locked().clone() }
    }

    /// Counts rows that both answered; `batch` as stable reads it, before its contract replaced
    /// anything.
    pub(super) fn pair(&self, live: &Side<'_>, shadow: &Side<'_>, batch: &RowBatch) {
        self.locked().pair(live, shadow, batch);
    }

    pub(super) fn refused_by_shadow(&self, rows: usize) {
        self.locked().refused_by_shadow += rows as u64;
    }

    pub(super) fn refused_by_live(&self, rows: usize) {
        self.locked().refused_by_live += rows as u64;
    }

    pub(super) fn refused_by_both(&self, rows: usize) {
        self.locked().refused_by_both += rows as u64;
    }

    /// Says whether these are the first.
    pub(super) fn failed(&self, rows: usize) -> bool {
        let mut pairs = self.locked();
        pairs.failed += rows as u64;
        pairs.failed == rows as u64
    }

    pub(super) fn shed(&self, rows: usize) {
        self.shed.fetch_add(rows as u64, Ordering::Relaxed);
    }

    fn locked(&self) -> MutexGuard<'_, Pairs> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pairs {
    /// Adds what another replica counted.
    pub fn merge(&mut self, other: &Self) {
        let Self { flips, differences, slices, .. } = other;
        self.paired += other.paired;
        self.agreed += other.agreed;
        self.refused_by_shadow += other.refused_by_shadow;
        self.refused_by_live += other.refused_by_live;
        self.refused_by_both += other.refused_by_both;
        self.failed += other.failed;
        self.shed += other.shed;
        for (classes, rows) in flips {
            *self.flips.entry(classes.clone()).or_default() += rows;
        }
        self.differences.merge(differences);
        self.slices.merge(slices);
    }

    /// What is told of them.
    #[must_use]
    pub fn counts(&self) -> PairedCounts {
        let flip = |((from, to), rows): (&(String, String), &u64)| Flip {
            from: from.clone(),
            to: to.clone(),
            rows: *rows,
        };
        let mut flips: Vec<_> = self.flips.iter().map(flip).collect();
        flips.sort_by_key(|flip| std::cmp::Reverse(flip.rows));
        PairedCounts {
            paired: self.paired,
            shed: self.shed,
            refused_by_shadow: self.refused_by_shadow,
            refused_by_live: self.refused_by_live,
            refused_by_both: self.refused_by_both,
            failed: self.failed,
            disagreed: self.paired - self.agreed,
            agreement: share(self.agreed, self.paired),
            flips,
            difference: self.differences.told(),
            slices: self.slices.worst(),
        }
    }

    fn pair(&mut self, live: &Side<'_>, shadow: &Side<'_>, batch: &RowBatch) {
        let columns = slices::columns(live.release.contract());
        for row in 0..batch.rows() {
            let compared = live.compare(shadow, row);
            self.paired += 1;
            self.agreed += u64::from(compared.agrees);
            if let Some((from, to)) = compared.flip {
                *self.flips.entry((from.to_owned(), to.to_owned())).or_default() += 1;
            }
            if let Some(difference) = compared.difference {
                self.differences.add(difference);
            }
            for (index, name) in &columns {
                self.slices.add(name, batch.columns()[*index].cell(row), compared.agrees);
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
