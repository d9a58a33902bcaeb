//! The vector instructions of this processor, found out once per model.
//!
//! A kernel is plain code that the compiler vectorises; it is compiled once for each level and runs
//! at the best there is. What a level computes is the same to the bit: kernels compare integers and
//! add floating-point numbers in the order that is written.

#![allow(unsafe_code, reason = "code for instructions that the processor is known to have")]

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(not(target_arch = "x86_64"))]
mod no_lanes;
mod plain;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::{answers_of_lanes, exits_of_lanes};
#[cfg(not(target_arch = "x86_64"))]
pub(crate) use no_lanes::{answers_of_lanes, exits_of_lanes};

use crate::bins::{GROUP_ROWS, GroupBins};
use crate::forest::Split;
use plain::Plain;

/// Plain code to compile for every level; `run` is `#[inline(always)]`.
pub(crate) trait Kernel {
    /// What it computes.
    type Output;

    /// Computes it.
    fn run<V: Vectors>(self, vectors: V) -> Self::Output;
}

/// Vectors of a level, and what the compiler does not make good use of them for by itself.
pub(crate) trait Vectors: Copy {
    /// Of a vector.
    const BYTES: usize;

    /// How many of some keys lie below one.
    fn count_below_i32(self, keys: &[i32; KEYS], key: i32) -> usize;

    /// How many of some keys lie below one.
    fn count_below_i64(self, keys: &[i64; KEYS], key: i64) -> usize;

    /// How many of some thresholds lie below each key; fewer than 256.
    fn ranks_i32(self, keys: &[i32; GROUP_ROWS], thresholds: &[i32]) -> GroupBins;

    /// How many of some thresholds lie below each key; fewer than 256.
    fn ranks_i64(self, keys: &[i64; GROUP_ROWS], thresholds: &[i64]) -> GroupBins;

    /// The exits from some trees: see [`crate::forest::exits`].
    fn exits<const TREES: usize, const GROUPS: usize, const HAS_CATEGORIES: bool>(
        self,
        trees: [&[Split]; TREES],
        bins: &[GroupBins],
        slots: usize,
    ) -> [[GroupBins; GROUPS]; TREES];
}

/// Keys that are counted at once.
pub(crate) const KEYS: usize = 16;

/// What the processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Simd(Level);

/// **Invariant:** only [`Simd::levels`] makes one, of what it has detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// What every processor of the target has.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Simd {
    /// The best there is.
    pub(crate) fn detect() -> Self {
        *Self::levels().last().unwrap_or(&Self(Level::Portable))
    }

    /// All there are, the best last.
    pub(crate) fn levels() -> Vec<Self> {
        let mut levels = vec![Self(Level::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt");
            let has_avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi");
            if has_avx2 {
                levels.push(Self(Level::Avx2));
            }
            if has_avx2 && has_avx512 {
                levels.push(Self(Level::Avx512));
            }
        }
        levels
    }

    /// Whether bytes are looked up 64 at a time.
    pub(crate) fn has_byte_lookup(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.0 == Level::Avx512;
        #[cfg(not(target_arch = "x86_64"))]
        return false;
    }

    /// Runs a kernel.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Level::Portable => kernel.run(Plain::<16>),
            // SAFETY: the invariant on levels.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { run_avx2(kernel) },
            // SAFETY: the invariant on levels.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { run_avx512(kernel) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Plain::<32>)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(avx512::Avx512)
}
