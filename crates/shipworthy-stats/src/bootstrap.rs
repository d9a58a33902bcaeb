//! Intervals of any metric, by resampling the rows.
//!
//! The bias-corrected and accelerated interval of Efron 1987. Everything is part of the definition:
//!
//! - Resample r draws row ⌊x n / 2⁶⁴⌋ for each x of the next n outputs of SplitMix64 (Steele, Lea &
//!   Flood 2014), whose state starts as the seed and is never reset.
//! - Bias correction is the normal quantile of the share of resamples below the value, those equal
//!   to it counting one half; acceleration is the jackknife's. Beyond [`JACKKNIFE_GROUPS`] rows the
//!   jackknife deletes that many groups of rows, dealt by a Fisher–Yates shuffle with the seed's
//!   complement.
//! - A quantile between two resamples is interpolated on a straight line.
//!
//! Functions that take labels and predictions sort the rows first, so that the order in which they
//! come makes no difference.
//!
//! An interval of resamples is approximate, and it need not hold the value itself: of a metric that
//! is biased (a calibration error grows when rows are fewer) it moves away from the bias.

mod draws;
mod rows;

use crate::Error;
use crate::interval::{Coverage, Interval};
use crate::special::{normal_cdf, normal_quantile};
use crate::sum::sum;
use draws::Draws;

pub(crate) use draws::left_out;

/// Fewest resamples: with fewer, a 95 % interval would end at the two or three outermost.
pub const MIN_RESAMPLES: usize = 100;

/// Most resamples. Beyond it the error of resampling is far below that of the method.
pub const MAX_RESAMPLES: usize = 1_000_000;

/// Most evaluations of the metric for the acceleration: its error is then about 0.002, far below what
/// moves an end of the interval.
pub const JACKKNIFE_GROUPS: usize = 200;

/// How the rows are resampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    seed: u64,
    resamples: usize,
}

impl Bootstrap {
    /// As many resamples, [`MIN_RESAMPLES`] to [`MAX_RESAMPLES`], as the seed gives.
    ///
    /// # Errors
    /// [`Error::ResamplesOutOfRange`].
    pub const fn new(seed: u64, resamples: usize) -> Result<Self, Error> {
        if resamples < MIN_RESAMPLES || resamples > MAX_RESAMPLES {
            return Err(Error::ResamplesOutOfRange {
                resamples,
                min: MIN_RESAMPLES,
                max: MAX_RESAMPLES,
            });
        }
        Ok(Self { seed, resamples })
    }

    /// The interval of a metric of `rows` rows. `metric` gets row numbers in ascending order, a row
    /// that is drawn twice coming twice.
    ///
    /// The metric is evaluated once for each resample and up to [`JACKKNIFE_GROUPS`] times more.
    /// Allocates two numbers a row and one a resample.
    ///
    /// # Errors
    /// [`Error::Empty`]; those of `metric` on all rows; [`Error::UndefinedOnResample`] when it has
    /// no value on a resample; [`Error::NoVariation`] when all resamples give the same, and
    /// [`Error::BiasedResamples`] when they all lie on one side of the value.
    pub fn of_indices(
        self,
        rows: usize,
        coverage: Coverage,
        mut metric: impl FnMut(&[usize]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        self.of_drawn(rows, coverage, &mut metric)
    }

    /// Not generic, so that it is compiled once, here.
    fn of_drawn(
        self,
        rows: usize,
        coverage: Coverage,
        metric: &mut dyn FnMut(&[usize]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        if rows == 0 {
            return Err(Error::Empty);
        }
        let all: Vec<usize> = (0..rows).collect();
        let value = metric(&all)?;
        let mut on_resample = |indices: &[usize]| {
            metric(indices).map_err(|source| Error::UndefinedOnResample { source: source.into() })
        };
        let mut draws = Draws::new(self.seed);
        let mut resamples = Vec::with_capacity(self.resamples);
        let mut counts = vec![0_u32; rows];
        let mut indices = all;
        for _ in 0..self.resamples {
            draws.resample(&mut counts, &mut indices);
            resamples.push(on_resample(&indices)?);
        }
        resamples.sort_unstable_by(f64::total_cmp);
        if resamples[0] == resamples[self.resamples - 1] {
            return Err(Error::NoVariation { what: "metric on the resamples" });
        }
        let bias = bias_of(value, &resamples)?;
        let left_out: Result<Vec<f64>, Error> =
            left_out(rows, self.seed).map(|indices| on_resample(&indices)).collect();
        let acceleration = acceleration_of(&left_out?);
        let end = |z: f64| -> Result<f64, Error> {
            let shifted = bias + z;
            let shrink = 1.0 - acceleration * shifted;
            if shrink <= 0.0 {
                return Err(Error::BiasedResamples);
            }
            Ok(quantile(&resamples, normal_cdf(bias + shifted / shrink)))
        };
        Ok(Interval { lower: end(-coverage.z())?, upper: end(coverage.z())? })
    }
}

/// The normal quantile of the share of resamples below the value.
fn bias_of(value: f64, resamples: &[f64]) -> Result<f64, Error> {
    let below = resamples.partition_point(|&resample| resample < value);
    let not_above = resamples.partition_point(|&resample| resample <= value);
    let share = (below + not_above) as f64 / (2 * resamples.len()) as f64;
    if share <= 0.0 || share >= 1.0 {
        return Err(Error::BiasedResamples);
    }
    normal_quantile(share)
}

/// A sixth of the skewness of the jackknife's influences. Of values that are all the same there is
/// no skewness, and nothing to accelerate.
fn acceleration_of(left_out: &[f64]) -> f64 {
    let mean = sum(left_out.iter().copied()) / left_out.len() as f64;
    let influences = || left_out.iter().map(|value| mean - value);
    let scale = influences().fold(0.0, |largest: f64, influence| largest.max(influence.abs()));
    if scale == 0.0 {
        return 0.0;
    }
    let squares = sum(influences().map(|influence| (influence / scale).powi(2)));
    sum(influences().map(|influence| (influence / scale).powi(3))) / (6.0 * squares.powf(1.5))
}

/// Between the two nearest of sorted values, on a straight line.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len() - 1;
    let place = share * last as f64;
    let below = (place.floor() as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    if low == high { low } else { low + (high - low) * (place - below as f64) }
}

#[cfg(test)]
mod tests;
