//! Shares of answers in bins of one width.

use super::Whose;

/// Enough to see a shape, few enough to see each.
const BINS: usize = 40;
/// Of numbers without bounds the outermost rows on either side share a bin: one of them far away
/// would leave nothing to see of the others.
const TAIL: f64 = 0.005;

/// How often there is which number.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// What the number is.
    pub what: String,
    /// Whether it is a share, from 0 to 1.
    pub is_share: bool,
    /// Where the first bin begins.
    pub low: f64,
    /// Where the last one ends; above `low`.
    pub high: f64,
    /// Whose numbers, over the same bins.
    pub series: Vec<Series>,
}

/// The shares of one sample; they add up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Whose it is.
    pub whose: Whose,
    /// Of each bin.
    pub shares: Vec<f64>,
}

impl Distribution {
    /// Of shares: from 0 to a little above the largest. `None` where no number is finite.
    pub(super) fn of_shares(what: String, samples: &[(Whose, Vec<f64>)]) -> Option<Self> {
        let largest = sorted(samples).last().copied()?;
        let high = ((largest * 20.0).ceil() / 20.0).clamp(0.05, 1.0);
        Some(Self { what, is_share: true, low: 0.0, high, series: series(samples, (0.0, high)) })
    }

    /// Of numbers; the outermost bins hold everything beyond them. `None` where none is finite.
    pub(super) fn of_numbers(what: String, samples: &[(Whose, Vec<f64>)]) -> Option<Self> {
        let sorted = sorted(samples);
        let last = sorted.len().checked_sub(1)?;
        let from_end = bin((0.0, 1.0), TAIL, last + 1);
        let (mut low, mut high) = (sorted[from_end], sorted[last - from_end]);
        if high <= low {
            (low, high) = (low - 0.5, high + 0.5);
        }
        Some(Self { what, is_share: false, low, high, series: series(samples, (low, high)) })
    }
}

fn sorted(samples: &[(Whose, Vec<f64>)]) -> Vec<f64> {
    let all = samples.iter().flat_map(|(_, values)| values).copied();
    let mut finite: Vec<f64> = all.filter(|value| value.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    finite
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn series(samples: &[(Whose, Vec<f64>)], range: (f64, f64)) -> Vec<Series> {
    let of = |(whose, values): &(Whose, Vec<f64>)| {
        let mut counts = vec![0_usize; BINS];
        for value in values.iter().filter(|value| value.is_finite()) {
            counts[bin(range, *value, BINS)] += 1;
        }
        let total = counts.iter().sum::<usize>().max(1) as f64;
        let shares = counts.into_iter().map(|count| count as f64 / total).collect();
        Series { whose: *whose, shares }
    };
    samples.iter().map(of).collect()
}

/// Which of so many bins of one width holds a number; the outermost hold what is beyond them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a position among few bins; a negative number becomes 0"
)]
pub(super) fn bin((low, high): (f64, f64), value: f64, bins: usize) -> usize {
    let position = (value - low) / (high - low) * bins as f64;
    (position as usize).min(bins - 1)
}
