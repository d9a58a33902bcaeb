//! For processors that do not look bytes up: no forest is laid out for it, so nobody asks.

use super::Simd;
use crate::forest::{LANES, Step};
use crate::oblivious::Level;

pub(crate) fn exits_of_lanes(_: Simd, _: &[Step], _: bool, _: &[[u8; LANES]], _: &mut [u8; LANES]) {
}

pub(crate) fn answers_of_lanes(_: Simd, _: &[Level], _: &[[u8; LANES]], _: &mut [u8; LANES]) {}
