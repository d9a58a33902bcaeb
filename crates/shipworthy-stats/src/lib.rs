//! Statistics, each function with its source and an independent check.
//!
//! Pure functions over slices: no IO, no clock, no randomness, no global state. The same input
//! gives the same bits on every run of one build.
//!
//! What holds everywhere:
//!
//! - A finite number or a typed [`Error`]; never NaN, never infinity, never a silent stand-in.
//!   Where a tool warns and answers 0 or NaN (precision without a positive prediction, R² of a
//!   constant target), this crate refuses.
//! - One element of a slice is one row, but for row-major matrices. Inputs are checked before
//!   anything is computed.
//! - Sums are compensated ([Neumaier 1974]), so a mean over many millions of rows loses no digits.
//! - A function that allocates says how much.
//! - Sketches ([`counts::Histogram`], [`counts::CategoryCounts`], [`quantile_sketch::QuantileSketch`])
//!   are bounded, and those of parts merge into that of the whole, bit for bit.
//!
//! [Neumaier 1974]: https://doi.org/10.1002/zamm.19740540106
//!
//! ```
//! use shipworthy_stats::classification::{ConfusionMatrix, roc_auc};
//!
//! let late = [true, false, true, false];
//! let scores = [0.9, 0.2, 0.4, 0.6];
//! assert_eq!(roc_auc(&late, &scores)?, 0.75);
//! assert_eq!(ConfusionMatrix::at_threshold(&late, &scores, 0.5)?.precision()?, 0.5);
//! # Ok::<(), shipworthy_stats::Error>(())
//! ```
#![allow(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "a numeric crate: ties and bin edges are compared exactly, counts and bin numbers are cast"
)]

mod ascending;
pub mod bootstrap;
pub mod bound;
pub mod classification;
pub mod counts;
mod error;
pub mod fairness;
mod input;
pub mod interval;
pub mod jackknife;
pub mod multiclass;
pub mod multiple_testing;
pub mod paired;
pub mod presets;
pub mod quantile_sketch;
mod rank;
pub mod regression;
pub mod special;
mod sum;
pub mod two_sample;

pub use error::Error;
