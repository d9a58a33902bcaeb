//! Rows of labels and predictions, in an order that does not depend on how they came.

use std::cmp::Ordering;

use super::Bootstrap;
use crate::Error;
use crate::input::{check_classes, check_paired};
use crate::interval::{Coverage, Interval};

impl Bootstrap {
    /// The interval of a metric of a binary classifier.
    ///
    /// # Errors
    /// [`Error::LengthsDiffer`], and as [`Self::of_indices`].
    pub fn of_scores(
        self,
        labels: &[bool],
        scores: &[f64],
        coverage: Coverage,
        metric: impl Fn(&[bool], &[f64]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        self.of_pairs((labels, scores), coverage, bool::cmp, metric)
    }

    /// The interval of a metric of a regression.
    ///
    /// # Errors
    /// [`Error::LengthsDiffer`], and as [`Self::of_indices`].
    pub fn of_predictions(
        self,
        targets: &[f64],
        predictions: &[f64],
        coverage: Coverage,
        metric: impl Fn(&[f64], &[f64]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        self.of_pairs((targets, predictions), coverage, f64::total_cmp, metric)
    }

    /// The interval of a metric of a classifier of several classes, whose probabilities are
    /// row-major.
    ///
    /// # Errors
    /// [`Error::TooFewClasses`], [`Error::ClassOutOfRange`], [`Error::ShapeDiffers`], and as
    /// [`Self::of_indices`].
    pub fn of_probabilities(
        self,
        labels: &[usize],
        probabilities: &[f64],
        classes: usize,
        coverage: Coverage,
        metric: impl Fn(&[usize], &[f64]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        check_classes("labels", labels, classes)?;
        let (rows, values) = (labels.len(), probabilities.len());
        if rows.checked_mul(classes) != Some(values) {
            return Err(Error::ShapeDiffers { rows, classes, values });
        }
        let row = |at: usize| &probabilities[at * classes..(at + 1) * classes];
        let order =
            ordered(rows, |a, b| labels[a].cmp(&labels[b]).then_with(|| in_turn(row(a), row(b))));
        self.of_indices(rows, coverage, |drawn| {
            let labels: Vec<usize> = drawn.iter().map(|&at| labels[order[at]]).collect();
            let gathered: Vec<f64> = drawn.iter().flat_map(|&at| row(order[at])).copied().collect();
            metric(&labels, &gathered)
        })
    }

    /// The interval of the metric of a less that of b, two binary classifiers on the same rows: both
    /// are evaluated on the same resamples.
    ///
    /// # Errors
    /// [`Error::LengthsDiffer`], and as [`Self::of_indices`].
    pub fn of_difference(
        self,
        labels: &[bool],
        scores: [&[f64]; 2],
        coverage: Coverage,
        metric: impl Fn(&[bool], &[f64]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        self.of_triples((labels, scores), coverage, bool::cmp, metric)
    }

    /// As [`Self::of_difference`], of two regressions.
    ///
    /// # Errors
    /// [`Error::LengthsDiffer`], and as [`Self::of_indices`].
    pub fn of_regression_difference(
        self,
        targets: &[f64],
        predictions: [&[f64]; 2],
        coverage: Coverage,
        metric: impl Fn(&[f64], &[f64]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        self.of_triples((targets, predictions), coverage, f64::total_cmp, metric)
    }

    fn of_pairs<L: Copy>(
        self,
        (labels, scores): (&[L], &[f64]),
        coverage: Coverage,
        compare: fn(&L, &L) -> Ordering,
        metric: impl Fn(&[L], &[f64]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        check_paired(labels.len(), scores.len())?;
        // By score first: metrics that sort by it find each resample sorted.
        let order = ordered(labels.len(), |a, b| {
            scores[a].total_cmp(&scores[b]).then_with(|| compare(&labels[a], &labels[b]))
        });
        let (labels, scores) = (picked(labels, &order), picked(scores, &order));
        self.of_indices(order.len(), coverage, |drawn| {
            metric(&picked(&labels, drawn), &picked(&scores, drawn))
        })
    }

    fn of_triples<L: Copy>(
        self,
        (labels, [a, b]): (&[L], [&[f64]; 2]),
        coverage: Coverage,
        compare: fn(&L, &L) -> Ordering,
        metric: impl Fn(&[L], &[f64]) -> Result<f64, Error>,
    ) -> Result<Interval, Error> {
        check_paired(labels.len(), a.len())?;
        check_paired(labels.len(), b.len())?;
        let order = ordered(labels.len(), |i, j| {
            in_turn(&[a[i], b[i]], &[a[j], b[j]]).then_with(|| compare(&labels[i], &labels[j]))
        });
        let (labels, a, b) = (picked(labels, &order), picked(a, &order), picked(b, &order));
        self.of_indices(order.len(), coverage, |drawn| {
            let labels = picked(&labels, drawn);
            Ok(metric(&labels, &picked(&a, drawn))? - metric(&labels, &picked(&b, drawn))?)
        })
    }
}

/// Row numbers in an order in which only equal rows stand as they came.
fn ordered(rows: usize, compare: impl Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_unstable_by(|&a, &b| compare(a, b));
    order
}

fn picked<T: Copy>(values: &[T], at: &[usize]) -> Vec<T> {
    at.iter().map(|&at| values[at]).collect()
}

fn in_turn(a: &[f64], b: &[f64]) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(a, b)| a.total_cmp(b))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
