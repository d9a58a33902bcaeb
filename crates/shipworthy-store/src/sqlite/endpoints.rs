//! Endpoints in SQLite.

use rusqlite::{Connection, Params, Row, Transaction, params};
use serde_json::json;

use super::{Failure, events, releases};
use crate::{
    endpoint::{Endpoint, EndpointChange, EndpointName},
    event::{Attribution, ENDPOINT_STABLE_SET, NewEvent},
    release::{ReleaseId, Retention},
    store::Error,
};

pub(super) const BY_NAME: &str =
    "SELECT name, stable, candidate, previous, revision, rollout, stopped
     FROM endpoints WHERE name = ?1";
pub(super) const LIST: &str = "SELECT name, stable, candidate, previous, revision, rollout, stopped
     FROM endpoints ORDER BY name";
/// The right-hand sides see the row as it was.
const SET_STABLE: &str = "INSERT INTO endpoints (name, stable) VALUES (?1, ?2)
     ON CONFLICT (name) DO UPDATE SET
         stable = excluded.stable,
         candidate = nullif(candidate, excluded.stable),
         previous = stable,
         revision = revision + 1
     RETURNING name, stable, candidate, previous, revision, rollout, stopped";
pub(super) const CHANGE: &str = "UPDATE endpoints SET
         stable = ?2,
         candidate = ?3,
         previous = ?4,
         rollout = ?5,
         stopped = ?6,
         revision = revision + 1
     WHERE name = ?1
     RETURNING name, stable, candidate, previous, revision, rollout, stopped";

pub(super) fn by_name(db: &Connection, name: &str) -> Result<Option<Endpoint>, Failure> {
    let mut statement = db.prepare_cached(BY_NAME)?;
    let mut rows = statement.query_and_then([name], from_row)?;
    rows.next().transpose()
}

pub(super) fn list(db: &Connection) -> Result<Vec<Endpoint>, Failure> {
    let mut statement = db.prepare_cached(LIST)?;
    let rows = statement.query_and_then([], from_row)?;
    rows.collect()
}

pub(super) fn set_stable(
    tx: &Transaction<'_>,
    name: &EndpointName,
    release: &ReleaseId,
    by: &Attribution,
) -> Result<Endpoint, Failure> {
    require_servable(tx, release)?;
    match by_name(tx, name.as_str())? {
        Some(endpoint) if endpoint.stable.as_ref() == Some(release) => return Ok(endpoint),
        _ => {}
    }
    let endpoint = written(tx, SET_STABLE, [name.as_str(), release.as_str()])?;
    let previous = endpoint.previous.as_ref().map(ReleaseId::as_str);
    let body = json!({ "stable": release.as_str(), "previous": previous });
    let event = NewEvent::of_store(ENDPOINT_STABLE_SET, name.as_str(), &body);
    events::record(tx, &event, by)?;
    Ok(endpoint)
}

pub(super) fn change(
    tx: &Transaction<'_>,
    change: &EndpointChange,
    event: &NewEvent,
    by: &Attribution,
) -> Result<Endpoint, Failure> {
    change.check(event)?;
    let name = || change.name.clone();
    let found = by_name(tx, change.name.as_str())?
        .ok_or_else(|| Error::NoSuchEndpoint { name: name() })?
        .revision;
    let expected = change.expected_revision;
    if found != expected {
        return Err(Error::EndpointMoved { name: name(), expected, found }.into());
    }
    for release in change.slots() {
        require_servable(tx, release)?;
    }
    let row = params![
        change.name.as_str(),
        change.stable.as_str(),
        change.candidate.as_ref().map(ReleaseId::as_str),
        change.previous.as_ref().map(ReleaseId::as_str),
        change.rollout,
        change.stopped,
    ];
    let endpoint = written(tx, CHANGE, row)?;
    events::record(tx, event, by)?;
    Ok(endpoint)
}

/// Refuses a release that is not there, or whose files are not.
fn require_servable(tx: &Transaction<'_>, release: &ReleaseId) -> Result<(), Failure> {
    let id = || release.clone();
    match releases::by_id(tx, release)?.map(|release| release.retention) {
        None => Err(Error::NoSuchRelease { id: id() }.into()),
        Some(Retention::Pruned) => Err(Error::ReleasePruned { id: id() }.into()),
        Some(Retention::Kept | Retention::Held) => Ok(()),
    }
}

/// The one row that `sql` writes.
fn written(tx: &Transaction<'_>, sql: &str, given: impl Params) -> Result<Endpoint, Failure> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query_and_then(given, from_row)?;
    let written = rows.next().transpose()?;
    written.ok_or(Failure::Sqlite(rusqlite::Error::QueryReturnedNoRows))
}

fn from_row(row: &Row<'_>) -> Result<Endpoint, Failure> {
    let name: String = row.get(0)?;
    let slot = |column: usize| -> Result<Option<ReleaseId>, Failure> {
        let id: Option<String> = row.get(column)?;
        id.map(releases::read_id).transpose()
    };
    Ok(Endpoint {
        name: EndpointName::parse(&name)
            .map_err(|source| Failure::corrupt("endpoint name", source))?,
        stable: slot(1)?,
        candidate: slot(2)?,
        previous: slot(3)?,
        revision: row.get(4)?,
        rollout: row.get(5)?,
        stopped: row.get(6)?,
    })
}
