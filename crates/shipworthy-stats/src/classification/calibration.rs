//! Whether a predicted 30 % happens three times in ten.

use super::check_probability_rows;
use crate::Error;
use crate::sum::{CompensatedSum, sum};

/// Largest number of bins of a reliability table. Beyond it a bin is narrower than any sample can
/// resolve.
pub const MAX_BINS: usize = 10_000;

/// One row of a reliability table: the scores in (`lower`, `upper`], the first bin also holding 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// Number of the bin, from 0.
    pub bin: usize,
    /// Lower edge, excluded (but for 0 in the first bin).
    pub lower: f64,
    /// Upper edge, included.
    pub upper: f64,
    /// Rows in the bin, at least 1.
    pub count: usize,
    /// Mean of their scores, in [0, 1].
    pub mean_predicted: f64,
    /// Share of them that is positive, in [0, 1].
    pub observed_rate: f64,
}

/// Mean predicted and observed rate in `bins` bins of equal width, lowest first; an empty bin has
/// no row.
///
/// Source: the reliability diagram of DeGroot & Fienberg 1983, with the bins ((k/m, (k+1)/m], 0 in
/// the first) of Guo et al. 2017, section 2. Edges are compared exactly: k/m is the nearest 64-bit
/// float.
///
/// Scores are probabilities in [0, 1]; `bins` is in 1..=[`MAX_BINS`]. Allocates O(`bins`).
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::ScoreOutOfRange`],
/// [`Error::BinsOutOfRange`].
pub fn reliability_table(
    labels: &[bool],
    scores: &[f64],
    bins: usize,
) -> Result<Vec<ReliabilityBin>, Error> {
    check_probability_rows(labels, scores)?;
    check_bins(bins)?;
    let mut tallies = vec![Tally::default(); bins];
    for (&label, &score) in labels.iter().zip(scores) {
        tallies[bin_of(score, bins)].add(label, score);
    }
    let filled = tallies.iter().enumerate().filter(|(_, tally)| tally.count > 0);
    Ok(filled.map(|(bin, tally)| tally.row(bin, bins)).collect())
}

/// Expected calibration error: the mean distance between predicted and observed rate of the bins,
/// weighted by their rows.
///
/// Source: Naeini et al. 2015 and Guo et al. 2017, equation 3, for the positive class, over the
/// bins of [`reliability_table`]. It depends on `bins` and shrinks with fewer: report both.
///
/// Scores are probabilities in [0, 1]; `bins` is in 1..=[`MAX_BINS`]. The result is in [0, 1];
/// smaller is better. Allocates O(`bins`).
///
/// # Errors
/// As [`reliability_table`].
pub fn expected_calibration_error(
    labels: &[bool],
    scores: &[f64],
    bins: usize,
) -> Result<f64, Error> {
    let table = reliability_table(labels, scores, bins)?;
    let gaps =
        table.iter().map(|row| row.count as f64 * (row.observed_rate - row.mean_predicted).abs());
    Ok(sum(gaps) / labels.len() as f64)
}

/// Maximum calibration error: the largest distance between predicted and observed rate of a bin.
///
/// Source: Naeini et al. 2015 and Guo et al. 2017, equation 4, over the bins of
/// [`reliability_table`]. A bin of few rows can decide it.
///
/// Scores are probabilities in [0, 1]; `bins` is in 1..=[`MAX_BINS`]. The result is in [0, 1];
/// smaller is better. Allocates O(`bins`).
///
/// # Errors
/// As [`reliability_table`].
pub fn maximum_calibration_error(
    labels: &[bool],
    scores: &[f64],
    bins: usize,
) -> Result<f64, Error> {
    let table = reliability_table(labels, scores, bins)?;
    Ok(table.iter().map(|row| (row.observed_rate - row.mean_predicted).abs()).fold(0.0, f64::max))
}

/// Expected calibration error over bins of equal mass: of n rows sorted by score, the one of rank r
/// (from 0) is in bin ⌊r × `bins` / n⌋.
///
/// Source: the adaptive bins of Nguyen & O'Connor 2015 and Nixon et al. 2019. Rows of one score
/// stay in their order, so where such a tie crosses the edge of a bin the order decides.
///
/// Scores are probabilities in [0, 1]; `bins` is in 1..=[`MAX_BINS`]. The result is in [0, 1];
/// smaller is better. O(n log n) time; allocates one number a row and O(`bins`).
///
/// # Errors
/// As [`reliability_table`].
pub fn equal_mass_calibration_error(
    labels: &[bool],
    scores: &[f64],
    bins: usize,
) -> Result<f64, Error> {
    check_probability_rows(labels, scores)?;
    check_bins(bins)?;
    let rows = labels.len();
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let mut tallies = vec![Tally::default(); bins];
    for (rank, &row) in order.iter().enumerate() {
        // In 128 bits, since the product may not fit a word.
        let bin = (rank as u128 * bins as u128 / rows as u128) as usize;
        tallies[bin].add(labels[row], scores[row]);
    }
    let gaps = tallies.iter().map(|tally| (tally.positives as f64 - tally.scores.total()).abs());
    Ok((sum(gaps) / rows as f64).min(1.0))
}

fn check_bins(bins: usize) -> Result<(), Error> {
    if bins == 0 || bins > MAX_BINS {
        return Err(Error::BinsOutOfRange { bins, max: MAX_BINS });
    }
    Ok(())
}

#[derive(Clone, Default)]
struct Tally {
    count: usize,
    positives: usize,
    scores: CompensatedSum,
}

impl Tally {
    fn add(&mut self, label: bool, score: f64) {
        self.count += 1;
        self.positives += usize::from(label);
        self.scores.add(score);
    }

    fn row(&self, bin: usize, bins: usize) -> ReliabilityBin {
        let count = self.count as f64;
        let (lower, upper) = (edge(bin, bins), edge(bin + 1, bins));
        ReliabilityBin {
            bin,
            lower,
            upper,
            count: self.count,
            // The mean of the scores lies between the edges; its rounding must not leave them.
            mean_predicted: (self.scores.total() / count).clamp(lower, upper),
            observed_rate: self.positives as f64 / count,
        }
    }
}

fn edge(k: usize, bins: usize) -> f64 {
    k as f64 / bins as f64
}

/// The bin whose edges hold the score. The product may round across an edge by one bin, either way.
fn bin_of(score: f64, bins: usize) -> usize {
    let guess = ((score * bins as f64).ceil() as usize).saturating_sub(1).min(bins - 1);
    if guess > 0 && score <= edge(guess, bins) {
        guess - 1
    } else if score > edge(guess + 1, bins) {
        guess + 1
    } else {
        guess
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_the_bin_below_it() {
        for bins in 1..=200 {
            assert_eq!(bin_of(0.0, bins), 0);
            for k in 1..=bins {
                assert_eq!(bin_of(edge(k, bins), bins), k - 1);
                if k < bins {
                    assert_eq!(bin_of(edge(k, bins).next_up(), bins), k);
                }
            }
        }
    }

    #[test]
    fn empty_bins_are_left_out() {
        let table = reliability_table(&[true, false, true], &[0.1, 0.2, 0.9], 4);
        let row = |bin, lower, upper, count, mean_predicted, observed_rate| ReliabilityBin {
            bin,
            lower,
            upper,
            count,
            mean_predicted,
            observed_rate,
        };
        let expected =
            vec![row(0, 0.0, 0.25, 2, (0.1 + 0.2) / 2.0, 0.5), row(3, 0.75, 1.0, 1, 0.9, 1.0)];
        assert_eq!(table, Ok(expected));
    }

    #[test]
    fn a_rounded_mean_stays_in_its_bin() {
        // The sum of three 0.4 divided by 3 is the next float above 0.4, the upper edge.
        let table = reliability_table(&[true; 3], &[0.4; 3], 25).expect("a valid input");
        assert_eq!(table[0].mean_predicted, table[0].upper);
    }

    #[test]
    fn impossible_bin_counts_are_refused() {
        for bins in [0, MAX_BINS + 1] {
            let error = Error::BinsOutOfRange { bins, max: MAX_BINS };
            assert_eq!(reliability_table(&[true], &[0.5], bins), Err(error.clone()));
            assert_eq!(equal_mass_calibration_error(&[true], &[0.5], bins), Err(error));
        }
    }

    #[test]
    fn bins_of_equal_mass_follow_the_rank() {
        let (labels, scores) = ([true, false, true, false], [0.9, 0.1, 0.8, 0.2]);
        let error = equal_mass_calibration_error(&labels, &scores, 2).expect("a valid input");
        assert!((error - (0.3 + 0.3) / 4.0).abs() < 1e-15);
        // More bins than rows leave some empty.
        let alone = equal_mass_calibration_error(&labels, &scores, 100).expect("a valid input");
        assert!((alone - (0.1 + 0.1 + 0.2 + 0.2) / 4.0).abs() < 1e-15);
    }

    #[test]
    fn the_worst_bin_is_the_maximum() {
        let (labels, scores) = ([true, false, true, false], [0.9, 0.1, 0.8, 0.3]);
        let worst = maximum_calibration_error(&labels, &scores, 10).expect("a valid input");
        assert!((worst - 0.3).abs() < 1e-15);
    }
}
