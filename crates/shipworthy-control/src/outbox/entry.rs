//! An event as an entry of the ledger.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use shipworthy_ledger::{Kind, Record};
use shipworthy_rows::Timestamp;
use shipworthy_store::Event;

use super::Error;

/// What the names of all events' entries start with.
const WORD: [u8; 6] = *b"event\0";

/// The bits of an event's number that its entry's name has room for: far more than there will be.
const NUMBER_BITS: u64 = (1 << 62) - 1;

/// The name of an event's entry: a UUID of version 8 (RFC 9562, section 5.8) that starts with the
/// word `event` and ends with the number of the event.
#[must_use]
pub fn entry_id(event: i64) -> [u8; 16] {
    let number = event.cast_unsigned() & NUMBER_BITS;
    let mut id = [0; 16];
    id[..6].copy_from_slice(&WORD);
    id[6] = 0x80;
    id[8..].copy_from_slice(&number.to_be_bytes());
    id[8] |= 0x80;
    id
}

/// The number of the event whose entry has this name.
pub(super) fn event_of(id: [u8; 16]) -> Option<i64> {
    let mut number = [0; 8];
    number.copy_from_slice(&id[8..]);
    let event = (u64::from_be_bytes(number) & NUMBER_BITS).cast_signed();
    (entry_id(event) == id).then_some(event)
}

/// What the ledger says about an event: the event itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Its number, which orders events.
    pub id: i64,
    /// When, by the clock of who acted.
    pub at: Timestamp,
    /// The name of the token that acted.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The dotted name of what happened.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// Whatever else belongs to it.
    pub body: Box<RawValue>,
}

impl RecordedEvent {
    /// An event of the store.
    ///
    /// # Errors
    /// [`Error::Event`] when its body is no JSON.
    pub(super) fn of(event: &Event) -> Result<Self, Error> {
        let Event { id, at, actor, reason, kind, subject, body } = event.clone();
        let body = RawValue::from_string(body).map_err(|source| Error::Event { id, source })?;
        Ok(Self { id, at, actor, reason, kind, subject, body })
    }

    /// The entry, before it has a place.
    pub(super) fn record(&self, salt: [u8; 16]) -> Result<Record, Error> {
        let payload =
            serde_json::to_vec(self).map_err(|source| Error::Event { id: self.id, source })?;
        Ok(Record { kind: Kind::EVENT, id: entry_id(self.id), salt, payload })
    }

    /// Tells it from another event of the same number, which a store has that was made anew, or
    /// restored from a copy.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let Self { id, at, actor, reason, kind, subject, body } = self;
        let fields = (id, at.as_micros(), actor, reason, kind, subject, body.get());
        let text = serde_json::to_vec(&fields).expect("numbers and texts have a JSON form");
        Sha256::digest(text).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_uuid_that_says_which_event() {
        let id = entry_id(42);
        assert_eq!(hex::encode(id), "6576656e74008000800000000000002a");
        for event in [1, 42, 1 << 40, (1 << 62) - 1] {
            assert_eq!(event_of(entry_id(event)), Some(event));
        }
        for other in [[0; 16], [0xff; 16], *b"event\0\x70\0\x80\0\0\0\0\0\0\x01"] {
            assert_eq!(event_of(other), None);
        }
    }
}
