//! Endpoints in SQLite.

use rusqlite::{Connection, Row, Transaction};
use serde_json::json;

use super::{Failure, events, releases};
use crate::{
    endpoint::{Endpoint, EndpointName},
    event::{Attribution, ENDPOINT_STABLE_SET, NewEvent},
    release::{ReleaseId, Retention},
    store::Error,
};

pub(super) const BY_NAME: &str = "SELECT name, stable, candidate, previous
     FROM endpoints WHERE name = ?1";
pub(super) const LIST: &str = "SELECT name, stable, candidate, previous
     FROM endpoints ORDER BY name";
/// The right-hand sides see the row as it was.
const SET_STABLE: &str = "INSERT INTO endpoints (name, stable) VALUES (?1, ?2)
     ON CONFLICT (name) DO UPDATE SET
         stable = excluded.stable,
         candidate = nullif(candidate, excluded.stable),
         previous = stable
     RETURNING name, stable, candidate, previous";

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
    let id = || release.clone();
    match releases::by_id(tx, release)?.map(|release| release.retention) {
        None => return Err(Error::NoSuchRelease { id: id() }.into()),
        Some(Retention::Pruned) => return Err(Error::ReleasePruned { id: id() }.into()),
        Some(Retention::Kept | Retention::Held) => {}
    }
    match by_name(tx, name.as_str())? {
        Some(endpoint) if endpoint.stable.as_ref() == Some(release) => return Ok(endpoint),
        _ => {}
    }
    let endpoint = write_stable(tx, name, release)?;
    let previous = endpoint.previous.as_ref().map(ReleaseId::as_str);
    let body = json!({ "stable": release.as_str(), "previous": previous });
    let event = NewEvent::of_store(ENDPOINT_STABLE_SET, name.as_str(), &body);
    events::record(tx, &event, by)?;
    Ok(endpoint)
}

fn write_stable(
    tx: &Transaction<'_>,
    name: &EndpointName,
    release: &ReleaseId,
) -> Result<Endpoint, Failure> {
    let mut statement = tx.prepare_cached(SET_STABLE)?;
    let mut rows = statement.query_and_then([name.as_str(), release.as_str()], from_row)?;
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
    })
}
