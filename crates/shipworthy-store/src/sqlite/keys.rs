//! Keys in SQLite.

use rusqlite::{Connection, Row, Transaction, params};
use serde_json::json;
use shipworthy_core::signing::PublicKey;

use super::{Failure, events};
use crate::{
    event::{Attribution, KEY_ENDED, KEY_TRUSTED, NewEvent},
    key::{Key, KeyEnd},
    store::Error,
};

pub(super) const LIST: &str =
    "SELECT id, public_pem, trusted_by, ended, ended_by FROM keys ORDER BY trusted_by";
pub(super) const BY_ID: &str =
    "SELECT id, public_pem, trusted_by, ended, ended_by FROM keys WHERE id = ?1";
const INSERT: &str = "INSERT INTO keys (id, public_pem, trusted_by) VALUES (?1, ?2, ?3)";
const END: &str = "UPDATE keys SET ended = ?2, ended_by = ?3 WHERE id = ?1";

pub(super) fn trust(
    tx: &Transaction<'_>,
    public: &PublicKey,
    by: &Attribution,
) -> Result<Key, Failure> {
    let (id, pem) = (public.id(), public.to_pem());
    match by_id(tx, &id)? {
        Some(key) if key.is_live() => return Ok(key),
        Some(_) => return Err(Error::KeyEnded { id }.into()),
        None => {}
    }
    let event = NewEvent::of_store(KEY_TRUSTED, &id, &json!({ "public": pem }));
    let trusted_by = events::record(tx, &event, by)?.id;
    tx.prepare_cached(INSERT)?.execute(params![id, pem, trusted_by])?;
    Ok(Key { public: public.clone(), trusted_by, ended: None })
}

pub(super) fn end(
    tx: &Transaction<'_>,
    id: &str,
    end: KeyEnd,
    by: &Attribution,
) -> Result<Key, Failure> {
    let mut key = by_id(tx, id)?.ok_or_else(|| Error::NoSuchKey { id: id.to_owned() })?;
    match (key.ended, end) {
        // A retired key can still turn out to be known to others.
        (None, _) | (Some((KeyEnd::Retired, _)), KeyEnd::Revoked) => {}
        _ => return Ok(key),
    }
    let event = NewEvent::of_store(KEY_ENDED, id, &json!({ "ended": end.as_str() }));
    let ended_by = events::record(tx, &event, by)?.id;
    tx.prepare_cached(END)?.execute(params![id, end.as_str(), ended_by])?;
    key.ended = Some((end, ended_by));
    Ok(key)
}

pub(super) fn list(db: &Connection) -> Result<Vec<Key>, Failure> {
    let mut statement = db.prepare_cached(LIST)?;
    statement.query_and_then([], from_row)?.collect()
}

fn by_id(db: &Connection, id: &str) -> Result<Option<Key>, Failure> {
    let mut statement = db.prepare_cached(BY_ID)?;
    let mut rows = statement.query_and_then([id], from_row)?;
    rows.next().transpose()
}

fn from_row(row: &Row<'_>) -> Result<Key, Failure> {
    let (id, pem): (String, String) = (row.get(0)?, row.get(1)?);
    let public = PublicKey::from_pem(&pem).map_err(|source| Failure::corrupt("key", source))?;
    if public.id() != id {
        return Err(Failure::corrupt("key", "its id is that of another key"));
    }
    let ended: Option<String> = row.get(3)?;
    let end = match ended.as_deref() {
        None => None,
        Some("retired") => Some(KeyEnd::Retired),
        Some("revoked") => Some(KeyEnd::Revoked),
        Some(_) => return Err(Failure::corrupt("key", "its end is unknown")),
    };
    let ended_by: Option<i64> = row.get(4)?;
    Ok(Key { public, trusted_by: row.get(2)?, ended: end.zip(ended_by) })
}
