//! Distances between two sets of shares.

use super::shares;
use crate::Error;
use crate::sum::sum;

/// The unit of information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogBase {
    /// Nats: scipy's default, and Evidently.
    Natural,
    /// Bits: NannyML. A Jensen–Shannon distance is then at most 1.
    Two,
}

impl LogBase {
    /// Nats in this unit.
    pub(crate) fn of_nats(self, nats: f64) -> f64 {
        match self {
            Self::Natural => nats,
            Self::Two => nats / std::f64::consts::LN_2,
        }
    }
}

/// What to do with a cell that one sample leaves empty, where a logarithm is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ZeroShares {
    /// [`Error::ZeroShare`].
    Refuse,
    /// No share is below this number, in (0, 1); what is above stays as it is.
    Floor(f64),
    /// A share of 0 becomes 1e-4, or, where the sample's smallest other share is at most 1e-4, a
    /// millionth of that; what Evidently does. The shares then sum to more than 1.
    Evidently,
}

impl ZeroShares {
    pub(crate) fn fill(self, shares: &mut [f64]) -> Result<(), Error> {
        match self {
            Self::Refuse => match shares.iter().position(|share| *share == 0.0) {
                Some(cell) => return Err(Error::ZeroShare { cell }),
                None => return Ok(()),
            },
            Self::Floor(floor) => {
                if !(floor > 0.0 && floor < 1.0) {
                    let (function, argument) = ("the floor of shares", "floor");
                    return Err(Error::OutOfDomain { function, argument, value: floor });
                }
                shares.iter_mut().for_each(|share| *share = share.max(floor));
            }
            Self::Evidently => {
                let filled = shares.iter().copied().filter(|share| *share > 0.0);
                let smallest = filled.fold(1.0, f64::min);
                let stand_in = if smallest <= 1e-4 { smallest / 1e6 } else { 1e-4 };
                shares
                    .iter_mut()
                    .filter(|share| **share == 0.0)
                    .for_each(|share| *share = stand_in);
            }
        }
        Ok(())
    }
}

/// Population stability index: Σ (p − q) ln(p / q) over the shares p of the reference and q of the
/// current sample; at least 0, symmetric.
///
/// Source: Jeffreys' divergence, the measure of credit scoring (Siddiqi 2006). By habit 0.1 is worth
/// a look and 0.25 a shift. Checked with Evidently (`psi`) and numpy. It depends on the cells and on
/// `zeros`: name both.
///
/// # Errors
/// [`Error::CellsDiffer`], [`Error::EmptySample`], [`Error::ZeroShare`], [`Error::OutOfDomain`].
pub fn population_stability_index(
    reference: &[u64],
    current: &[u64],
    zeros: ZeroShares,
) -> Result<f64, Error> {
    let (p, q) = filled(reference, current, zeros)?;
    Ok(stability_index_of(&p, &q))
}

pub(crate) fn stability_index_of(p: &[f64], q: &[f64]) -> f64 {
    sum(p.iter().zip(q).map(|(p, q)| (p - q) * (p / q).ln())).max(0.0)
}

/// Kullback–Leibler divergence of the current sample from the reference: Σ p log(p / q); at least 0,
/// not symmetric.
///
/// Source: Kullback & Leibler 1951. Shares are scaled to sum to 1 after `zeros`, as scipy's
/// `entropy` does, so that cells filled up on both sides count a little. Checked with scipy and
/// Evidently (`kl_div`).
///
/// # Errors
/// [`Error::CellsDiffer`], [`Error::EmptySample`], [`Error::ZeroShare`], [`Error::OutOfDomain`].
pub fn kullback_leibler_divergence(
    reference: &[u64],
    current: &[u64],
    zeros: ZeroShares,
    base: LogBase,
) -> Result<f64, Error> {
    let (mut p, mut q) = filled(reference, current, zeros)?;
    for shares in [&mut p, &mut q] {
        let total = sum(shares.iter().copied());
        shares.iter_mut().for_each(|share| *share /= total);
    }
    Ok(base.of_nats(sum(p.iter().zip(&q).map(|(p, q)| p * (p / q).ln())).max(0.0)))
}

/// Jensen–Shannon distance: the root of the mean divergence of both from their mean; symmetric, a
/// metric, in [0, √ln 2 = 0.8326] nats or [0, 1] bits.
///
/// Source: Endres & Schindelin 2003; Lin 1991 for its square. Empty cells count as they are. Checked
/// with scipy's `jensenshannon`, Evidently (natural) and NannyML (base two).
///
/// # Errors
/// [`Error::CellsDiffer`], [`Error::EmptySample`].
pub fn jensen_shannon_distance(
    reference: &[u64],
    current: &[u64],
    base: LogBase,
) -> Result<f64, Error> {
    let (p, q) = shares(reference, current)?;
    Ok(jensen_shannon_of(&p, &q, base))
}

pub(crate) fn jensen_shannon_of(p: &[f64], q: &[f64], base: LogBase) -> f64 {
    let from_mean = |share: f64, other: f64| {
        // share / ((share + other) / 2), as 1 + what it is off, keeps the digits of small gaps.
        if share == 0.0 { 0.0 } else { share * ((share - other) / (share + other)).ln_1p() }
    };
    let divergence = sum(p.iter().zip(q).map(|(&p, &q)| from_mean(p, q) + from_mean(q, p))) / 2.0;
    base.of_nats(divergence.clamp(0.0, std::f64::consts::LN_2)).sqrt()
}

/// Hellinger distance: √(Σ (√p − √q)² / 2); symmetric, a metric, in [0, 1].
///
/// Source: Hellinger 1909; equal to √(1 − Σ √(p q)), without its cancellation. Checked with numpy,
/// Evidently and NannyML.
///
/// # Errors
/// [`Error::CellsDiffer`], [`Error::EmptySample`].
pub fn hellinger_distance(reference: &[u64], current: &[u64]) -> Result<f64, Error> {
    let (p, q) = shares(reference, current)?;
    Ok(hellinger_of(&p, &q))
}

pub(crate) fn hellinger_of(p: &[f64], q: &[f64]) -> f64 {
    let squares = p.iter().zip(q).map(|(p, q)| (p.sqrt() - q.sqrt()).powi(2));
    (sum(squares) / 2.0).sqrt().min(1.0)
}

/// Total variation distance: half of Σ |p − q|, the largest difference of the chances of any event;
/// symmetric, a metric, in [0, 1].
///
/// Source: Levin, Peres & Wilmer 2009, proposition 4.2. Checked with numpy.
///
/// # Errors
/// [`Error::CellsDiffer`], [`Error::EmptySample`].
pub fn total_variation_distance(reference: &[u64], current: &[u64]) -> Result<f64, Error> {
    let (p, q) = shares(reference, current)?;
    Ok(total_variation_of(&p, &q))
}

pub(crate) fn total_variation_of(p: &[f64], q: &[f64]) -> f64 {
    (sum(p.iter().zip(q).map(|(p, q)| (p - q).abs())) / 2.0).min(1.0)
}

/// The largest difference of the shares of one cell; symmetric, in [0, 1].
///
/// Checked with NannyML (`l_infinity`).
///
/// # Errors
/// [`Error::CellsDiffer`], [`Error::EmptySample`].
pub fn l_infinity_distance(reference: &[u64], current: &[u64]) -> Result<f64, Error> {
    let (p, q) = shares(reference, current)?;
    Ok(p.iter().zip(&q).map(|(p, q)| (p - q).abs()).fold(0.0, f64::max))
}

/// The shares, but for zeros. Refusing them, cells that are empty on both sides are fine.
fn filled(
    reference: &[u64],
    current: &[u64],
    zeros: ZeroShares,
) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let (mut p, mut q) = shares(reference, current)?;
    if zeros == ZeroShares::Refuse {
        (p, q) = p.into_iter().zip(q).filter(|(p, q)| p + q > 0.0).unzip();
    }
    zeros.fill(&mut p)?;
    zeros.fill(&mut q)?;
    Ok((p, q))
}
