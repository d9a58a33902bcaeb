//! The life of a decision. The files are its stations, in this order:
//!
//! ```text
//! accept ─ route ─ decode ─ validate ─ predict ─ record ─ respond
//! ```
//!
//! `pipeline` walks them; [`accept`] is the door (HTTP routes, tokens, limits), and no
//! protocol knows another: each decodes into a row batch and encodes an [`Answer`].
//!
//! **Invariant:** no answer without its record. `pipeline` awaits the ledger's receipt before it
//! returns an answer or a refusal.
//!
//! **Invariant:** a request sees one plan. It is loaded once, and everything that the answer is
//! made of hangs on it.
//!
//! **Invariant:** no query engine here; features come through a port.

pub mod accept;
mod chain;
mod coding;
mod counters;
mod cpu;
mod decode;
mod failure;
pub mod listener;
mod openapi;
mod pipeline;
mod predict;
mod protobuf;
pub mod record;
pub mod release;
mod respond;
mod route;
mod shadow;
mod state;
mod summary;
mod tally;
mod tensors;
mod trace;
mod validate;
mod warm;

pub use counters::{Counter, Counters, Counts};
pub use failure::Failure;
pub use pipeline::Answer;
pub use predict::{Batching, Error as PredictError, LoadedModel, Predicted, predict, remote};
pub use record::violations_json;
pub use route::{Candidate, Deployed, Endpoint, Limits, Plan, Slot};
pub use shadow::{Difference, Flip, Paired, PairedCounts, Pairs, SliceCounts, mirror};
pub use state::{Callers, Doorkeeper, NotReady, Ports, Serving};
pub use summary::summarise;
pub use tally::Tally;
pub use validate::{CheckedAnswers, Validated};
pub use warm::{Warmed, warm};
