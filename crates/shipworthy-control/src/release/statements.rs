//! What is said about a kept release: signed, read back, and what a broken signature means.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shipworthy_core::attestation::{Attested, Statement, predicate};
use shipworthy_core::signing::{PublicKey, SigningKey};
use shipworthy_core::{Manifest, ReleaseId, attestation, canonical};
use shipworthy_store::event::{REFERENCE_ROWS_ERASED, RELEASE_IMPORTED, RELEASE_PRUNED};
use shipworthy_store::{Attestation, Attribution, Event, Key, KeyEnd, NewAttestation, NewEvent};

use super::{Error, Shelf};
use crate::outbox::events_about;
use crate::reference::{self, ReferenceRows};
use crate::statement::{self, Said, latest};

/// What refuses a release for what is said about it.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A statement that was changed, or that a stranger made.
    #[error("the attestation {event} ({name}) does not count")]
    Statement {
        /// The id of the event that recorded it.
        event: i64,
        /// What it says.
        name: String,
        /// Why not.
        #[source]
        source: attestation::Error,
    },
    /// A statement that cannot be made.
    #[error("the attestation ({name}) cannot be signed")]
    Unsigned {
        /// What it says.
        name: String,
        /// Why not.
        #[source]
        source: attestation::Error,
    },
    /// A statement that says something else than it was stored as.
    #[error("the attestation {event} is stored as `{stored}`, and says `{signed}`")]
    Kind {
        /// The id of the event that recorded it.
        event: i64,
        /// As it is stored.
        stored: String,
        /// As it was signed.
        signed: String,
    },
    /// A statement that is not the one of its event.
    #[error("the attestation {event} ({name}) is not the one that was recorded")]
    Record {
        /// The id of the event that recorded it.
        event: i64,
        /// What it says.
        name: String,
    },
    /// No provenance that counts.
    #[error(
        "it has no provenance by a key that is trusted; `shipworthy key list` lists the keys, and \
         `shipworthy release sign` signs anew what a revoked key signed"
    )]
    NoProvenance,
    /// Reference rows that are not what was signed.
    #[error("its reference rows are not what was signed")]
    ReferenceRows(#[from] reference::Error),
}

impl Shelf {
    /// Everything that is said about a release and counts, oldest first. What a revoked key has
    /// signed is left out.
    ///
    /// # Errors
    /// [`Refusal`] of anything that was changed, or signed by a key that was never trusted here.
    pub fn statements(&self, id: &ReleaseId) -> Result<Vec<Said>, Error> {
        Ok(self.all_statements(id)?.0)
    }

    /// The same, and those that a revoked key has signed, which do not count.
    ///
    /// # Errors
    /// As [`statements`](Self::statements).
    pub fn all_statements(&self, id: &ReleaseId) -> Result<(Vec<Said>, Vec<Attestation>), Error> {
        let keys = self.keys()?;
        let (mut said, mut revoked) = (Vec::new(), Vec::new());
        for stored in self.store.attestations(id)? {
            match read(id, &stored, &keys).map_err(|why| Error::refused(id, why))? {
                Some(attested) => said.push(Said { stored, attested }),
                None => revoked.push(stored),
            }
        }
        Ok((said, revoked))
    }

    /// Says something about a release that is kept here.
    ///
    /// # Errors
    /// When the release is not kept here, the key is not trusted, or it cannot be written.
    pub fn attest(
        &self,
        id: &ReleaseId,
        statement: &Statement,
        signer: &SigningKey,
        by: &Attribution,
    ) -> Result<Attestation, Error> {
        self.check_signer(signer)?;
        Ok(self.store.attest(id, &self.sign(id, statement, signer)?, by)?)
    }

    /// Signs a release off, once all of it is found as it was: nobody should approve another.
    ///
    /// # Errors
    /// As [`verify`](Self::verify) and [`attest`](Self::attest).
    pub fn approve(
        &self,
        id: &ReleaseId,
        signer: &SigningKey,
        by: &Attribution,
    ) -> Result<Attestation, Error> {
        self.verify(id)?;
        self.attest(id, &statement::approval(by), signer, by)
    }

    /// Signs anew what a revoked key said about a release, once all of it is found as it was.
    /// Gives how many statements.
    ///
    /// # Errors
    /// As [`attest`](Self::attest), and when a statement was changed.
    pub fn sign_anew(
        &self,
        id: &ReleaseId,
        signer: &SigningKey,
        by: &Attribution,
    ) -> Result<usize, Error> {
        self.check_signer(signer)?;
        let (keys, said) = (self.keys()?, self.statements(id)?);
        let is_said =
            |statement: &Statement| said.iter().any(|said| said.attested.statement == *statement);
        let mut signed = 0;
        for stored in self.store.attestations(id)? {
            let whole = verify(id, &stored, |key| keys.get(key).map(|key| key.public.clone()));
            let whole = whole.map_err(|why| Error::refused(id, why))?;
            if !is_said(&whole.statement) {
                self.store.attest(id, &self.sign(id, &whole.statement, signer)?, by)?;
                signed += 1;
            }
        }
        Ok(signed)
    }

    /// The reference rows of a release, each checked against what was signed; `None` when it has
    /// none.
    ///
    /// # Errors
    /// [`Refusal`] when they were changed.
    pub fn reference_rows(&self, id: &ReleaseId) -> Result<Option<ReferenceRows>, Error> {
        let said = self.statements(id)?;
        self.checked_reference_rows(id, &said)
    }

    fn checked_reference_rows(
        &self,
        id: &ReleaseId,
        said: &[Said],
    ) -> Result<Option<ReferenceRows>, Error> {
        let Some(signed) = latest(said, predicate::REFERENCE_ROWS) else { return Ok(None) };
        let Some(contents) = self.bundles.attachments().read(id)? else { return Ok(None) };
        let refused = |error| Error::refused(id, Refusal::from(error));
        let rows = ReferenceRows::read(&contents).map_err(refused)?;
        rows.check(signed).map_err(refused)?;
        Ok(Some(rows))
    }

    /// Refuses reference rows that are not there, unless an event tells that they went: rows that
    /// were forgotten, and those of a release that was pruned or came from elsewhere.
    pub(super) fn check_reference_rows(&self, id: &ReleaseId) -> Result<(), Error> {
        let said = self.statements(id)?;
        if latest(&said, predicate::REFERENCE_ROWS).is_none() {
            return Ok(());
        }
        let events = events_about(self.store.as_ref(), id.as_str())?;
        let checked = match self.checked_reference_rows(id, &said)? {
            Some(rows) => rows.check_missing(&forgotten(&events)),
            None if events.iter().any(|event| is_without_rows(&event.kind)) => Ok(()),
            None => Err(reference::Error::Gone),
        };
        checked.map_err(|error| Error::refused(id, Refusal::from(error)))
    }

    /// Erases reference rows of a release, by what `erase` does to them; gives their lines, from
    /// 1. The release and its id stay what they are.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn erase_reference_rows(
        &self,
        id: &ReleaseId,
        erase: impl FnOnce(&mut ReferenceRows) -> Vec<usize>,
        by: &Attribution,
    ) -> Result<Vec<usize>, Error> {
        let Some(mut rows) = self.reference_rows(id)? else { return Ok(Vec::new()) };
        let erased = erase(&mut rows);
        if erased.is_empty() {
            return Ok(erased);
        }
        let contents = rows.write();
        let sha256 = canonical::sha256_hex(&contents);
        let body = serde_json::json!({ "rows": erased, "sha256": sha256 });
        let event = NewEvent::new(REFERENCE_ROWS_ERASED, id.as_str(), &body)?;
        self.bundles.attachments().prepare(id, &contents)?;
        self.store.record_event(&event, by)?;
        self.bundles.attachments().replace(id)?;
        Ok(erased)
    }

    /// Ends an erasure or a pruning that a crash interrupted. Nothing else is recorded after one, for its
    /// caller holds the state directory until it is done.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub fn settle(&self) -> Result<(), Error> {
        let last = self.store.latest_events(None, 1)?;
        last.iter().try_for_each(|last| self.settle_pruning(last))?;
        let told = |id: &ReleaseId, sha256: &str| {
            last.iter().any(|event| {
                let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
                event.kind == REFERENCE_ROWS_ERASED
                    && event.subject == id.as_str()
                    && body["sha256"] == sha256
            })
        };
        Ok(self.bundles.attachments().settle(told)?)
    }

    /// Refuses a key whose word would not count.
    ///
    /// # Errors
    /// [`Error::Signer`].
    pub fn check_signer(&self, signer: &SigningKey) -> Result<(), Error> {
        let key = signer.public().id();
        let advice = match self.keys()?.get(&key) {
            Some(known) if known.is_live() => return Ok(()),
            Some(_) => {
                "was retired or revoked, which is for good: `shipworthy key rotate` makes \
                        another for the state directory"
            }
            None => {
                "is not trusted here: `shipworthy key trust` takes its public half, and \
                     `shipworthy key list` lists those that are"
            }
        };
        Err(Error::Signer { key, advice })
    }

    pub(super) fn sign(
        &self,
        id: &ReleaseId,
        statement: &Statement,
        signer: &SigningKey,
    ) -> Result<NewAttestation, Error> {
        let refused = |source| {
            let name = predicate::name(&statement.predicate_type).to_owned();
            Error::refused(id, Refusal::Unsigned { name, source })
        };
        let envelope = statement.sign(id, signer).map_err(refused)?;
        Ok(NewAttestation::new(&statement.predicate_type, envelope)?)
    }

    /// The keys of the store, by their ids; where a list of trusted keys was given, those that
    /// are in both.
    pub(super) fn keys(&self) -> Result<BTreeMap<String, Key>, Error> {
        let is_listed =
            |key: &Key| self.trusted.as_ref().is_none_or(|trusted| trusted.contains(&key.public));
        let keys = self.store.keys()?.into_iter().filter(is_listed);
        Ok(keys.map(|key| (key.public.id(), key)).collect())
    }
}

/// Whether reference rows do not survive this: a pruning takes them, and no archive has them.
fn is_without_rows(event: &str) -> bool {
    [RELEASE_PRUNED, RELEASE_IMPORTED].contains(&event)
}

/// The lines of reference rows, from 1, that were forgotten.
fn forgotten(events: &[Event]) -> BTreeSet<u64> {
    let erasures = events.iter().filter(|event| event.kind == REFERENCE_ROWS_ERASED);
    let lines = erasures.flat_map(|event| {
        let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
        body["rows"].as_array().cloned().unwrap_or_default()
    });
    lines.filter_map(|line| line.as_u64()).collect()
}

/// Refuses a release that should come with a provenance and has none that counts.
pub(super) fn require_provenance(manifest: &Manifest, said: &[Said]) -> Result<(), Refusal> {
    let has_one = latest(said, predicate::PROVENANCE).is_some();
    match has_one || manifest.format < Manifest::ATTESTED_FROM {
        true => Ok(()),
        false => Err(Refusal::NoProvenance),
    }
}

/// A statement that is whole; `None` when its key was revoked.
fn read(
    id: &ReleaseId,
    stored: &Attestation,
    keys: &BTreeMap<String, Key>,
) -> Result<Option<Attested>, Refusal> {
    let known = |key: &str| keys.get(key).filter(|key| !is_too_late(key, stored));
    let attested = verify(id, stored, |key| known(key).map(|key| key.public.clone()))?;
    let counts = keys.get(&attested.key_id).is_some_and(|key| key.counts_at(stored.event));
    Ok(counts.then_some(attested))
}

/// A retired key signs no more: whoever has it since is a stranger.
fn is_too_late(key: &Key, stored: &Attestation) -> bool {
    matches!(key.ended, Some((KeyEnd::Retired, _))) && !key.counts_at(stored.event)
}

fn verify(
    id: &ReleaseId,
    stored: &Attestation,
    trusted: impl Fn(&str) -> Option<PublicKey>,
) -> Result<Attested, Refusal> {
    let attested = Statement::verify(&stored.envelope, id, trusted).map_err(|source| {
        let name = predicate::name(&stored.predicate_type).to_owned();
        Refusal::Statement { event: stored.event, name, source }
    })?;
    let signed = &attested.statement.predicate_type;
    if *signed != stored.predicate_type {
        return Err(Refusal::Kind {
            event: stored.event,
            stored: stored.predicate_type.clone(),
            signed: signed.clone(),
        });
    }
    if canonical::sha256_hex(stored.envelope.as_bytes()) != stored.recorded_sha256 {
        let name = predicate::name(&stored.predicate_type).to_owned();
        return Err(Refusal::Record { event: stored.event, name });
    }
    Ok(attested)
}
