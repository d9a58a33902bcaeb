//! How a feature reads: from a number to its key.

use super::sets::{CODE_LIMIT, FIRST_CODE, IN_EVERY_SET, NO_CATEGORY};
use crate::scalar::{Key, Scalar};

/// LightGBM's `kZeroThreshold`, an f32: what is no further from zero is zero.
pub(crate) const ZERO_THRESHOLD: f64 = 1e-35_f32 as f64;

/// Where a missing value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Missing {
    /// To the left child.
    Left,
    /// To the right child.
    Right,
    /// Where 0 goes.
    AsZero,
    /// To the left, and zeros with it.
    LeftWithZero,
    /// To the right, and zeros with it.
    RightWithZero,
}

/// How a value becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    /// A number, to compare with thresholds.
    Number(Missing),
    /// A number that is rounded to f32 before it is compared in f64.
    RoundedNumber(Missing),
    /// A category code; a negative one is no category, a fraction is cut off. `true`: a missing
    /// value counts as in every set.
    Code { missing_in_set: bool },
    /// A category code whose fraction is cut off first, so that -0.5 is category 0; a missing
    /// value is no category.
    TruncatedCode,
}

/// A feature and how it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) feature: u32,
    pub(super) reading: Reading,
    /// Codes from here on are in no set, so they are no category.
    pub(super) code_limit: i32,
}

impl Slot {
    fn key<S: Scalar>(self, value: f64) -> S::Key {
        match self.reading {
            Reading::Number(missing) => number::<S>(missing, value),
            Reading::RoundedNumber(missing) => number::<S>(missing, f64::from(value as f32)),
            Reading::Code { missing_in_set: true } if value.is_nan() => {
                S::Key::from_code(IN_EVERY_SET)
            }
            Reading::Code { .. } => self.code::<S>(S::from_f64(value).to_f64()),
            Reading::TruncatedCode => self.code::<S>(value.trunc() + 0.0),
        }
    }

    /// The bit of a code in its sets. NaN is in no range.
    fn code<S: Scalar>(self, value: f64) -> S::Key {
        let is_code = (0.0..f64::from(CODE_LIMIT)).contains(&value);
        let known = is_code.then_some(value as i32).filter(|code| *code < self.code_limit);
        S::Key::from_code(known.map_or(NO_CATEGORY, |code| code + FIRST_CODE))
    }

    /// The keys of some rows; the choice is made once.
    pub(super) fn fill<'a, S: Scalar>(
        self,
        values: impl Iterator<Item = &'a f64>,
        keys: &mut [S::Key],
    ) {
        let pairs = keys.iter_mut().zip(values);
        match self.reading {
            Reading::Number(Missing::Left) => {
                pairs.for_each(|(key, value)| *key = or::<S>(*value, S::Key::LOWEST));
            }
            Reading::Number(Missing::Right) => {
                pairs.for_each(|(key, value)| *key = or::<S>(*value, S::Key::HIGHEST));
            }
            _ => pairs.for_each(|(key, value)| *key = self.key::<S>(*value)),
        }
    }
}

#[inline(always)]
fn or<S: Scalar>(value: f64, missing: S::Key) -> S::Key {
    let key = S::from_f64(value).key();
    if value.is_nan() { missing } else { key }
}

fn number<S: Scalar>(missing: Missing, value: f64) -> S::Key {
    let is_zero = value.abs() <= ZERO_THRESHOLD;
    match missing {
        Missing::LeftWithZero if is_zero => S::Key::LOWEST,
        Missing::RightWithZero if is_zero => S::Key::HIGHEST,
        Missing::Left | Missing::LeftWithZero => or::<S>(value, S::Key::LOWEST),
        Missing::Right | Missing::RightWithZero => or::<S>(value, S::Key::HIGHEST),
        Missing::AsZero => or::<S>(value, S::default().key()),
    }
}
