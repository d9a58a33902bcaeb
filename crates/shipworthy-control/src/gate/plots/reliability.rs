//! What happens where so much is said.

use shipworthy_stats::interval::{Coverage, Proportion};

use super::distribution::bin;

/// As many as the expected calibration error has.
const BINS: usize = 10;
/// The two-sided interval of each bin.
const LEVEL: f64 = 0.95;
/// Its normal quantile.
const Z: f64 = 1.959_963_984_540_054;

/// What is said and what was seen, bin by bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    /// What is predicted: a class, or a number.
    pub what: String,
    /// Whether it is a share, from 0 to 1.
    pub is_share: bool,
    /// Those with rows, from the least that is said.
    pub bins: Vec<Bin>,
}

/// Rows to which about the same is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The mean of what is said.
    pub said: f64,
    /// The mean of what is true.
    pub seen: f64,
    /// How low that may be in truth, with a two-sided confidence of 95 %.
    pub low: f64,
    /// How high.
    pub high: f64,
    /// Rows; at least one.
    pub rows: usize,
}

impl Reliability {
    /// Of probabilities in bins of one width, with Wilson's intervals.
    pub(super) fn of_shares(class: &str, labels: &[f64], answers: &[f64]) -> Option<Self> {
        let mut groups = vec![Vec::new(); BINS];
        for pair in pairs(labels, answers) {
            groups[bin((0.0, 1.0), pair.0, BINS)].push(pair);
        }
        let coverage = Coverage::two_sided(LEVEL).ok()?;
        let interval = |seen: &[f64]| {
            let positives = seen.iter().filter(|label| **label > 0.5).count();
            let share = Proportion::new(positives as u64, seen.len() as u64).ok()?;
            let interval = share.wilson(coverage);
            Some((interval.lower, interval.upper))
        };
        Self::of(class, true, &groups, interval)
    }

    /// Of numbers in bins of about as many rows, with the normal intervals of means.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    pub(super) fn of_numbers(target: &str, labels: &[f64], answers: &[f64]) -> Option<Self> {
        let mut pairs: Vec<(f64, f64)> = pairs(labels, answers).collect();
        pairs.sort_by(|one, two| one.0.total_cmp(&two.0));
        let size = pairs.len().div_ceil(BINS).max(1);
        let groups: Vec<Vec<(f64, f64)>> = pairs.chunks(size).map(<[_]>::to_vec).collect();
        let interval = |seen: &[f64]| {
            let (count, mean) = (seen.len() as f64, mean(seen.iter().copied()));
            let squares = seen.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            let error = (squares / (count - 1.0).max(1.0) / count).sqrt();
            Some((mean - Z * error, mean + Z * error))
        };
        Self::of(target, false, &groups, interval)
    }

    fn of(
        what: &str,
        is_share: bool,
        groups: &[Vec<(f64, f64)>],
        interval: impl Fn(&[f64]) -> Option<(f64, f64)>,
    ) -> Option<Self> {
        let of_group = |group: &Vec<(f64, f64)>| {
            let seen: Vec<f64> = group.iter().map(|(_, label)| *label).collect();
            let (low, high) = interval(&seen)?;
            let said = mean(group.iter().map(|(answer, _)| *answer));
            Some(Bin { said, seen: mean(seen.iter().copied()), low, high, rows: group.len() })
        };
        let bins = groups.iter().filter(|group| !group.is_empty()).map(of_group);
        let bins = bins.collect::<Option<Vec<_>>>()?;
        (!bins.is_empty()).then(|| Self { what: what.to_owned(), is_share, bins })
    }
}

/// What is said and what is true, where both are numbers.
fn pairs(labels: &[f64], answers: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    let pairs = answers.iter().copied().zip(labels.iter().copied());
    pairs.filter(|(answer, label)| answer.is_finite() && label.is_finite())
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}
