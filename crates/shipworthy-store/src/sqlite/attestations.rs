//! Attestations in SQLite.

use rusqlite::{Connection, Row, Transaction, params};
use serde_json::json;
use sha2::{Digest, Sha256};
use shipworthy_rows::Timestamp;

use super::{Failure, events, releases};
use crate::{
    attestation::{Attestation, MAX_ATTESTATIONS, NewAttestation},
    event::{Attribution, NewEvent, RELEASE_ATTESTED},
    release::ReleaseId,
    store::Error,
};

pub(super) const OF_RELEASE: &str = "SELECT a.event, e.at_us, e.actor, a.predicate_type, a.envelope
     FROM attestations AS a JOIN events AS e ON e.id = a.event
     WHERE a.release = ?1 ORDER BY a.event";
pub(super) const COUNT: &str = "SELECT count(*) FROM attestations WHERE release = ?1";
const INSERT: &str = "INSERT INTO attestations (event, release, predicate_type, envelope)
     VALUES (?1, ?2, ?3, ?4)";

pub(super) fn add(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    attestation: &NewAttestation,
    by: &Attribution,
) -> Result<Attestation, Failure> {
    if releases::by_id(tx, release)?.is_none() {
        return Err(Error::NoSuchRelease { id: release.clone() }.into());
    }
    let count: i64 = tx.prepare_cached(COUNT)?.query_row([release.as_str()], |row| row.get(0))?;
    if usize::try_from(count).is_ok_and(|count| count >= MAX_ATTESTATIONS) {
        return Err(Error::TooManyAttestations { id: release.clone() }.into());
    }
    insert(tx, release, attestation, by)
}

/// Stores a statement about a release that is there.
pub(super) fn insert(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    attestation: &NewAttestation,
    by: &Attribution,
) -> Result<Attestation, Failure> {
    let (predicate_type, envelope) = (attestation.predicate_type(), attestation.envelope());
    let sha256 = hex::encode(Sha256::digest(envelope));
    let body = json!({ "predicate_type": predicate_type, "sha256": sha256 });
    let event = NewEvent::of_store(RELEASE_ATTESTED, release.as_str(), &body);
    let event = events::record(tx, &event, by)?;
    let row = params![event.id, release.as_str(), predicate_type, envelope];
    tx.prepare_cached(INSERT)?.execute(row)?;
    Ok(Attestation {
        event: event.id,
        at: event.at,
        actor: event.actor,
        predicate_type: predicate_type.to_owned(),
        envelope: envelope.to_owned(),
    })
}

pub(super) fn of_release(
    db: &Connection,
    release: &ReleaseId,
) -> Result<Vec<Attestation>, Failure> {
    let mut statement = db.prepare_cached(OF_RELEASE)?;
    let rows = statement.query_map([release.as_str()], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Attestation> {
    Ok(Attestation {
        event: row.get(0)?,
        at: Timestamp::from_micros(row.get(1)?),
        actor: row.get(2)?,
        predicate_type: row.get(3)?,
        envelope: row.get(4)?,
    })
}
