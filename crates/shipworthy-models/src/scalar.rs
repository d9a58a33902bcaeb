//! The number types that formats compute in.
//!
//! A number and its threshold are compared as integers: a *key* orders as its number does, and two
//! keys that no number has stand for a missing value that goes left or right. So one comparison,
//! without a branch, decides a split.

use std::fmt::Debug;
use std::ops::AddAssign;

use crate::bins::{GROUP_ROWS, GroupBins};
use crate::simd::{KEYS, Vectors};

/// A signed integer as wide as its number.
pub(crate) trait Key: Copy + Debug + Default + Ord + Send + Sync + 'static {
    /// Below every number: a missing value that goes left.
    const LOWEST: Self;
    /// Above every number and every threshold: a missing value that goes right.
    const HIGHEST: Self;

    /// How many of some keys lie below it.
    fn count_below<V: Vectors>(self, vectors: V, keys: &[Self; KEYS]) -> usize;

    /// How many of some thresholds lie below each key; fewer than 256.
    fn ranks<V: Vectors>(vectors: V, keys: &[Self; GROUP_ROWS], thresholds: &[Self]) -> GroupBins;
}

/// `f32` (XGBoost) or `f64` (LightGBM, `CatBoost`).
pub(crate) trait Scalar:
    Copy + Debug + Default + PartialOrd + AddAssign + Send + Sync + 'static
{
    /// Its keys.
    type Key: Key;

    /// The nearest number.
    fn from_f64(value: f64) -> Self;

    /// The same number.
    fn to_f64(self) -> f64;

    /// The key of a number that is not NaN; both zeros have one.
    fn key(self) -> Self::Key;

    /// The key just before this number's; not for NaN.
    fn key_before(self) -> Self::Key;

    /// `e` to the power of the number, in its own precision.
    fn exp(self) -> Self;

    /// `1 / (1 + exp(-x))`, in its own precision.
    fn sigmoid(self) -> Self;

    /// The quotient, in its own precision.
    fn divided_by(self, divisor: Self) -> Self;
}

impl Key for i32 {
    const LOWEST: Self = Self::MIN;
    const HIGHEST: Self = Self::MAX;

    #[inline(always)]
    fn count_below<V: Vectors>(self, vectors: V, keys: &[Self; KEYS]) -> usize {
        vectors.count_below_i32(keys, self)
    }

    #[inline(always)]
    fn ranks<V: Vectors>(vectors: V, keys: &[Self; GROUP_ROWS], thresholds: &[Self]) -> GroupBins {
        vectors.ranks_i32(keys, thresholds)
    }
}

impl Key for i64 {
    const LOWEST: Self = Self::MIN;
    const HIGHEST: Self = Self::MAX;

    #[inline(always)]
    fn count_below<V: Vectors>(self, vectors: V, keys: &[Self; KEYS]) -> usize {
        vectors.count_below_i64(keys, self)
    }

    #[inline(always)]
    fn ranks<V: Vectors>(vectors: V, keys: &[Self; GROUP_ROWS], thresholds: &[Self]) -> GroupBins {
        vectors.ranks_i64(keys, thresholds)
    }
}

impl Scalar for f32 {
    type Key = i32;

    #[inline]
    fn from_f64(value: f64) -> Self {
        value as Self
    }

    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline]
    fn key(self) -> i32 {
        // Adding zero makes -0 into 0. The bits of negative numbers order the wrong way round.
        let bits = (self + 0.0).to_bits().cast_signed();
        bits ^ ((bits >> 31) & i32::MAX)
    }

    #[inline]
    fn key_before(self) -> i32 {
        self.key() - 1
    }

    #[inline]
    fn exp(self) -> Self {
        Self::exp(self)
    }

    #[inline]
    fn sigmoid(self) -> Self {
        /// Above it `exp` would overflow; XGBoost's own bound.
        const LARGEST_EXPONENT: f32 = 88.7;
        1.0 / ((-self).min(LARGEST_EXPONENT).exp() + 1.0)
    }

    #[inline]
    fn divided_by(self, divisor: Self) -> Self {
        self / divisor
    }
}

impl Scalar for f64 {
    type Key = i64;

    #[inline]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline]
    fn key(self) -> i64 {
        let bits = (self + 0.0).to_bits().cast_signed();
        bits ^ ((bits >> 63) & i64::MAX)
    }

    #[inline]
    fn key_before(self) -> i64 {
        self.key() - 1
    }

    #[inline]
    fn exp(self) -> Self {
        Self::exp(self)
    }

    #[inline]
    fn sigmoid(self) -> Self {
        1.0 / ((-self).exp() + 1.0)
    }

    #[inline]
    fn divided_by(self, divisor: Self) -> Self {
        self / divisor
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn missing_values_lie_outside_all_numbers() {
        assert!(i32::LOWEST < f32::NEG_INFINITY.key_before());
        assert!(f32::INFINITY.key() < i32::HIGHEST);
        assert!(i64::LOWEST < f64::NEG_INFINITY.key_before());
        assert!(f64::INFINITY.key() < i64::HIGHEST);
        assert_eq!((-0.0_f32).key(), 0.0_f32.key());
        assert_eq!((-0.0_f64).key(), 0.0_f64.key());
    }

    proptest! {
        #[test]
        fn keys_order_as_their_numbers(a: f64, b: f64) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(a.key().cmp(&b.key()), a.partial_cmp(&b).unwrap());
            let (a, b) = (a as f32, b as f32);
            prop_assert_eq!(a.key().cmp(&b.key()), a.partial_cmp(&b).unwrap());
            prop_assert_eq!(a.key() > b.key_before(), a >= b);
        }
    }
}
