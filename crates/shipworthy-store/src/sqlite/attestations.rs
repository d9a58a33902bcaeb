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

pub(super) const OF_RELEASE: &str =
    "SELECT e.id, e.at_us, e.actor, a.predicate_type, a.envelope, e.body ->> '$.sha256'
     FROM events AS e LEFT JOIN attestations AS a ON a.event = e.id AND a.release = e.subject
     WHERE e.kind = 'release.attested' AND e.subject = ?1 ORDER BY e.id";
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
    let body = json!({ "predicate_type": predicate_type, "sha256": &sha256 });
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
        recorded_sha256: sha256,
    })
}

pub(super) fn of_release(
    db: &Connection,
    release: &ReleaseId,
) -> Result<Vec<Attestation>, Failure> {
    let mut statement = db.prepare_cached(OF_RELEASE)?;
    let rows = statement.query_and_then([release.as_str()], from_row)?;
    let found: Vec<Attestation> = rows.collect::<Result<_, _>>()?;
    let count: i64 = db.prepare_cached(COUNT)?.query_row([release.as_str()], |row| row.get(0))?;
    match usize::try_from(count) {
        Ok(count) if count == found.len() => Ok(found),
        _ => Err(Failure::corrupt("attestation", "one is not in the record of actions")),
    }
}

fn from_row(row: &Row<'_>) -> Result<Attestation, Failure> {
    let event: i64 = row.get(0)?;
    let said: (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
    let (Some(predicate_type), Some(envelope)) = said else {
        let why = format!("event {event} tells of one that is gone");
        return Err(Failure::corrupt("attestation", why));
    };
    Ok(Attestation {
        event,
        at: Timestamp::from_micros(row.get(1)?),
        actor: row.get(2)?,
        predicate_type,
        envelope,
        recorded_sha256: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
    })
}
