//! Where one bin ends and the next begins.

use crate::Error;
use crate::ascending::ascending;
use crate::input::{check_finite, check_sample};
use crate::sum::{mean_and_deviation, sum};

/// Largest number of edges.
pub const MAX_EDGES: usize = 10_000;

/// Edges that cut the numbers into bins: bin i holds what is at least edge i − 1 and below edge i;
/// the first and the last bin are open, so that every number has one.
///
/// A rule that closes its last bin (numpy's) has the next float above as its last edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Edges(Vec<f64>);

impl Edges {
    /// These edges, which ascend strictly.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::EdgesOutOfOrder`], [`Error::BinsOutOfRange`] beyond
    /// [`MAX_EDGES`].
    pub fn new(edges: Vec<f64>) -> Result<Self, Error> {
        check_finite("edges", &edges)?;
        if edges.len() > MAX_EDGES {
            return Err(Error::BinsOutOfRange { bins: edges.len() + 1, max: MAX_EDGES + 1 });
        }
        match edges.windows(2).position(|pair| pair[0] >= pair[1]) {
            Some(index) => Err(Error::EdgesOutOfOrder { index: index + 1 }),
            None => Ok(Self(edges)),
        }
    }

    /// Bins of equal width from the smallest to the largest of both samples, ⌈log₂ n + 1⌉ of them.
    ///
    /// Source: Sturges 1926, as numpy's `histogram_bin_edges(…, "sturges")` of both together, which
    /// is what Evidently takes. Checked with numpy.
    ///
    /// # Errors
    /// [`Error::EmptySample`] when both are empty, [`Error::NotFinite`], [`Error::Overflow`].
    pub fn sturges(reference: &[f64], current: &[f64]) -> Result<Self, Error> {
        let both = [reference, current].concat();
        check_sample("reference", &both)?;
        let Self(mut edges) = equal_width(&both, (both.len() as f64).log2() + 1.0)?;
        // Nothing lies beyond the outer edges.
        edges.pop();
        Ok(Self(edges.split_off(1)))
    }

    /// [`Edges::sturges`] of the distinct values of both samples, each taken once: fewer bins, on
    /// the same range. What Evidently takes for the Hellinger distance.
    ///
    /// # Errors
    /// As [`Edges::sturges`].
    pub fn sturges_of_distinct(reference: &[f64], current: &[f64]) -> Result<Self, Error> {
        let mut both = ascending(&[reference, current].concat());
        both.dedup();
        Self::sturges(&both, &[])
    }

    /// Bins of equal width from the smallest to the largest value of the reference, more of them
    /// when it is skewed, and an open one on either side.
    ///
    /// Source: Doane 1976, as numpy's `histogram_bin_edges(…, "doane")`, which is what NannyML takes.
    /// Checked with NannyML.
    ///
    /// # Errors
    /// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::Overflow`].
    pub fn doane(reference: &[f64]) -> Result<Self, Error> {
        check_sample("reference", reference)?;
        let n = reference.len() as f64;
        let (mean, deviation) = mean_and_deviation(reference);
        if reference.len() < 3 || deviation <= 0.0 {
            return equal_width(reference, 1.0);
        }
        let skewness = sum(reference.iter().map(|value| ((value - mean) / deviation).powi(3))) / n;
        let its_deviation = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
        equal_width(reference, 1.0 + n.log2() + (1.0 + skewness.abs() / its_deviation).log2())
    }

    /// Bins with equally many rows of the reference: edges at its quantiles 1/`bins`, 2/`bins`, …,
    /// equal ones taken once.
    ///
    /// Source: numpy's `quantile`, linear between rows. Checked with numpy.
    ///
    /// # Errors
    /// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::BinsOutOfRange`] for 0 bins and beyond
    /// [`MAX_EDGES`].
    pub fn quantiles(reference: &[f64], bins: usize) -> Result<Self, Error> {
        check_sample("reference", reference)?;
        if bins == 0 || bins > MAX_EDGES {
            return Err(Error::BinsOutOfRange { bins, max: MAX_EDGES });
        }
        let sorted = ascending(reference);
        let mut edges: Vec<f64> =
            (0..=bins).map(|k| quantile(&sorted, k as f64 / bins as f64)).collect();
        edges.dedup();
        // The outer bins are open.
        edges.pop();
        Self::new(edges.split_off(edges.len().min(1)))
    }

    /// The edges, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }

    /// Number of bins: one more than there are edges.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.0.len() + 1
    }

    /// The bin of a number, from 0. NaN falls into the first: refuse it before.
    #[must_use]
    pub fn bin_of(&self, value: f64) -> usize {
        self.0.partition_point(|edge| *edge <= value)
    }
}

/// numpy's bins: of about (largest − smallest) / `parts`, the last closed.
fn equal_width(values: &[f64], parts: f64) -> Result<Edges, Error> {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = crate::input::finite_result("the range of the values", largest - smallest)?;
    let width = range / parts;
    // Also where the values are so near that the width vanishes.
    if width == 0.0 {
        return Edges::new(vec![smallest, largest.next_up()]);
    }
    let bins = (range / width).ceil() as usize;
    let step = range / bins as f64;
    let mut edges: Vec<f64> = (0..bins).map(|k| k as f64 * step + smallest).collect();
    edges.push(largest.next_up());
    // Rounding may tie the edges of values that are a few floats apart.
    edges.dedup_by(|next, edge| *next <= *edge);
    Edges::new(edges)
}

/// The quantile of numpy's method `linear`.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = position.floor();
    let (low, high) = (sorted[below as usize], sorted[(below as usize + 1).min(sorted.len() - 1)]);
    let part = position - below;
    // From the nearer end, and never an overflow of high - low.
    let gap = high - low;
    if !gap.is_finite() {
        low * (1.0 - part) + high * part
    } else if part < 0.5 {
        low + gap * part
    } else {
        high - gap * (1.0 - part)
    }
}
