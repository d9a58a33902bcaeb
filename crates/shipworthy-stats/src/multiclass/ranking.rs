//! How well the probabilities rank, class by class.

use super::check_matrix;
use crate::input::check_classes;
use crate::sum::sum;
use crate::{Error, classification};

/// Unweighted mean over the classes of the area under the ROC curve of the class against the rest,
/// in [0, 1].
///
/// Source: scikit-learn's `roc_auc_score(multi_class="ovr", average="macro")`. O(k n log n) time;
/// allocates three numbers a row.
///
/// # Errors
/// As [`log_loss`](super::log_loss), and [`Error::ClassAbsent`] when no row is of a class.
pub fn roc_auc_ovr_macro(
    labels: &[usize],
    probabilities: &[f64],
    classes: usize,
) -> Result<f64, Error> {
    check_labelled(labels, probabilities, classes)?;
    check_present(labels, classes)?;
    let areas: Result<Vec<f64>, Error> = (0..classes)
        .map(|class| auc_of(class, labels.iter().zip(probabilities.chunks_exact(classes))))
        .collect();
    Ok(sum(areas?.into_iter()) / classes as f64)
}

/// Unweighted mean over all pairs of classes of the area under the ROC curve among the rows of the
/// two, once by the probability of either, in [0, 1].
///
/// Source: the M measure of Hand & Till 2001; scikit-learn's `roc_auc_score(multi_class="ovo",
/// average="macro")`. It does not depend on how frequent the classes are. O(k n log n + k² n) time;
/// allocates three numbers a row.
///
/// # Errors
/// As [`roc_auc_ovr_macro`].
pub fn roc_auc_ovo_macro(
    labels: &[usize],
    probabilities: &[f64],
    classes: usize,
) -> Result<f64, Error> {
    check_labelled(labels, probabilities, classes)?;
    check_present(labels, classes)?;
    let mut areas = Vec::new();
    for class in 0..classes {
        for other in (0..classes).filter(|&other| other != class) {
            let rows = labels.iter().zip(probabilities.chunks_exact(classes));
            let of_pair = rows.filter(|(label, _)| **label == class || **label == other);
            areas.push(auc_of(class, of_pair)?);
        }
    }
    Ok(sum(areas.iter().copied()) / areas.len() as f64)
}

/// Share of rows whose label is among the `k` most probable classes, in [0, 1]; of equals the lower
/// class comes first, as in [`most_probable`](super::most_probable).
///
/// Source: scikit-learn's `top_k_accuracy_score`, which puts the higher of equal classes first.
///
/// # Errors
/// As [`log_loss`](super::log_loss).
pub fn top_k_accuracy(
    labels: &[usize],
    probabilities: &[f64],
    classes: usize,
    k: usize,
) -> Result<f64, Error> {
    check_labelled(labels, probabilities, classes)?;
    let rows = labels.iter().zip(probabilities.chunks_exact(classes));
    let found = rows.filter(|(label, row)| place_of(**label, row) < k).count();
    Ok(found as f64 / labels.len() as f64)
}

fn check_labelled(labels: &[usize], probabilities: &[f64], classes: usize) -> Result<(), Error> {
    check_classes("labels", labels, classes)?;
    check_matrix(labels.len(), probabilities, classes)
}

fn check_present(labels: &[usize], classes: usize) -> Result<(), Error> {
    let mut is_present = vec![false; classes];
    labels.iter().for_each(|&label| is_present[label] = true);
    match is_present.iter().position(|present| !present) {
        Some(class) => Err(Error::ClassAbsent { class }),
        None => Ok(()),
    }
}

/// How many classes stand before this one.
fn place_of(label: usize, row: &[f64]) -> usize {
    let own = row[label];
    let before = |&(class, &other): &(usize, &f64)| other > own || (other == own && class < label);
    row.iter().enumerate().filter(before).count()
}

fn auc_of<'a>(
    class: usize,
    rows: impl Iterator<Item = (&'a usize, &'a [f64])>,
) -> Result<f64, Error> {
    let (is_class, scores): (Vec<bool>, Vec<f64>) =
        rows.map(|(&label, row)| (label == class, row[class])).unzip();
    classification::roc_auc(&is_class, &scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of classes 0, 1, 2, 2.
    const ROWS: [f64; 12] = [0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, 0.25, 0.5, 0.5, 0.25, 0.25];

    #[test]
    fn each_class_counts_the_same() {
        let labels = [0, 1, 2, 2];
        let ovr = roc_auc_ovr_macro(&labels, &ROWS, 3).expect("a valid input");
        assert!((ovr - (2.5 / 3.0 + 1.0 + 0.75) / 3.0).abs() < 1e-15);
        let ovo = roc_auc_ovo_macro(&labels, &ROWS, 3).expect("a valid input");
        assert!((ovo - (1.0 + 1.0 + 0.75 + 0.75 + 1.0 + 0.75) / 6.0).abs() < 1e-15);
    }

    #[test]
    fn a_class_without_rows_cannot_be_ranked() {
        for metric in [roc_auc_ovr_macro, roc_auc_ovo_macro] {
            let error = Error::ClassAbsent { class: 1 };
            assert_eq!(metric(&[0, 0, 2, 2], &ROWS, 3), Err(error));
        }
    }

    #[test]
    fn the_label_may_be_among_the_first() {
        let labels = [0, 2, 0, 2];
        assert_eq!(top_k_accuracy(&labels, &ROWS, 3, 1), Ok(0.25));
        assert_eq!(top_k_accuracy(&labels, &ROWS, 3, 2), Ok(0.5));
        assert_eq!(top_k_accuracy(&labels, &ROWS, 3, 3), Ok(1.0));
        assert_eq!(top_k_accuracy(&labels, &ROWS, 3, 0), Ok(0.0));
    }

    #[test]
    fn bad_input_is_named() {
        for metric in [roc_auc_ovr_macro, roc_auc_ovo_macro] {
            assert_eq!(metric(&[], &[], 2), Err(Error::Empty));
            let error = Error::NotFinite { input: "probabilities", index: 0 };
            assert_eq!(metric(&[0], &[f64::NAN, 1.0], 2), Err(error));
        }
    }
}
