//! The outbox: how far events are copied into a ledger.
//!
//! The store is the truth about control actions, and a ledger has a copy of each. Two places
//! cannot be written in one transaction, so whoever copies says in the store what will be
//! appended, appends it, and says that it was: whatever the moment of a crash, the position tells
//! which events may have an entry already, and from where on to look for it.

/// Up to where events are copied into which ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxPosition {
    /// The id of the ledger's log.
    pub log_id: [u8; 16],
    /// Every event up to this id has its entry.
    pub copied: i64,
    /// The events above `copied` and up to this id may have theirs; those above have none.
    pub sent: i64,
    /// No such entry has a lower sequence.
    pub sequence: u64,
}
