//! What every metric demands of its slices, and of its result.

use crate::Error;

/// Refuses no rows at all, and inputs that are not about the same rows.
pub(crate) fn check_paired(labels: usize, predictions: usize) -> Result<(), Error> {
    if labels != predictions {
        return Err(Error::LengthsDiffer { labels, predictions });
    }
    if labels == 0 { Err(Error::Empty) } else { Ok(()) }
}

/// Refuses NaN and infinities.
pub(crate) fn check_finite(input: &'static str, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite { input, index }),
        None => Ok(()),
    }
}

/// Refuses a sample without rows, NaN and infinities.
pub(crate) fn check_sample(sample: &'static str, values: &[f64]) -> Result<(), Error> {
    if values.is_empty() {
        return Err(Error::EmptySample { sample });
    }
    check_finite(sample, values)
}

/// Refuses NaN, infinities and whatever lies outside [0, 1].
pub(crate) fn check_probabilities(input: &'static str, values: &[f64]) -> Result<(), Error> {
    check_finite(input, values)?;
    let outside = |&(_, value): &(usize, &f64)| !(0.0..=1.0).contains(value);
    match values.iter().enumerate().find(outside) {
        Some((index, &value)) => Err(Error::ScoreOutOfRange { index, value }),
        None => Ok(()),
    }
}

/// Refuses class numbers that are not below `classes`.
pub(crate) fn check_classes(
    input: &'static str,
    values: &[usize],
    classes: usize,
) -> Result<(), Error> {
    if classes < 2 {
        return Err(Error::TooFewClasses { classes });
    }
    match values.iter().position(|&class| class >= classes) {
        Some(index) => Err(Error::ClassOutOfRange { input, index, class: values[index], classes }),
        None => Ok(()),
    }
}

/// Refuses a result that left the range of `f64` although the inputs were within it.
pub(crate) fn finite_result(metric: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() { Ok(value) } else { Err(Error::Overflow { metric }) }
}
