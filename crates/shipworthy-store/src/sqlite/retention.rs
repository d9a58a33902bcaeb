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
    if known(tx, id)?.retention == Retention::Pruned {
        return Err(Error::ReleasePruned { id: id.clone() }.into());
    }
    turn(tx, id, (Retention::Kept, Retention::Held, RELEASE_HELD), by)
}

pub(super) fn free(
    tx: &Transaction<'_>,
    id: &ReleaseId,
    by: &Attribution,
) -> Result<Release, Failure> {
    turn(tx, id, (Retention::Held, Retention::Kept, RELEASE_FREED), by)
}

pub(super) fn restore(
    tx: &Transaction<'_>,
    id: &ReleaseId,
    by: &Attribution,
) -> Result<Release, Failure> {
    turn(tx, id, (Retention::Pruned, Retention::Kept, RELEASE_RESTORED), by)
}

pub(super) fn prune(
    tx: &Transaction<'_>,
    id: &ReleaseId,
    by: &Attribution,
) -> Result<Release, Failure> {
    let in_use = |by: String| Err(Error::ReleaseInUse { id: id.clone(), by }.into());
    if known(tx, id)?.retention == Retention::Held {
        return in_use("is held".to_owned());
    }
    for endpoint in endpoints::list(tx)? {
        let mut slots = [&endpoint.stable, &endpoint.candidate, &endpoint.previous].into_iter();
        if slots.any(|slot| slot.as_ref() == Some(id)) {
            return in_use(format!("has a slot of endpoint {}", endpoint.name));
        }
    }
    turn(tx, id, (Retention::Kept, Retention::Pruned, RELEASE_PRUNED), by)
}

fn known(tx: &Transaction<'_>, id: &ReleaseId) -> Result<Release, Failure> {
    releases::by_id(tx, id)?.ok_or_else(|| Error::NoSuchRelease { id: id.clone() }.into())
}

/// Turns a release from one state into another, and records it; in any other state it stays as it
/// is, and leaves no event.
fn turn(
    tx: &Transaction<'_>,
    id: &ReleaseId,
    (from, to, kind): (Retention, Retention, &'static str),
    by: &Attribution,
) -> Result<Release, Failure> {
    let mut release = known(tx, id)?;
    if release.retention != from {
        return Ok(release);
    }
    let id = id.as_str();
    let event = events::record(tx, &NewEvent::of_store(kind, id, &json!({})), by)?.id;
    tx.prepare_cached(CLEAR)?.execute([id])?;
    if to != Retention::Kept {
        tx.prepare_cached(SET)?.execute(params![id, to.as_str(), event])?;
    }
    release.retention = to;
    Ok(release)
}
