//! A metric in each slice.

use crate::gate::judged::Finding;
use crate::gate::sliced::Slice;
use crate::gate::{Limit, Metric};

/// Slices that are drawn: those with the least room to their limit.
const DRAWN: usize = 20;

/// What a gate found in each slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// The metric.
    pub metric: Metric,
    /// The column whose values make the slices.
    pub column: String,
    /// How far the metric may go.
    pub limit: Limit,
    /// The confidence of each bound.
    pub confidence: f64,
    /// At most 20, those nearest to the limit first.
    pub parts: Vec<Part>,
    /// How many more there are.
    pub others: usize,
}

/// A slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What its rows have in common.
    pub name: String,
    /// Rows.
    pub rows: usize,
    /// Whether the metric keeps its limit here.
    pub passed: bool,
    /// The metric on the rows.
    pub observed: Option<f64>,
    /// How bad it may be in truth.
    pub bound: Option<f64>,
}

impl Part {
    pub(in crate::gate) fn of(slice: &Slice, finding: &Finding) -> Self {
        Self {
            name: slice.name.clone(),
            rows: slice.rows.len(),
            passed: finding.passed == Some(true),
            observed: finding.observed.filter(|number| number.is_finite()),
            bound: finding.bound.filter(|number| number.is_finite()),
        }
    }
}

impl Parts {
    pub(in crate::gate) fn new(
        (metric, limit): (Metric, Limit),
        column: &str,
        confidence: f64,
        mut parts: Vec<Part>,
    ) -> Self {
        parts.sort_by(|one, two| limit.room(one.bound).total_cmp(&limit.room(two.bound)));
        let others = parts.len().saturating_sub(DRAWN);
        parts.truncate(DRAWN);
        Self { metric, column: column.to_owned(), limit, confidence, parts, others }
    }
}
