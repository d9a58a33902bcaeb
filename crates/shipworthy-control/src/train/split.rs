//! Which rows are learned from, which stop the learning, and which are never seen.

use shipworthy_rows::Timestamp;

use super::Error;
use super::rows::Place;
use crate::project::{Test, Train, Validation};

/// Positions of rows; no row stands in two slices.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    /// Trees are grown on these.
    pub(super) train: Vec<usize>,
    /// The number of rounds is chosen by these.
    pub(super) validation: Vec<usize>,
    /// Quality is reported on these.
    pub(super) test: Vec<usize>,
}

impl Split {
    /// All rows that shape the model, in order.
    pub(super) fn learning(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.train.iter().chain(&self.validation).copied().collect();
        rows.sort_unstable();
        rows
    }
}

/// Draws are named, so that a row's fate in one does not tell its fate in the other.
const TEST_DRAW: u64 = 1;
const VALIDATION_DRAW: u64 = 2;

/// Splits rows as declared. A draw depends on the seed and on the row's number in its file alone.
pub(super) fn split(train: &Train, places: &[Place]) -> Result<Split, Error> {
    let mut split = Split::default();
    let validates_from = validation_start(train, places);
    for (position, place) in places.iter().enumerate() {
        let slice = if is_test(train, *place) {
            &mut split.test
        } else if is_validation(train, *place, validates_from) {
            &mut split.validation
        } else {
            &mut split.train
        };
        slice.push(position);
    }
    let counts = format!(
        "{} train, {} validate, {} test",
        split.train.len(),
        split.validation.len(),
        split.test.len()
    );
    let empty = |slice| Err(Error::NoRows { slice, counts: counts.clone() });
    match () {
        () if split.train.is_empty() => empty("the training set"),
        () if split.validation.is_empty() => empty("the validation set"),
        () if train.test.is_some() && split.test.is_empty() => empty("the test set"),
        () => Ok(split),
    }
}

/// The rows that a model from elsewhere is measured on: those of the test window, or all.
pub(super) fn measured(train: &Train, places: &[Place]) -> Result<Vec<usize>, Error> {
    let rows = places.iter().enumerate();
    let rows = rows.filter(|(_, place)| train.test.is_none() || is_test(train, **place));
    let rows: Vec<usize> = rows.map(|(position, _)| position).collect();
    if rows.is_empty() {
        let counts = format!("{} with a label and a row that holds the contract", places.len());
        return Err(Error::NoRows { slice: "the test set", counts });
    }
    Ok(rows)
}

fn is_test(train: &Train, place: Place) -> bool {
    match (&train.test, place.at) {
        (Some(Test::Window(window)), Some(at)) => window.contains(at),
        (Some(Test::Share(share)), _) => drawn(train.seed, TEST_DRAW, place.row) < *share,
        _ => false,
    }
}

fn is_validation(train: &Train, place: Place, from: Option<Timestamp>) -> bool {
    match train.validation {
        Validation::Last(_) => matches!((place.at, from), (Some(at), Some(from)) if at >= from),
        Validation::Share(share) => drawn(train.seed, VALIDATION_DRAW, place.row) < share,
    }
}

/// Where the last stretch of the training window begins.
fn validation_start(train: &Train, places: &[Place]) -> Option<Timestamp> {
    let Validation::Last(length) = train.validation else { return None };
    let rows = places.iter().filter(|place| !is_test(train, **place));
    let after_last = || rows.filter_map(|p| p.at).max().map(|last| last.plus_micros(1));
    let end = train.window.until.or_else(after_last)?;
    let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    Some(end.plus_micros(-micros))
}

/// A number in [0, 1) from a seed, a draw and a row: `SplitMix64` (Steele, Lea and Flood 2014,
/// "Fast Splittable Pseudorandom Number Generators"), whose output is uniform for a counter.
#[allow(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
fn drawn(seed: u64, draw: u64, row: u64) -> f64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let stream = mix(seed.wrapping_add(draw.wrapping_mul(GOLDEN)));
    let bits = mix(stream.wrapping_add(row.wrapping_mul(GOLDEN)));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    fn train_section(lines: &str) -> Train {
        let text = format!(
            "[project]\nname = \"p\"\n[source]\npath = \"d.csv\"\nevent_timestamp = \"at\"\n\
             [model]\ntask = \"regression\"\ntarget = \"y\"\n\
             [[column]]\nname = \"x\"\ntype = \"float\"\n[train]\n{lines}\n"
        );
        Project::parse(&text, "t").unwrap().train
    }

    fn daily(days: i64) -> Vec<Place> {
        let day = |day: i64| Place {
            row: day.unsigned_abs(),
            at: Some(Timestamp::from_millis(day * 86_400_000)),
        };
        (0..days).map(day).collect()
    }

    #[test]
    fn the_last_days_of_the_window_validate() {
        let train = train_section(
            "from = 1970-01-01\nuntil = 1970-01-11\nvalidation = { last = \"2d\" }\n\
             test = { from = 1970-01-11, until = 1970-01-13 }",
        );
        let split = split(&train, &daily(12)).unwrap();
        assert_eq!(split.train, (0..8).collect::<Vec<_>>());
        assert_eq!(split.validation, [8, 9]);
        assert_eq!(split.test, [10, 11]);
    }

    #[test]
    fn a_share_is_seeded_and_about_its_size() {
        let train = train_section("seed = 7\nvalidation = { share = 0.2 }\ntest = { share = 0.1 }");
        let places = daily(10_000);
        let first = split(&train, &places).unwrap();
        assert_eq!(first, split(&train, &places).unwrap());
        // Four standard deviations around the expectation.
        assert!((880..1_120).contains(&first.test.len()), "{}", first.test.len());
        assert!((1_630..1_970).contains(&first.validation.len()), "{}", first.validation.len());
        let other = train_section("seed = 8\nvalidation = { share = 0.2 }\ntest = { share = 0.1 }");
        assert_ne!(first, split(&other, &places).unwrap());
    }

    #[test]
    fn an_empty_slice_is_told() {
        let train = train_section("validation = { share = 0.2 }");
        let refused = split(&train, &[]).unwrap_err().to_string();
        assert!(refused.starts_with("the training set has no rows"), "{refused}");
    }
}
