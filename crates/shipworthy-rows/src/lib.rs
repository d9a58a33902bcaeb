//! The row batch that decoder, contract, features, model and ledger share.
//!
//! A [`RowBatch`] is a [`Schema`] and one [`Column`] per field, all of one length. A value is
//! either present or missing; in float columns NaN *is* missing, so there is one way to say it.
//!
//! **Invariant:** everything here but the feature `files` is pure: no IO, no clock. A batch that
//! exists is consistent (as many columns as fields, of the declared types, of equal length).

mod batch;
mod column;
#[cfg(feature = "files")]
pub mod files;
mod schema;
mod text;
mod timestamp;

pub use batch::{Error, Misfit, RowBatch};
pub use column::{Cell, Column, StringColumn};
pub use schema::{DataType, Field, Schema};
pub use text::is_missing_text;
pub use timestamp::{ParseTimestampError, Timestamp};
