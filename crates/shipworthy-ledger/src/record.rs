//! What goes into the ledger and what comes out of it.
//!
//! A [`Record`] is a row before it has a place in the log; an [`Entry`] is the same row read back.
//! Between them stands the [`Commitment`]: it binds kind, id and payload under a secret salt, so
//! that a proof can be given later about a row without showing it, and so that a row whose
//! salt and payload were erased still has a provable place in the log.

use std::fmt;

use sha2::{Digest, Sha256};

/// The id of one log: 16 random bytes that all its segments and frames carry, so that stale bytes
/// of another log never parse as bytes of this one.
pub type LogId = [u8; 16];

/// The SHA-256 commitment to one row; see [`commit`].
pub type Commitment = [u8; 32];

/// Separates these hashes from every other use of SHA-256 in the product.
const COMMITMENT_DOMAIN: &[u8] = b"shipworthy ledger row 1\0";

/// What a row is about.
///
/// A number and not an enum: a build must keep kinds that a later build wrote.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub u16);

impl Kind {
    /// One answered row.
    pub const DECISION: Kind = Kind(1);
    /// A row that the contract refused.
    pub const REFUSAL: Kind = Kind(2);
    /// A row that was set aside.
    pub const QUARANTINE: Kind = Kind(3);
    /// Counts of what never reached a decision.
    pub const SUMMARY: Kind = Kind(4);
    /// A control action.
    pub const EVENT: Kind = Kind(5);
    /// What a release in the shadow made of a row; the row's own decision has the same id.
    pub const SHADOW: Kind = Kind(6);

    /// The name of a known kind.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Kind::DECISION => Some("decision"),
            Kind::REFUSAL => Some("refusal"),
            Kind::QUARANTINE => Some("quarantine"),
            Kind::SUMMARY => Some("summary"),
            Kind::EVENT => Some("event"),
            Kind::SHADOW => Some("shadow"),
            Kind(_) => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "kind {}", self.0),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({self})")
    }
}

/// A row to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<P = Vec<u8>> {
    /// What the row is about.
    pub kind: Kind,
    /// The decision id (or the id of the event); chosen by the caller, not checked for uniqueness.
    pub id: [u8; 16],
    /// 16 random bytes, fresh for every record: without them a commitment to a payload that is
    /// easy to guess would give the payload away.
    pub salt: [u8; 16],
    /// The row itself, in any form of bytes; the ledger does not look inside.
    pub payload: P,
}

impl<P: AsRef<[u8]>> Record<P> {
    /// The commitment that is stored with this record.
    pub fn commitment(&self) -> Commitment {
        commit(self.kind, &self.id, &self.salt, self.payload.as_ref())
    }
}

/// A row read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log: dense, from 0.
    pub sequence: u64,
    /// What the row is about; perhaps a kind that this build does not know.
    pub kind: Kind,
    /// The decision id.
    pub id: [u8; 16],
    /// The commitment as stored; [`Entry::commitment_holds`] compares it with the content.
    pub commitment: Commitment,
    /// Salt and payload, unless they were erased.
    pub content: Content,
}

/// The part of a row that an erasure destroys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The row as it was written.
    Whole {
        /// The salt of the commitment.
        salt: [u8; 16],
        /// The payload, checked by its CRC-32C.
        payload: Vec<u8>,
    },
    /// Salt and payload are gone; the commitment is what remains.
    Erased,
}

impl Entry {
    /// The payload, or `None` when it was erased.
    pub fn payload(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Whole { payload, .. } => Some(payload),
            Content::Erased => None,
        }
    }

    /// Whether the stored commitment is that of the content; `None` when the content was erased.
    ///
    /// Reading checks CRCs, which find accidents; this finds a payload changed on purpose together
    /// with its CRC.
    pub fn commitment_holds(&self) -> Option<bool> {
        match &self.content {
            Content::Whole { salt, payload } => {
                Some(commit(self.kind, &self.id, salt, payload) == self.commitment)
            }
            Content::Erased => None,
        }
    }
}

/// SHA-256(domain ‖ salt ‖ kind ‖ id ‖ payload), kind in little-endian.
///
/// All parts but the last have a fixed length, so no two rows share a preimage. The sequence is
/// not part of it: it is assigned later, by the writer.
pub fn commit(kind: Kind, id: &[u8; 16], salt: &[u8; 16], payload: &[u8]) -> Commitment {
    let mut hash = Sha256::new();
    hash.update(COMMITMENT_DOMAIN);
    hash.update(salt);
    hash.update(kind.0.to_le_bytes());
    hash.update(id);
    hash.update(payload);
    hash.finalize().into()
}
