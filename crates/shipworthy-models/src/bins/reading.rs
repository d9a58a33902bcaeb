//! How a feature reads: from a number to its key, or to its category.

use std::hint::select_unpredictable;

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

impl Reading {
    /// The key of a missing value, where a value's key does not depend on anything but it.
    pub(super) fn plain<S: Scalar>(self) -> Option<S::Key> {
        match self {
            Self::Number(Missing::Left) => Some(S::Key::LOWEST),
            Self::Number(Missing::Right) => Some(S::Key::HIGHEST),
            Self::Number(Missing::AsZero) => Some(S::default().key()),
            _ => None,
        }
    }

    /// The key of a number.
    pub(super) fn key<S: Scalar>(self, value: f64) -> S::Key {
        match self {
            Self::RoundedNumber(missing) => number::<S>(missing, f64::from(value as f32)),
            Self::Number(missing) => number::<S>(missing, value),
            // Not reached: columns of codes have no keys.
            Self::Code { .. } | Self::TruncatedCode => S::Key::LOWEST,
        }
    }

    /// Where the bits of a category stand, among those of fewer than `limit` codes.
    pub(super) fn category<S: Scalar>(self, value: f64, limit: usize) -> usize {
        match self {
            Self::Code { missing_in_set: true } if value.is_nan() => IN_EVERY_SET,
            Self::TruncatedCode => code(value.trunc() + 0.0, limit),
            _ => code(S::from_f64(value).to_f64(), limit),
        }
    }
}

/// NaN is in no range.
fn code(value: f64, limit: usize) -> usize {
    let is_code = (0.0..f64::from(CODE_LIMIT)).contains(&value);
    let known = is_code.then_some(value as i32).filter(|code| (*code as usize) < limit);
    known.map_or(NO_CATEGORY, |code| code as usize + FIRST_CODE)
}

#[inline(always)]
pub(super) fn or<S: Scalar>(value: f64, missing: S::Key) -> S::Key {
    let key = S::from_f64(value).key();
    select_unpredictable(value.is_nan(), missing, key)
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
