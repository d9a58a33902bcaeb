//! Releases by what they are made of.

use rusqlite::{Connection, named_params};

use super::{Failure, releases::from_row};
use crate::{
    release::{Release, ReleaseId, ReleaseQuery},
    store::MAX_PAGE_ROWS,
};

/// Everything that is asked for, in the columns that every index has.
const ASKED: &str = "created_at_us >= :from AND created_at_us < :until
         AND (:commit IS NULL OR (git_commit >= :commit AND git_commit < :commit_end))
         AND (:project IS NULL OR project = :project)
         AND (:reproducible IS NULL OR reproducible = :reproducible)
         AND (:before IS NULL OR seq < (SELECT seq FROM releases WHERE id = :before))";

/// The index by which releases are found, and what it is entered by: the narrowest first. Without
/// statistics, which a young file does not have, the planner would guess.
pub(super) const BY_COMMIT: [&str; 2] =
    ["releases_by_commit", "git_commit >= :commit AND git_commit < :commit_end"];
pub(super) const BY_PROJECT: [&str; 2] = ["releases_by_project", "project = :project"];
pub(super) const BY_TIME: [&str; 2] = ["releases_by_time", "created_at_us >= :from"];

pub(super) fn search(
    db: &Connection,
    query: &ReleaseQuery,
    before: Option<&ReleaseId>,
    limit: u32,
) -> Result<Vec<Release>, Failure> {
    let way = match (&query.commit, &query.project) {
        (Some(_), _) => BY_COMMIT,
        (None, Some(_)) => BY_PROJECT,
        (None, None) => BY_TIME,
    };
    let mut statement = db.prepare_cached(&sql(way))?;
    let given = named_params! {
        ":from": query.from.map_or(i64::MIN, |from| from.as_micros()),
        ":until": query.until.map_or(i64::MAX, |until| until.as_micros()),
        ":commit": query.commit,
        // Every digit is before it.
        ":commit_end": query.commit.as_ref().map(|commit| format!("{commit}~")),
        ":project": query.project,
        ":reproducible": query.reproducible,
        ":before": before.map(ReleaseId::as_str),
        ":limit": limit.min(MAX_PAGE_ROWS),
    };
    statement.query_and_then(given, from_row)?.collect()
}

/// The page is found first, in an index; then its manifests are read.
pub(super) fn sql([index, entered_by]: [&str; 2]) -> String {
    format!(
        "SELECT id, manifest, created_at_us, unreproducible_reason
         FROM (SELECT seq AS found FROM releases INDEXED BY {index}
             WHERE {entered_by} AND {ASKED} ORDER BY seq DESC LIMIT :limit)
         CROSS JOIN releases ON seq = found ORDER BY found DESC"
    )
}
