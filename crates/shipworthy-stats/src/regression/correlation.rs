//! Whether predictions move with the targets, whatever their scale.

use std::cmp::Ordering;

use super::check_rows;
use crate::Error;
use crate::input::finite_result;
use crate::rank::midranks;
use crate::sum::{root_mean_square, sum};

/// Linear correlation of target and prediction, in [−1, 1].
///
/// Source: Pearson 1895; scipy's `pearsonr`. Deviations are scaled by their root mean square before
/// they are multiplied, so that squares neither overflow nor vanish. Allocates two numbers a row.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::NoVariation`] when
/// either is constant (a single row included), and [`Error::Overflow`] when a sum of the values is
/// beyond the range of `f64`.
pub fn pearson(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_varying_rows(targets, predictions)?;
    let (targets, predictions) = (standardised(targets)?, standardised(predictions)?);
    let products = targets.iter().zip(&predictions).map(|(target, prediction)| target * prediction);
    Ok((sum(products) / targets.len() as f64).clamp(-1.0, 1.0))
}

/// Correlation of the ranks of target and prediction, in [−1, 1]; ties get the mean of their ranks.
///
/// Source: Spearman 1904; scipy's `spearmanr`. O(n log n) time; allocates eight numbers a row.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::NoVariation`] when
/// either is constant.
pub fn spearman(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_varying_rows(targets, predictions)?;
    pearson(&midranks(targets), &midranks(predictions))
}

/// Rank correlation by pairs, in [−1, 1]: pairs in the same order less pairs in opposite order, over
/// the geometric mean of the pairs that are not tied in the targets and in the predictions.
///
/// Source: Kendall 1945, tau-b; Knight's algorithm (JASA 61, 1966), which counts exchanges of a merge
/// sort; equal to scipy's `kendalltau`. Pairs are counted in integers. O(n log n) time; allocates
/// four numbers a row.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::NotFinite`], [`Error::NoVariation`] when
/// either is constant.
pub fn kendall_tau_b(targets: &[f64], predictions: &[f64]) -> Result<f64, Error> {
    check_varying_rows(targets, predictions)?;
    let mut rows: Vec<(f64, f64)> =
        targets.iter().copied().zip(predictions.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| order(a.0, b.0).then(order(a.1, b.1)));
    let tied_targets = tied_pairs(rows.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len));
    let tied_both = tied_pairs(rows.chunk_by(|a, b| a == b).map(<[_]>::len));
    let mut column: Vec<f64> = rows.iter().map(|row| row.1).collect();
    let mut buffer = column.clone();
    let discordant = sort_counting_exchanges(&mut column, &mut buffer);
    let tied_predictions = tied_pairs(column.chunk_by(|a, b| a == b).map(<[_]>::len));
    let pairs = pairs_of(rows.len());
    let untied = pairs + tied_both - tied_targets - tied_predictions;
    let concordant_less_discordant = untied as f64 - 2.0 * discordant as f64;
    let scale = ((pairs - tied_targets) as f64).sqrt() * ((pairs - tied_predictions) as f64).sqrt();
    Ok((concordant_less_discordant / scale).clamp(-1.0, 1.0))
}

fn check_varying_rows(targets: &[f64], predictions: &[f64]) -> Result<(), Error> {
    check_rows(targets, predictions)?;
    for (what, values) in [("target", targets), ("prediction", predictions)] {
        if values.iter().all(|&value| value == values[0]) {
            return Err(Error::NoVariation { what });
        }
    }
    Ok(())
}

/// Deviations from the mean, in standard deviations.
fn standardised(values: &[f64]) -> Result<Vec<f64>, Error> {
    let n = values.len();
    let mean = finite_result("pearson", sum(values.iter().copied()) / n as f64)?;
    let deviations = values.iter().map(|value| value - mean);
    let scale = finite_result("pearson", root_mean_square(deviations.clone(), n))?;
    Ok(deviations.map(|deviation| deviation / scale).collect())
}

/// Numerical order, in which the zeros are equal.
fn order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).expect("NaN was refused")
}

const fn pairs_of(rows: usize) -> u128 {
    let rows = rows as u128;
    rows * rows.saturating_sub(1) / 2
}

fn tied_pairs(runs: impl Iterator<Item = usize>) -> u128 {
    runs.map(pairs_of).sum()
}

/// Sorts by merging, and counts the pairs that stood in the wrong order.
fn sort_counting_exchanges(values: &mut [f64], buffer: &mut [f64]) -> u128 {
    let n = values.len();
    if n < 2 {
        return 0;
    }
    let middle = n / 2;
    let (left, right) = values.split_at_mut(middle);
    let mut exchanges = sort_counting_exchanges(left, &mut buffer[..middle])
        + sort_counting_exchanges(right, &mut buffer[middle..]);
    let (mut from_left, mut from_right) = (0, 0);
    for slot in buffer.iter_mut() {
        if from_right < right.len() && (from_left == middle || right[from_right] < left[from_left])
        {
            *slot = right[from_right];
            from_right += 1;
            exchanges += (middle - from_left) as u128;
        } else {
            *slot = left[from_left];
            from_left += 1;
        }
    }
    values.copy_from_slice(buffer);
    exchanges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_leave_tau_b_its_range() {
        let tied = [1.0, 1.0, 2.0, 2.0];
        assert_eq!(kendall_tau_b(&tied, &tied), Ok(1.0));
        assert_eq!(kendall_tau_b(&tied, &[2.0, 2.0, 1.0, 1.0]), Ok(-1.0));
        let tau = kendall_tau_b(&[0.0, -0.0, 1.0], &[1.0, 2.0, 3.0]).expect("a valid input");
        assert!((tau - 2.0 / 6_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn exchanges_are_counted() {
        let mut values = [3.0, 1.0, 2.0, 2.0, 0.0];
        let mut buffer = values;
        assert_eq!(sort_counting_exchanges(&mut values, &mut buffer), 7);
        assert_eq!(values, [0.0, 1.0, 2.0, 2.0, 3.0]);
    }

    #[test]
    fn what_is_constant_correlates_with_nothing() {
        for metric in [pearson, spearman, kendall_tau_b] {
            let error = Err(Error::NoVariation { what: "target" });
            assert_eq!(metric(&[0.1; 3], &[1.0, 2.0, 3.0]), error);
            let error = Err(Error::NoVariation { what: "prediction" });
            assert_eq!(metric(&[1.0, 2.0, 3.0], &[0.1; 3]), error);
            assert_eq!(metric(&[], &[]), Err(Error::Empty));
        }
    }

    #[test]
    fn huge_and_tiny_values_correlate() {
        for unit in [1e-300, 1e300] {
            let values = [unit, 2.0 * unit, 3.0 * unit];
            let r = pearson(&values, &[1.0, 2.0, 3.0]).expect("a valid input");
            assert!((r - 1.0).abs() < 1e-14);
        }
        let error = Err(Error::Overflow { metric: "pearson" });
        assert_eq!(pearson(&[f64::MAX, f64::MAX, 0.0], &[1.0, 2.0, 3.0]), error);
    }
}
