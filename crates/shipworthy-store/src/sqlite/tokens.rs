//! Tokens in SQLite.
//!
//! A secret is looked up by its SHA-256 in a unique index, and that comparison
//! need not take constant time: what its timing could give away is a prefix of
//! a stored digest, and to make use of it somebody would have to choose secrets
//! by their digest, that is, invert SHA-256 on 256 random bits.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::json;
use shipworthy_rows::Timestamp;

use super::{Failure, events};
use crate::{
    event::{Attribution, NewEvent, TOKEN_CREATED, TOKEN_REVOKED},
    store::Error,
    token::{NewToken, Role, Token},
};

pub(super) const LIST: &str = "SELECT id, name, role, created_at_us, revoked_at_us
     FROM tokens ORDER BY id";
pub(super) const LIVE_BY_DIGEST: &str = "SELECT id, name, role, created_at_us, revoked_at_us
     FROM tokens WHERE secret_sha256 = ?1 AND revoked_at_us IS NULL";
pub(super) const LIVE_BY_NAME: &str = "SELECT id, name, role, created_at_us, revoked_at_us
     FROM tokens WHERE name = ?1 AND revoked_at_us IS NULL";
pub(super) const DIGEST_EXISTS: &str =
    "SELECT EXISTS (SELECT 1 FROM tokens WHERE secret_sha256 = ?1)";
pub(super) const NAME_EVER_EXISTED: &str = "SELECT EXISTS (SELECT 1 FROM tokens WHERE name = ?1)";
const ANY_EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM tokens)";
const INSERT: &str = "INSERT INTO tokens (name, role, secret_sha256, created_at_us)
     VALUES (?1, ?2, ?3, ?4)";
const REVOKE: &str = "UPDATE tokens SET revoked_at_us = ?2 WHERE id = ?1";

pub(super) fn create(
    tx: &Transaction<'_>,
    token: &NewToken,
    by: &Attribution,
) -> Result<Token, Failure> {
    let makes_itself = by.actor() == token.name() && !exists(tx, ANY_EXISTS, [])?;
    if !makes_itself {
        require_actor(tx, by)?;
    }
    if live_by_name(tx, token.name())?.is_some() {
        let name = token.name().to_owned();
        return Err(Error::TokenNameTaken { name }.into());
    }
    if exists(tx, DIGEST_EXISTS, [token.secret_sha256()])? {
        return Err(Error::SecretTaken.into());
    }
    tx.prepare_cached(INSERT)?.execute(params![
        token.name(),
        token.role().as_str(),
        token.secret_sha256(),
        by.at().as_micros()
    ])?;
    let created = Token {
        id: tx.last_insert_rowid(),
        name: token.name().to_owned(),
        role: token.role(),
        created_at: by.at(),
        revoked_at: None,
    };
    record(tx, TOKEN_CREATED, &created, by)?;
    Ok(created)
}

pub(super) fn revoke(tx: &Transaction<'_>, name: &str, by: &Attribution) -> Result<Token, Failure> {
    let mut token =
        live_by_name(tx, name)?.ok_or_else(|| Error::NoSuchToken { name: name.to_owned() })?;
    tx.prepare_cached(REVOKE)?.execute(params![token.id, by.at().as_micros()])?;
    token.revoked_at = Some(by.at());
    record(tx, TOKEN_REVOKED, &token, by)?;
    Ok(token)
}

pub(super) fn list(db: &Connection) -> Result<Vec<Token>, Failure> {
    let mut statement = db.prepare_cached(LIST)?;
    let rows = statement.query_and_then([], from_row)?;
    rows.collect()
}

pub(super) fn live_by_digest(db: &Connection, digest: &[u8; 32]) -> Result<Option<Token>, Failure> {
    let mut statement = db.prepare_cached(LIVE_BY_DIGEST)?;
    let mut rows = statement.query_and_then([digest], from_row)?;
    rows.next().transpose()
}

/// Refuses an actor that is not, and never was, the name of a token.
pub(super) fn require_actor(tx: &Transaction<'_>, by: &Attribution) -> Result<(), Failure> {
    if exists(tx, NAME_EVER_EXISTED, [by.actor()])? {
        return Ok(());
    }
    let actor = by.actor().to_owned();
    Err(Error::UnknownActor { actor }.into())
}

fn live_by_name(db: &Connection, name: &str) -> Result<Option<Token>, Failure> {
    let mut statement = db.prepare_cached(LIVE_BY_NAME)?;
    let mut rows = statement.query_and_then([name], from_row)?;
    rows.next().transpose()
}

fn exists(db: &Connection, sql: &str, given: impl rusqlite::Params) -> Result<bool, Failure> {
    let found = db.prepare_cached(sql)?.query_row(given, |row| row.get(0)).optional()?;
    Ok(found.unwrap_or(false))
}

fn record(
    tx: &Transaction<'_>,
    kind: &'static str,
    token: &Token,
    by: &Attribution,
) -> Result<(), Failure> {
    let body = json!({ "id": token.id, "role": token.role.as_str() });
    let event = NewEvent::of_store(kind, &token.name, &body);
    events::record(tx, &event, by).map(drop)
}

fn from_row(row: &Row<'_>) -> Result<Token, Failure> {
    let role: String = row.get(2)?;
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        role: role.parse::<Role>().map_err(|source| Failure::corrupt("role", source))?,
        created_at: Timestamp::from_micros(row.get(3)?),
        revoked_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros),
    })
}
