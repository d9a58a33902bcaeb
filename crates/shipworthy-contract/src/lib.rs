//! What a model may be given: rules over the columns of its input, and how a broken rule is
//! answered.
//!
//! A [`Contract`] is the written form, part of a release. [`Checks`] is the same contract compiled
//! to a flat list that one row passes without an allocation when nothing is wrong: first the rules of
//! its columns, then [`RowChecks`], the expectations that a row can meet by itself. What is expected
//! of a whole table is in [`expectations`].
//!
//! **Invariant:** pure. No IO, no clock, and no rule of a contract depends on another row.

mod check;
mod contract;
mod difference;
pub mod expectations;
mod golden;
mod import;
mod rows;
mod sample;
mod violation;

pub use check::{Checks, CompileError, Outcome};
pub use contract::{ColumnRules, Contract, Default, Door, OnViolation, Role, RowExpectation};
pub use difference::{Change, difference};
pub use golden::golden_rows;
pub use import::{ImportError, Imported, ImportedColumn, LeftOut};
pub use rows::RowChecks;
pub use sample::sample_row;
pub use violation::{Rule, Violation};
