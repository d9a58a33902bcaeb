//! The append-only, tamper-evident record of every decision.
//!
//! A log is a directory of segment files. [`open`] recovers it and gives a [`Ledger`] (the handle
//! by which the server appends), a [`Writer`] (to be run on a thread of its own) and a
//! [`Recovery`] (the report of what was found). A [`Reader`] reads it, at any time, up to the
//! durable [`Watermark`].
//!
//! ```
//! use std::sync::Arc;
//! use shipworthy_ledger::{Kind, MemoryDisk, Options, Reader, Record, open};
//!
//! let disk = Arc::new(MemoryDisk::new(1 << 20));
//! let (ledger, mut writer, _) = open(disk.clone(), [7; 16], Options::default())?;
//! let record = Record { kind: Kind::DECISION, id: [1; 16], salt: [2; 16], payload: b"{}".to_vec() };
//! let pending = ledger.try_append(&[record])?;
//! writer.commit_queued(); // the server gives `writer.run()` a thread, and awaits `pending`
//! let reader = Reader::open(disk, Some(ledger.watermark()))?;
//! assert_eq!(reader.find(&[1; 16])?.expect("it was appended").payload(), Some(&b"{}"[..]));
//! # drop(pending);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What must hold:
//!
//! - **A receipt means durable.** It is sent after the sync that covers its rows.
//! - **What was acknowledged is found again, once, whole and in order,** whatever moment the power
//!   chose to go; `tests/ledger/power_loss.rs` tries all of them.
//! - **Damage is never read as data.** Every byte is covered by a check ([`mod@format`]); only the last
//!   commit group may be cut at a start, and that is reported ([`survey`]).
//! - **A failed disk operation is final** ([`writer`]).
//! - The crate reads no clock, no variable and no source of randomness, and spawns nothing.

pub mod disk;
pub mod format;
pub mod ledger;
pub mod reader;
pub mod record;
pub mod recovery;
pub mod survey;
pub mod writer;

mod cursor;
mod tail;

pub use disk::{Disk, MemoryDisk, RealDisk, SimulatedDisk};
pub use format::Flaw;
pub use ledger::{
    AppendError, Health, Ledger, Options, OptionsError, Pending, Receipt, Sealed, Watermark,
};
pub use reader::{Entries, Error as ReadError, Found, Reader};
pub use record::{Commitment, Content, Entry, Kind, LogId, Record, commit};
pub use recovery::{Error as OpenError, Recovery, Repair, open};
pub use survey::{Depth, Error as LogError, Evidence};
pub use writer::{Failure, Writer};
