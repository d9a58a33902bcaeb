//! The outbox's position in SQLite: one row.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::Failure;
use crate::outbox::OutboxPosition;

const READ: &str = "SELECT log_id, copied, sent, sequence FROM outbox";
const MOVE: &str = "INSERT INTO outbox (one, log_id, copied, sent, sequence)
     VALUES (1, ?1, ?2, ?3, ?4)
     ON CONFLICT (one) DO UPDATE SET
         log_id = excluded.log_id,
         copied = excluded.copied,
         sent = excluded.sent,
         sequence = excluded.sequence";

pub(super) fn position(db: &Connection) -> Result<Option<OutboxPosition>, Failure> {
    let mut statement = db.prepare_cached(READ)?;
    let row = statement.query_row([], from_row).optional()?;
    let Some((position, sequence)) = row else { return Ok(None) };
    let sequence =
        u64::try_from(sequence).map_err(|source| Failure::corrupt("outbox position", source))?;
    Ok(Some(OutboxPosition { sequence, ..position }))
}

pub(super) fn set(tx: &Transaction<'_>, to: &OutboxPosition) -> Result<(), Failure> {
    let sequence = i64::try_from(to.sequence)
        .map_err(|source| rusqlite::Error::ToSqlConversionFailure(source.into()))?;
    tx.prepare_cached(MOVE)?.execute(params![to.log_id, to.copied, to.sent, sequence])?;
    Ok(())
}

/// The position, but for its sequence as it is stored.
fn from_row(row: &Row<'_>) -> rusqlite::Result<(OutboxPosition, i64)> {
    let (log_id, copied, sent) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok((OutboxPosition { log_id, copied, sent, sequence: 0 }, row.get(3)?))
}
