//! Control state behind one port, and the bundle directory.
//!
//! Control state is what a server must remember about who may act, what was
//! released and what serves: [tokens](token), [releases](release) with the
//! [attestations](attestation) about them, the [keys](key) that those count by,
//! [endpoints](endpoint) and the [events](event) that changed them. It is small
//! and changes rarely; decisions are not here but in the ledger.
//!
//! - [`Store`] is the port, [`SqliteStore`] its embedded implementation. Every
//!   implementation passes `tests/conformance`.
//! - [`Bundles`] keeps the files of releases, written whole or not at all, behind
//!   an object store; [`Attachments`] what of a release can be erased, in files.
//! - [`StateDir`] is the directory that holds all of it, and its lock.
//!
//! **Invariant: nobody acts anonymously.** Every change carries an
//! [`Attribution`] and writes its event in the same transaction.
//!
//! **Invariant: no clock, no randomness.** Times and secrets are arguments.
//!
//! **Invariant: no async.** Every call may wait for a disk; call from a thread
//! that may block. What is async inside is waited for, with and without a runtime
//! around the caller.

pub mod attachments;
pub mod attestation;
pub mod bundles;
mod durable;
pub mod endpoint;
pub mod event;
pub mod key;
pub mod outbox;
pub mod release;
pub mod sqlite;
pub mod state_dir;
pub mod store;
pub mod token;

pub use attachments::Attachments;
pub use attestation::{Attestation, NewAttestation};
pub use bundles::Bundles;
pub use endpoint::{Endpoint, EndpointChange, EndpointName};
pub use event::{Attribution, Event, NewEvent};
pub use key::{Key, KeyEnd};
pub use outbox::OutboxPosition;
pub use release::{
    MetricBounds, NewRelease, Release, ReleaseId, ReleaseQuery, Reproducibility, Retention,
};
pub use sqlite::SqliteStore;
pub use state_dir::{ReadLock, ServerInfo, StateDir, StateLock};
pub use store::Store;
pub use token::{NewToken, Permission, Role, Secret, Token};
