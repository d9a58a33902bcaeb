//! The copies that a ledger has already.

use std::collections::BTreeSet;

use shipworthy_ledger::{Entry, Kind, Reader};
use shipworthy_store::OutboxPosition;

use super::Error;
use super::entry::{RecordedEvent, event_of};

/// Copies of events, by what they say.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    copies: BTreeSet<(i64, [u8; 32])>,
    /// Copies that do not say any more what they were of: erased, or of a later form.
    mute: BTreeSet<i64>,
}

impl Found {
    /// Looks for the copies that a position is in doubt about.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) fn between(position: &OutboxPosition, reader: &Reader) -> Result<Self, Error> {
        let mut found = Self::default();
        for entry in reader.entries(position.sequence) {
            let entry = entry?;
            if entry.kind != Kind::EVENT {
                continue;
            }
            match event_of(entry.id) {
                Some(id) if id > position.copied && id <= position.sent => found.note(id, &entry),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Whether the ledger has this very event: one of the same number that says something else is
    /// of another store.
    pub(super) fn has(&self, event: &RecordedEvent) -> bool {
        let is_empty = self.copies.is_empty() && self.mute.is_empty();
        !is_empty
            && (self.mute.contains(&event.id)
                || self.copies.contains(&(event.id, event.fingerprint())))
    }

    fn note(&mut self, id: i64, entry: &Entry) {
        let told = entry.payload().and_then(|payload| serde_json::from_slice(payload).ok());
        match told.map(|told: RecordedEvent| told.fingerprint()) {
            Some(fingerprint) => {
                self.copies.insert((id, fingerprint));
            }
            None => {
                self.mute.insert(id);
            }
        }
    }
}
