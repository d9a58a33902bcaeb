//! Which releases are held and which were pruned, in SQLite.

use rusqlite::{Transaction, params};
use serde_json::json;

use super::{Failure, endpoints, events, releases};
use crate::{
    event::{Attribution, NewEvent, RELEASE_FREED, RELEASE_HELD, RELEASE_PRUNED, RELEASE_RESTORED},
    release::{Release, ReleaseId, Retention},
    store::Error,
};

const SET: &str = "INSERT INTO retention (release, state, event) VALUES (?1, ?2, ?3)";
const CLEAR: &str = "DELETE FROM retention WHERE release = ?1";

pub(super) fn hold(
    tx: &Transaction<'_>,
    id: &ReleaseId,
    by: &Attribution,
) -> Result<Release, Failure> {
    let release = known(tx, id)?;
    match release.retention {
        Retention::Held => Ok(release),
        Retention::Pruned => Err(Error::ReleasePruned { id: id.clone() }.into()),
        Retention::Kept => change(tx, release, Retention::Held, RELEASE_HELD, by),
    }
}

pub(super) fn free(
    tx: &Transaction<'_>,
    id: &ReleaseId,
    by: &Attribution,
) -> Result<Release, Failure> {
    let release = known(tx, id)?;
    match release.retention {
        Retention::Held => change(tx, release, Retention::Kept, RELEASE_FREED, by),
        Retention::Kept | Retention::Pruned => Ok(release),
    }
}

pub(super) fn prune(
    tx: &Transaction<'_>,
    id: &ReleaseId,
    by: &Attribution,
) -> Result<Release, Failure> {
    let release = known(tx, id)?;
    let in_use = |by: String| Err(Error::ReleaseInUse { id: id.clone(), by }.into());
    match release.retention {
        Retention::Held => return in_use("is held".to_owned()),
        Retention::Pruned => return Ok(release),
        Retention::Kept => {}
    }
    for endpoint in endpoints::list(tx)? {
        let mut slots = [&endpoint.stable, &endpoint.candidate, &endpoint.previous].into_iter();
        if slots.any(|slot| slot.as_ref() == Some(id)) {
            return in_use(format!("has a slot of endpoint {}", endpoint.name));
        }
    }
    change(tx, release, Retention::Pruned, RELEASE_PRUNED, by)
}

pub(super) fn restore(
    tx: &Transaction<'_>,
    id: &ReleaseId,
    by: &Attribution,
) -> Result<Release, Failure> {
    let release = known(tx, id)?;
    match release.retention {
        Retention::Pruned => change(tx, release, Retention::Kept, RELEASE_RESTORED, by),
        Retention::Kept | Retention::Held => Ok(release),
    }
}

fn known(tx: &Transaction<'_>, id: &ReleaseId) -> Result<Release, Failure> {
    releases::by_id(tx, id)?.ok_or_else(|| Error::NoSuchRelease { id: id.clone() }.into())
}

fn change(
    tx: &Transaction<'_>,
    mut release: Release,
    to: Retention,
    kind: &'static str,
    by: &Attribution,
) -> Result<Release, Failure> {
    let id = release.id.as_str();
    let event = events::record(tx, &NewEvent::of_store(kind, id, &json!({})), by)?.id;
    tx.prepare_cached(CLEAR)?.execute([id])?;
    if to != Retention::Kept {
        tx.prepare_cached(SET)?.execute(params![id, to.as_str(), event])?;
    }
    release.retention = to;
    Ok(release)
}
