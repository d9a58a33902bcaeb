//! Tests and distances on counts: of bins or of categories, cell by cell.
//!
//! `reference[i]` and `current[i]` are the rows of each sample in cell i. [`Edges`] makes cells of
//! numbers (by a [`Binning`]), [`Histogram`] and [`CategoryCounts`] count rows into them and add up: the sketches of the
//! parts of a table merge into the sketch of the table, bit for bit. [`of_categories`] and
//! [`of_values`] align two samples without a sketch.
//!
//! Order of cells does not matter, and neither do cells that are empty on both sides (but see
//! [`kullback_leibler_divergence`]).

mod binning;
mod chi_squared;
mod distance;
mod edges;
mod sketch;

pub use binning::Binning;
pub use chi_squared::{Continuity, chi_squared_contingency, chi_squared_goodness_of_fit};
pub use distance::{
    LogBase, ZeroShares, hellinger_distance, jensen_shannon_distance, kullback_leibler_divergence,
    l_infinity_distance, population_stability_index, total_variation_distance,
};
pub(crate) use distance::{
    hellinger_of, jensen_shannon_of, stability_index_of, total_variation_of,
};
pub use edges::{Edges, MAX_EDGES};
pub use sketch::{CategoryCounts, Histogram, of_categories, of_values};

use crate::Error;

/// Refuses counts of different cells, and a sample without rows. Gives the sums.
fn check(reference: &[u64], current: &[u64]) -> Result<(f64, f64), Error> {
    if reference.len() != current.len() {
        return Err(Error::CellsDiffer { reference: reference.len(), current: current.len() });
    }
    Ok((total("reference", reference)?, total("current", current)?))
}

fn total(sample: &'static str, counts: &[u64]) -> Result<f64, Error> {
    let total: u128 = counts.iter().map(|&count| u128::from(count)).sum();
    if total == 0 { Err(Error::EmptySample { sample }) } else { Ok(total as f64) }
}

/// The shares of both samples, cell by cell.
fn shares(reference: &[u64], current: &[u64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
    check(reference, current)?;
    Ok((shares_of("reference", reference)?.0, shares_of("current", current)?.0))
}

/// The shares of one sample, and its rows.
pub(crate) fn shares_of(sample: &'static str, counts: &[u64]) -> Result<(Vec<f64>, f64), Error> {
    let rows = total(sample, counts)?;
    Ok((counts.iter().map(|&count| count as f64 / rows).collect(), rows))
}

#[cfg(test)]
mod tests;
