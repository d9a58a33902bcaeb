//! The schema and its versions.
//!
//! Version `n` is what the first `n` migrations make; `user_version` in the
//! file's header says which it has. A migration that has been released is never
//! edited: the next change is the next file.

use rusqlite::{Connection, TransactionBehavior};

/// In order; the version that each makes is its place, counted from 1.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_tokens_events_releases_endpoints.sql"),
    include_str!("schema/0002_attestations_keys_metrics.sql"),
    include_str!("schema/0003_outbox.sql"),
    include_str!("schema/0004_retention.sql"),
    include_str!("schema/0005_release_search.sql"),
    include_str!("schema/0006_attested_events.sql"),
    include_str!("schema/0007_rollouts.sql"),
];

/// What [`migrate`] did.
pub(super) enum Migrated {
    /// The file has the newest version.
    ToLatest,
    /// The file is newer than this program, and was left alone.
    NotAtAll {
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
}

/// Brings the file to the newest version, in one transaction: all of it or none. A file that has
/// it is not written, and nobody who writes it is waited for.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<Migrated> {
    let known = (1..).zip(MIGRATIONS).map(|(version, _)| version).last().unwrap_or(0);
    let found = version(connection)?;
    if found > known {
        return Ok(Migrated::NotAtAll { found, known });
    }
    if found < known {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster.
        let found = version(&transaction)?;
        for (version, migration) in (1..).zip(MIGRATIONS) {
            if version > found {
                transaction.execute_batch(migration)?;
                transaction.pragma_update(None, "user_version", version)?;
            }
        }
        transaction.commit()?;
    }
    Ok(Migrated::ToLatest)
}

/// Whether the file has the newest version of this program.
pub(super) fn is_latest(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(usize::try_from(version(connection)?) == Ok(MIGRATIONS.len()))
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
