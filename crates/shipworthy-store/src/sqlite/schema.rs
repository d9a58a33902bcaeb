//! The schema and its versions.
//!
//! Version `n` is what the first `n` migrations make; `user_version` in the
//! file's header says which it has. A migration that has been released is never
//! edited: the next change is the next file.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// In order; the version that each makes is its place, counted from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_tokens_events_releases_endpoints.sql"),
    include_str!("schema/0002_attestations_keys_metrics.sql"),
    include_str!("schema/0003_outbox.sql"),
    include_str!("schema/0004_retention.sql"),
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

/// Brings the file to the newest version, in one transaction: all of it or none.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<Migrated> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let mut applied = 0;
    for migration in MIGRATIONS {
        applied += 1;
        if applied > found {
            transaction.execute_batch(migration)?;
        }
    }
    if found > applied {
        return Ok(Migrated::NotAtAll { found, known: applied });
    }
    transaction.pragma_update(None, "user_version", applied)?;
    transaction.commit()?;
    Ok(Migrated::ToLatest)
}

fn version(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    transaction.pragma_query_value(None, "user_version", |row| row.get(0))
}
