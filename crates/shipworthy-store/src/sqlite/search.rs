//! Releases by what they are made of.

use rusqlite::{Connection, named_params};

use super::{
    Failure,
    releases::{self, from_row},
};
use crate::{
    release::{Release, ReleaseId, ReleaseQuery},
    store::MAX_PAGE_ROWS,
};

/// Everything that is asked for, in the columns that every index has.
const ASKED: &str = "created_at_us >= :from AND created_at_us < :until
         AND (:commit IS NULL OR (git_commit >= :commit AND git_commit < :commit_end))
         AND (:project IS NULL OR project = :project)
         AND (:reproducible IS NULL OR reproducible = :reproducible)
         AND (:metric IS NULL OR EXISTS (SELECT 1 FROM metrics
             WHERE name = :metric AND release = seq AND value >= :least AND value <= :most))
         AND (:before IS NULL OR seq < (SELECT seq FROM releases WHERE id = :before))";

/// The index by which releases are found, and what it is entered by: the narrowest first. Without
/// statistics, which a young file does not have, the planner would guess.
pub(super) const BY_COMMIT: [&str; 2] =
    ["releases_by_commit", "git_commit >= :commit AND git_commit < :commit_end"];
pub(super) const BY_PROJECT: [&str; 2] = ["releases_by_project", "project = :project"];
pub(super) const BY_TIME: [&str; 2] = ["releases_by_time", "created_at_us >= :from"];

/// By a metric: in the order of the list, so that a page ends when it is full.
pub(super) const BY_METRIC: &str = "SELECT release AS found
    FROM metrics CROSS JOIN releases ON seq = release
    WHERE metrics.name = :metric AND value >= :least AND value <= :most";

pub(super) fn search(
    db: &Connection,
    query: &ReleaseQuery,
    before: Option<&ReleaseId>,
    limit: u32,
) -> Result<Vec<Release>, Failure> {
    let found = match (&query.commit, &query.metric, &query.project) {
        (Some(_), _, _) => found_by(BY_COMMIT),
        (None, _, Some(_)) => found_by(BY_PROJECT),
        (None, Some(_), None) => BY_METRIC.to_owned(),
        (None, None, None) => found_by(BY_TIME),
    };
    let mut statement = db.prepare_cached(&sql(&found))?;
    let metric = query.metric.as_ref();
    let given = named_params! {
        ":from": query.from.map_or(i64::MIN, |from| from.as_micros()),
        ":until": query.until.map_or(i64::MAX, |until| until.as_micros()),
        ":commit": query.commit,
        // Every digit is before it.
        ":commit_end": query.commit.as_ref().map(|commit| format!("{commit}~")),
        ":project": query.project,
        ":reproducible": query.reproducible,
        ":metric": metric.map(|metric| metric.name.as_str()),
        ":least": metric.map_or(f64::NEG_INFINITY, |metric| metric.least),
        ":most": metric.map_or(f64::INFINITY, |metric| metric.most),
        ":before": before.map(ReleaseId::as_str),
        ":limit": limit.min(MAX_PAGE_ROWS),
    };
    statement.query_and_then(given, from_row)?.collect()
}

/// The sequences of releases, found in an index.
pub(super) fn found_by([index, entered_by]: [&str; 2]) -> String {
    format!("SELECT seq AS found FROM releases INDEXED BY {index} WHERE {entered_by}")
}

/// The page is found first; then its manifests are read.
pub(super) fn sql(found: &str) -> String {
    let columns = releases::COLUMNS;
    format!(
        "SELECT {columns}
         FROM ({found} AND {ASKED} ORDER BY found DESC LIMIT :limit)
         CROSS JOIN releases ON seq = found ORDER BY found DESC"
    )
}
