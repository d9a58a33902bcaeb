//! How sure an average precision is, and the difference of two on the same rows.
//!
//! A bootstrap ranks a row that is drawn twice beside itself, and so finds more precision than there
//! is: with few positive rows its bounds are wrong nearly twice as often as they say. A jackknife
//! draws no row twice.

use super::average_precision;
use crate::Error;
use crate::input::check_paired;
use crate::interval::{Coverage, Interval};
use crate::jackknife::Jackknife;

/// The interval of [`average_precision`], within [0, 1]; it need not hold the value, which is too
/// large on average.
///
/// Source: the normal interval of the log odds, as Boyd, Eng & Page 2013 have it, around the value
/// less the jackknife's bias (Quenouille 1956). The standard error is the larger of the jackknife's
/// (Tukey 1958) and theirs, that of a share of the positive rows; its tails are those of Student's t
/// with a degree of freedom less than there are positive rows, by the first term of its expansion
/// (Abramowitz & Stegun 26.7.5).
///
/// # Errors
/// As [`average_precision`]; [`Error::TooFewRows`] with fewer than 2 positive rows,
/// [`Error::NoVariation`] when all of them are above all others.
pub fn average_precision_interval(
    labels: &[bool],
    scores: &[f64],
    coverage: Coverage,
) -> Result<Interval, Error> {
    let tails = tails(labels, coverage)?;
    let ordered = Ordered::of(labels, [scores, scores])?;
    let jackknife = Jackknife::of_indices(labels.len(), |rows| ordered.average_precision(rows, 0))?;
    if jackknife.value >= 1.0 {
        return Err(Error::NoVariation { what: "precision at the positive rows" });
    }
    let value = jackknife.value - jackknife.bias;
    // Beyond either end a bias says no more than that the precision is there.
    let value = value.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    let of_share = (value * (1.0 - value) / positives(labels)).sqrt();
    let error = jackknife.standard_error.max(of_share) * tails / (value * (1.0 - value));
    Ok(Interval::of_log_odds(value, error, coverage))
}

/// The interval of the average precision of a less that of b, within [−1, 1].
///
/// Source: the normal interval with the jackknife's standard error (Tukey 1958), and tails as in
/// [`average_precision_interval`]; the biases of both are alike.
///
/// # Errors
/// As [`average_precision`], [`Error::TooFewRows`] with fewer than 2 positive rows, and
/// [`Error::NoVariation`] when no row tells the two rankings apart.
pub fn average_precision_difference(
    labels: &[bool],
    scores: [&[f64]; 2],
    coverage: Coverage,
) -> Result<Interval, Error> {
    let tails = tails(labels, coverage)?;
    let ordered = Ordered::of(labels, scores)?;
    let jackknife = Jackknife::of_indices(labels.len(), |rows| {
        Ok(ordered.average_precision(rows, 0)? - ordered.average_precision(rows, 1)?)
    })?;
    if jackknife.standard_error <= 0.0 {
        return Err(Error::NoVariation { what: "difference of the average precisions" });
    }
    let error = jackknife.standard_error * tails;
    Ok(Interval::normal(jackknife.value, error, coverage, (-1.0, 1.0)))
}

fn positives(labels: &[bool]) -> f64 {
    labels.iter().filter(|label| **label).count() as f64
}

/// How much wider than the normal ones the tails are. Refuses labels of which too few are positive.
fn tails(labels: &[bool], coverage: Coverage) -> Result<f64, Error> {
    let positives = positives(labels);
    if positives < 2.0 {
        let found = positives as usize;
        return Err(Error::TooFewRows { of: "of the positive class", needed: 2, found });
    }
    Ok(1.0 + (coverage.z().powi(2) + 1.0) / (4.0 * (positives - 1.0)))
}

/// Rows in an order in which only equal ones stand as they came: which are left out together does
/// not depend on how they came.
struct Ordered {
    rows: Vec<(bool, [f64; 2])>,
}

impl Ordered {
    fn of(labels: &[bool], [a, b]: [&[f64]; 2]) -> Result<Self, Error> {
        check_paired(labels.len(), a.len())?;
        check_paired(labels.len(), b.len())?;
        let scores = a.iter().zip(b).map(|(a, b)| [*a, *b]);
        let mut rows: Vec<_> = labels.iter().copied().zip(scores).collect();
        rows.sort_by(|(label, [a, b]), (other, [of_a, of_b])| {
            a.total_cmp(of_a).then(b.total_cmp(of_b)).then(label.cmp(other))
        });
        Ok(Self { rows })
    }

    /// The average precision by one of the scores, of some rows.
    fn average_precision(&self, rows: &[usize], score: usize) -> Result<f64, Error> {
        let (labels, scores): (Vec<bool>, Vec<f64>) =
            rows.iter().map(|row| (self.rows[*row].0, self.rows[*row].1[score])).unzip();
        average_precision(&labels, &scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [bool; 8] = [true, false, true, true, false, true, false, false];
    const SCORES: [f64; 8] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2];
    const Z: f64 = 1.644_853_626_951_472_7;

    fn at_95() -> Coverage {
        Coverage::one_sided(0.95).expect("a valid level")
    }

    fn without(row: usize) -> f64 {
        let kept = |index: &usize| *index != row;
        let labels: Vec<bool> = (0..8).filter(kept).map(|row| LABELS[row]).collect();
        let scores: Vec<f64> = (0..8).filter(kept).map(|row| SCORES[row]).collect();
        average_precision(&labels, &scores).expect("some are positive")
    }

    #[test]
    fn the_interval_is_that_of_the_formulas() {
        let value = average_precision(&LABELS, &SCORES).expect("some are positive");
        let left: Vec<f64> = (0..8).map(without).collect();
        let mean = left.iter().sum::<f64>() / 8.0;
        let by_jackknife =
            (7.0 / 8.0 * left.iter().map(|v| (v - mean).powi(2)).sum::<f64>()).sqrt();
        let less = value - 7.0 * (mean - value);
        let error = by_jackknife.max((less * (1.0 - less) / 4.0).sqrt());
        let half = Z * (1.0 + (Z * Z + 1.0) / 12.0) * error / (less * (1.0 - less));
        let interval = average_precision_interval(&LABELS, &SCORES, at_95()).expect("four");
        let odds = |share: f64| (share / (1.0 - share)).ln();
        assert!((odds(interval.lower) - odds(less) + half).abs() < 1e-9, "{interval:?}");
        assert!((odds(interval.upper) - odds(less) - half).abs() < 1e-9, "{interval:?}");
    }

    #[test]
    fn the_order_of_the_rows_makes_no_difference() {
        let labels: Vec<bool> = (0..1_000).map(|row| row * 7 % 10 < 3).collect();
        let scores: Vec<f64> = (0..1_000).map(|row| f64::from(row * 37 % 101)).collect();
        let reversed = |of: &[f64]| of.iter().rev().copied().collect::<Vec<f64>>();
        let turned: Vec<bool> = labels.iter().rev().copied().collect();
        let interval = average_precision_interval(&labels, &scores, at_95());
        assert_eq!(interval, average_precision_interval(&turned, &reversed(&scores), at_95()));
        let others: Vec<f64> = (0..1_000).map(|row| f64::from(row * 53 % 97)).collect();
        let scores_turned = (reversed(&scores), reversed(&others));
        assert_eq!(
            average_precision_difference(&labels, [&scores, &others], at_95()),
            average_precision_difference(&turned, [&scores_turned.0, &scores_turned.1], at_95()),
        );
    }

    #[test]
    fn rankings_that_say_nothing_of_how_sure_they_are_have_none() {
        let perfect = [0.9, 0.1, 0.8, 0.7, 0.1, 0.6, 0.1, 0.1];
        let none = average_precision_interval(&LABELS, &perfect, at_95());
        assert!(matches!(none, Err(Error::NoVariation { .. })), "{none:?}");
        let same = average_precision_difference(&LABELS, [&SCORES, &SCORES], at_95());
        assert!(matches!(same, Err(Error::NoVariation { .. })), "{same:?}");
        let one = average_precision_interval(&[true, false], &[0.1, 0.2], at_95());
        assert!(matches!(one, Err(Error::TooFewRows { .. })), "{one:?}");
    }
}
