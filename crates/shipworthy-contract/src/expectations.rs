//! Expectations of a table, under the names and with the arguments that Great Expectations has for
//! them.
//!
//! A [`Suite`] is what is written. An [`Evaluation`] is a suite bound to the schema of a table: it
//! sees the rows chunk by chunk and gives an [`ExpectationResult`] for each expectation. The files
//! here are the families of expectations, with one state each: it is bounded, and states of parts of
//! a table join to that of the whole.
//!
//! **Invariant:** no expectation of a suite goes unanswered. What is not understood is a result with
//! its exception.

mod aside;
mod bounds;
mod column_map;
mod condition;
mod dateutil;
mod dictionary;
mod distinct;
mod evaluation;
mod finding;
mod groups;
mod known;
mod kwargs;
mod ordered;
mod pattern;
mod problem;
mod quantiles;
mod record;
mod row;
mod scalar;
mod strptime;
mod suite;
mod summary;
mod table;
mod tally;
mod unique;
mod value_check;
mod value_set;
mod wanted;
mod words;
mod z_scores;

pub use aside::Scratch;
pub use evaluation::Evaluation;
pub use finding::ExpectationResult;
pub(crate) use known::known_name;
pub use known::{class_name, names};
pub use problem::Problem;
pub(crate) use row::{COLUMNS, RowCheck};
pub use suite::{Declared, Suite, SuiteError};
pub(crate) use table::data_type_of;
pub use tally::MAX_ROWS;
