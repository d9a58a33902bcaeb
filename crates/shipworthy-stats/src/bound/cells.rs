//! Distances of shares.

use super::{Rows, UpperBound};
use crate::Error;
use crate::counts::{
    LogBase, ZeroShares, hellinger_of, jensen_shannon_of, shares_of, stability_index_of,
    total_variation_of,
};
use crate::input::check_finite;
use crate::interval::Coverage;
use crate::sum::sum;

/// How far known shares may be from a sum of 1.
const SUM_TOLERANCE: f64 = 1e-6;

/// A distance of two sets of shares, cell by cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellDistance {
    /// [`population_stability_index`](crate::counts::population_stability_index) of shares that are
    /// at least `floor`.
    PopulationStabilityIndex {
        /// Above 0 and below 1. Without it no bound would be finite where a cell is empty.
        floor: f64,
    },
    /// [`jensen_shannon_distance`](crate::counts::jensen_shannon_distance).
    JensenShannon(LogBase),
    /// [`hellinger_distance`](crate::counts::hellinger_distance).
    Hellinger,
    /// [`total_variation_distance`](crate::counts::total_variation_distance).
    TotalVariation,
}

/// What the shares of a sample are held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected<'a> {
    /// Shares that are known, one a cell, in sum 1.
    Known(&'a [f64]),
    /// The rows of another sample in each cell.
    Counted(&'a [u64], Rows),
}

impl CellDistance {
    /// The distance of a sample, its rows in each cell, from what is expected, with its upper bound.
    ///
    /// Source: the module. The error of a sample of n rows is √(1 / 8n) for the Hellinger and the
    /// Jensen–Shannon distance (in nats), the exact one near 0 and the largest there is elsewhere; ½ / √n
    /// for the total variation, that of a share at worst; and for the root of the stability index
    /// the delta method's (Yurdakul & Naranjo 2020 have its variance), or 1 / √n, the one near 0, where
    /// that is larger.
    ///
    /// # Errors
    /// [`Error::CellsDiffer`], [`Error::EmptySample`], [`Error::NotFinite`], [`Error::OutOfDomain`]
    /// for shares that are negative or no whole, and for a floor out of its range.
    pub fn upper_bound(
        self,
        expected: Expected<'_>,
        counts: &[u64],
        coverage: Coverage,
    ) -> Result<UpperBound, Error> {
        let (mut q, rows) = shares_of("current", counts)?;
        let (mut p, expected_rows, pairing) = match expected {
            Expected::Known(shares) => (known(shares)?, f64::INFINITY, Rows::Others),
            Expected::Counted(counts, pairing) => {
                let (shares, rows) = shares_of("reference", counts)?;
                (shares, rows, pairing)
            }
        };
        if p.len() != q.len() {
            return Err(Error::CellsDiffer { reference: p.len(), current: q.len() });
        }
        let error = |each: f64| pairing.error(each / expected_rows.sqrt(), each / rows.sqrt());
        let eighth = 0.125_f64.sqrt();
        let (value, error, most) = match self {
            Self::Hellinger => (hellinger_of(&p, &q), error(eighth), 1.0),
            Self::TotalVariation => (total_variation_of(&p, &q), error(0.5), 1.0),
            Self::JensenShannon(base) => {
                let of_nats = |nats: f64| base.of_nats(nats.powi(2)).sqrt();
                let most = of_nats(std::f64::consts::LN_2.sqrt());
                (jensen_shannon_of(&p, &q, base), of_nats(error(eighth)), most)
            }
            Self::PopulationStabilityIndex { floor } => {
                let drawn = (p.clone(), q.clone());
                ZeroShares::Floor(floor).fill(&mut p)?;
                ZeroShares::Floor(floor).fill(&mut q)?;
                let value = stability_index_of(&p, &q);
                let of = |drawn, filled: (&[f64], &[f64])| root_error(value, drawn, filled);
                let expected = of(&drawn.0, (&p, &q)) / expected_rows.sqrt();
                let error = pairing.error(expected, of(&drawn.1, (&q, &p)) / rows.sqrt());
                let root = UpperBound::normal(value.sqrt(), error, coverage, f64::INFINITY);
                return Ok(UpperBound { value, upper: root.upper.powi(2).max(value) });
            }
        };
        Ok(UpperBound::normal(value, error, coverage, most))
    }
}

/// The standard deviation of one row's part in the root of the stability index, of a sample with the
/// shares `drawn`, which are `own` from the floor on, against `other`.
fn root_error(index: f64, drawn: &[f64], (own, other): (&[f64], &[f64])) -> f64 {
    let slope = |((drawn, own), other): ((&f64, &f64), &f64)| {
        // What lies below the floor moves nothing.
        if drawn < own { 0.0 } else { (own / other).ln() + 1.0 - other / own }
    };
    let parts = || drawn.iter().zip(drawn.iter().zip(own).zip(other).map(slope));
    let mean = sum(parts().map(|(share, slope)| share * slope));
    let variance = sum(parts().map(|(share, slope)| share * (slope - mean).powi(2)));
    let by_delta = variance.sqrt() / (2.0 * index.sqrt());
    // Also where the index is 0, and has no slope. NaN is no maximum.
    by_delta.max(1.0)
}

fn known(shares: &[f64]) -> Result<Vec<f64>, Error> {
    check_finite("expected shares", shares)?;
    let domain = |argument, value| {
        let function = "a distance from known shares";
        Error::OutOfDomain { function, argument, value }
    };
    if let Some(negative) = shares.iter().find(|share| **share < 0.0) {
        return Err(domain("share", *negative));
    }
    let whole = sum(shares.iter().copied());
    if (whole - 1.0).abs() > SUM_TOLERANCE {
        return Err(domain("the sum of shares", whole));
    }
    Ok(shares.to_vec())
}
