//! Attestations: signed statements about a release. The store keeps their text as it was given;
//! whether a signature holds is the business of who reads them.

use shipworthy_rows::Timestamp;

/// Longest name of what is said, in bytes: a URI.
pub const MAX_PREDICATE_TYPE_BYTES: usize = 256;

/// Most statements about one release: gate reports of years.
pub const MAX_ATTESTATIONS: usize = 500;

/// A statement to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttestation {
    predicate_type: String,
    envelope: String,
}

impl NewAttestation {
    /// What it says, by its URI, and the signed envelope.
    ///
    /// # Errors
    /// [`Error`], past the limits.
    pub fn new(predicate_type: &str, envelope: String) -> Result<Self, Error> {
        let (kind, max_bytes) = (predicate_type.len(), MAX_PREDICATE_TYPE_BYTES);
        if kind == 0 || kind > max_bytes {
            return Err(Error { what: "its predicate type", bytes: kind, max_bytes });
        }
        let (bytes, max_bytes) = (envelope.len(), shipworthy_core::attestation::MAX_ENVELOPE_BYTES);
        if bytes == 0 || bytes > max_bytes {
            return Err(Error { what: "its envelope", bytes, max_bytes });
        }
        Ok(Self { predicate_type: predicate_type.to_owned(), envelope })
    }

    /// The URI of what is said.
    #[must_use]
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// The text of the envelope.
    #[must_use]
    pub fn envelope(&self) -> &str {
        &self.envelope
    }
}

/// A stored statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The id of the event that recorded it.
    pub event: i64,
    /// When, by the clock of who acted.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// The URI of what is said.
    pub predicate_type: String,
    /// The text of the envelope, byte for byte as it was given.
    pub envelope: String,
    /// The digest of the envelope that its event tells, 64 hexadecimal digits.
    pub recorded_sha256: String,
}

/// A statement that is not kept.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an attestation is refused: {what} has {bytes} bytes, and 1 to {max_bytes} are kept")]
pub struct Error {
    what: &'static str,
    bytes: usize,
    max_bytes: usize,
}
