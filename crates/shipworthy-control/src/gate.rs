//! Gates: what a release must pass, judged on rows that its training never saw.
//!
//! ```text
//! [[gate]] + release + test rows (+ stable) ─ judge ─► passed | failed | not applicable, and why
//! ```
//!
//! A gate about a number passes by its confidence bound, not by its point: what could be worse than
//! the limit at the gate's own level is no pass, and too few rows are no pass either. All gates must
//! pass, so no error budget is split between them.

mod answers;
mod apart;
mod change;
mod cost;
mod data;
mod declared;
mod estimate;
mod expected;
mod judge;
mod judged;
pub mod plots;
mod quality;
pub mod report;
mod sliced;

pub use change::{Change, Moved, MovedSlice, Pace, Reading};
pub use declared::{Check, Effect, Fairness, Gate, Limit, MAX_GATES, Metric, Slices};
pub use expected::{Against, Cells, Distance};
pub use judge::{Again, Error, Ground};
pub use judged::{Judged, Report};

#[cfg(test)]
mod tests;
