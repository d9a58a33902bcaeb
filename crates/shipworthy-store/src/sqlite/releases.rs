//! Releases in SQLite.

use rusqlite::{Connection, Row, Transaction, params};
use serde_json::json;
use shipworthy_rows::Timestamp;

use super::{Failure, attestations, events};
use crate::{
    event::{Attribution, NewEvent, RELEASE_CREATED},
    release::{NewRelease, Release, ReleaseId, Reproducibility, Retention},
    store::{Error, MAX_PAGE_ROWS},
};

/// What a release is read from.
pub(super) const COLUMNS: &str = "id, manifest, created_at_us, unreproducible_reason,
     (SELECT state FROM retention WHERE release = releases.id)";
pub(super) const BY_ID: &str = "SELECT id, manifest, created_at_us, unreproducible_reason,
     (SELECT state FROM retention WHERE release = releases.id)
     FROM releases WHERE id = ?1";
pub(super) const NAMED: &str = "SELECT id, manifest, created_at_us, unreproducible_reason,
     (SELECT state FROM retention WHERE release = releases.id)
     FROM releases WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
pub(super) const LATEST: &str = "SELECT id, manifest, created_at_us, unreproducible_reason,
     (SELECT state FROM retention WHERE release = releases.id)
     FROM releases ORDER BY seq DESC LIMIT ?1";
pub(super) const LATEST_BEFORE: &str = "SELECT id, manifest, created_at_us, unreproducible_reason,
     (SELECT state FROM retention WHERE release = releases.id)
     FROM releases WHERE seq < (SELECT seq FROM releases WHERE id = ?2)
     ORDER BY seq DESC LIMIT ?1";
const INSERT: &str = "INSERT INTO releases
     (id, manifest, created_at_us, reproducible, unreproducible_reason)
     VALUES (?1, ?2, ?3, ?4, ?5)";

const INSERT_METRIC: &str = "INSERT OR IGNORE INTO metrics (name, value, release)
     VALUES (?1, ?2, ?3)";

pub(super) fn insert(
    tx: &Transaction<'_>,
    release: &NewRelease,
    by: &Attribution,
) -> Result<Release, Failure> {
    let id = release.id();
    match by_id(tx, id)? {
        Some(stored) if stored.manifest == release.manifest() => return Ok(stored),
        Some(_) => return Err(Error::ReleaseConflict { id: id.clone() }.into()),
        None => {}
    }
    let reason = match release.reproducibility() {
        Reproducibility::Reproducible => None,
        Reproducibility::Unreproducible { reason } => Some(reason),
    };
    tx.prepare_cached(INSERT)?.execute(params![
        id.as_str(),
        release.manifest(),
        by.at().as_micros(),
        reason.is_none(),
        reason,
    ])?;
    let seq = tx.last_insert_rowid();
    let body = json!({ "reproducible": reason.is_none(), "unreproducible_reason": reason });
    let event = NewEvent::of_store(RELEASE_CREATED, id.as_str(), &body);
    events::record(tx, &event, by)?;
    for attestation in release.attestations() {
        attestations::insert(tx, id, attestation, by)?;
    }
    for (name, value) in release.metrics() {
        tx.prepare_cached(INSERT_METRIC)?.execute(params![name, value, seq])?;
    }
    Ok(Release {
        id: id.clone(),
        manifest: release.manifest().to_owned(),
        created_at: by.at(),
        reproducibility: release.reproducibility().clone(),
        retention: Retention::Kept,
    })
}

pub(super) fn by_id(db: &Connection, id: &ReleaseId) -> Result<Option<Release>, Failure> {
    let mut statement = db.prepare_cached(BY_ID)?;
    let mut rows = statement.query_and_then([id.as_str()], from_row)?;
    rows.next().transpose()
}

pub(super) fn named(db: &Connection, digits: &str) -> Result<Vec<Release>, Failure> {
    let first = format!("sha256:{digits}");
    // Every digit is before it.
    let end = format!("{first}~");
    let mut statement = db.prepare_cached(NAMED)?;
    statement.query_and_then(params![first, end, MAX_PAGE_ROWS], from_row)?.collect()
}

pub(super) fn latest(
    db: &Connection,
    before: Option<&ReleaseId>,
    limit: u32,
) -> Result<Vec<Release>, Failure> {
    let limit = limit.min(MAX_PAGE_ROWS);
    match before {
        None => {
            let mut statement = db.prepare_cached(LATEST)?;
            statement.query_and_then(params![limit], from_row)?.collect()
        }
        Some(before) => {
            let mut statement = db.prepare_cached(LATEST_BEFORE)?;
            let given = params![limit, before.as_str()];
            statement.query_and_then(given, from_row)?.collect()
        }
    }
}

pub(super) fn from_row(row: &Row<'_>) -> Result<Release, Failure> {
    let reason: Option<String> = row.get(3)?;
    let retention: Option<String> = row.get(4)?;
    Ok(Release {
        id: read_id(row.get(0)?)?,
        manifest: row.get(1)?,
        created_at: Timestamp::from_micros(row.get(2)?),
        reproducibility: match reason {
            None => Reproducibility::Reproducible,
            Some(reason) => Reproducibility::Unreproducible { reason },
        },
        retention: match retention.as_deref() {
            None => Retention::Kept,
            Some("held") => Retention::Held,
            Some("pruned") => Retention::Pruned,
            Some(_) => return Err(Failure::corrupt("release", "its retention is unknown")),
        },
    })
}

/// A release id as it is stored.
pub(super) fn read_id(text: String) -> Result<ReleaseId, Failure> {
    text.parse::<ReleaseId>().map_err(|source| Failure::corrupt("release id", source))
}
