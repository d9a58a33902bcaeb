//! Events in SQLite. Ids are given under the write lock, so they become visible
//! in their order.

use rusqlite::{Connection, Params, Row, Transaction, params};
use shipworthy_rows::Timestamp;

use super::{Failure, tokens};
use crate::{
    event::{Attribution, Event, NewEvent},
    store::MAX_PAGE_ROWS,
};

pub(super) const AFTER: &str = "SELECT id, at_us, actor, reason, kind, subject, body
     FROM events WHERE id > ?1 ORDER BY id LIMIT ?2";
pub(super) const LATEST: &str = "SELECT id, at_us, actor, reason, kind, subject, body
     FROM events WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
pub(super) const OF_SUBJECT: &str = "SELECT id, at_us, actor, reason, kind, subject, body
     FROM events WHERE subject = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
const INSERT: &str = "INSERT INTO events (at_us, actor, reason, kind, subject, body)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Records `event` in the transaction of its effect.
pub(super) fn record(
    tx: &Transaction<'_>,
    event: &NewEvent,
    by: &Attribution,
) -> Result<Event, Failure> {
    tokens::require_actor(tx, by)?;
    tx.prepare_cached(INSERT)?.execute(params![
        by.at().as_micros(),
        by.actor(),
        by.reason(),
        event.kind(),
        event.subject(),
        event.body(),
    ])?;
    Ok(Event {
        id: tx.last_insert_rowid(),
        at: by.at(),
        actor: by.actor().to_owned(),
        reason: by.reason().to_owned(),
        kind: event.kind().to_owned(),
        subject: event.subject().to_owned(),
        body: event.body().to_owned(),
    })
}

pub(super) fn after(db: &Connection, after: i64, limit: u32) -> Result<Vec<Event>, Failure> {
    page(db, AFTER, params![after, limit.min(MAX_PAGE_ROWS)])
}

pub(super) fn latest(
    db: &Connection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Event>, Failure> {
    let before = before.unwrap_or(i64::MAX);
    page(db, LATEST, params![before, limit.min(MAX_PAGE_ROWS)])
}

pub(super) fn of_subject(
    db: &Connection,
    subject: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Event>, Failure> {
    let before = before.unwrap_or(i64::MAX);
    page(db, OF_SUBJECT, params![subject, before, limit.min(MAX_PAGE_ROWS)])
}

fn page(db: &Connection, sql: &str, given: impl Params) -> Result<Vec<Event>, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(given, from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get(0)?,
        at: Timestamp::from_micros(row.get(1)?),
        actor: row.get(2)?,
        reason: row.get(3)?,
        kind: row.get(4)?,
        subject: row.get(5)?,
        body: row.get(6)?,
    })
}
