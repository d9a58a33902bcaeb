//! The embedded store: one SQLite file.
//!
//! One connection writes, behind a mutex, in transactions that take the write
//! lock when they begin (`BEGIN IMMEDIATE`), so none fails half-way because
//! another process wrote meanwhile. One connection reads, behind its own, and
//! sees what is committed: in WAL mode readers do not wait for writers. A commit
//! is on the disk when the call returns (`synchronous = FULL`).

mod attestations;
mod endpoints;
mod events;
mod keys;
mod outbox;
mod releases;
mod retention;
mod schema;
mod search;
mod tokens;

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use shipworthy_core::signing::PublicKey;

use crate::{
    attestation::{Attestation, NewAttestation},
    endpoint::{Endpoint, EndpointChange, EndpointName},
    event::{Attribution, Event, NewEvent},
    key::{Key, KeyEnd},
    outbox::OutboxPosition,
    release::{NewRelease, Release, ReleaseId, ReleaseQuery},
    store::{Error, Store},
    token::{NewToken, Secret, Token},
};

/// How long a write waits for another process that writes. Writes take
/// milliseconds, so this is only reached when somebody hangs.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Control state in one SQLite file (and its `-wal` and `-shm`).
#[derive(Debug)]
pub struct SqliteStore {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens the file at `path`, makes it when there is none, and brings its
    /// schema up to this program's version.
    ///
    /// # Errors
    /// [`Error::SchemaTooNew`] when a newer program wrote it, [`Error::Open`]
    /// when it is not a database or not writable.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let location = path.display().to_string();
        let failed = |source: rusqlite::Error| Error::Open {
            location: path.display().to_string(),
            source: Box::new(source),
        };
        let kept =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        // Whatever is wrong with it, SQLite says.
        drop(kept);
        let mut writer = connect(path).map_err(failed)?;
        match schema::migrate(&mut writer).map_err(failed)? {
            schema::Migrated::ToLatest => {}
            schema::Migrated::NotAtAll { found, known } => {
                return Err(Error::SchemaTooNew { location, found, known });
            }
        }
        let reader = connect(path).map_err(failed)?;
        reader.pragma_update(None, "query_only", true).map_err(failed)?;
        Ok(Self { writer: Mutex::new(writer), reader: Mutex::new(reader) })
    }

    /// Opens the file at `path` to read it, whoever writes it meanwhile: nothing is written. A
    /// file of an earlier schema is read in a copy in memory that is brought up to date.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when there is no such file.
    pub fn reading(path: &Path) -> Result<Self, Error> {
        let location = path.display().to_string();
        let failed = |source: rusqlite::Error| Error::Open {
            location: path.display().to_string(),
            source: Box::new(source),
        };
        let open = || -> rusqlite::Result<(Connection, schema::Migrated)> {
            let mut connection = connect_to_read(path)?;
            if schema::is_latest(&connection)? {
                return Ok((connection, schema::Migrated::ToLatest));
            }
            let mut copy = Connection::open_in_memory()?;
            rusqlite::backup::Backup::new(&connection, &mut copy)?.run_to_completion(
                i32::MAX,
                Duration::ZERO,
                None,
            )?;
            connection = copy;
            let migrated = schema::migrate(&mut connection)?;
            Ok((connection, migrated))
        };
        let opened = || match open().map_err(failed)? {
            (connection, schema::Migrated::ToLatest) => {
                connection.pragma_update(None, "query_only", true).map_err(failed)?;
                Ok(Mutex::new(connection))
            }
            (_, schema::Migrated::NotAtAll { found, known }) => {
                Err(Error::SchemaTooNew { location: location.clone(), found, known })
            }
        };
        Ok(Self { writer: opened()?, reader: opened()? })
    }

    fn write<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let mut connection = locked(&self.writer);
        let attempt = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        attempt().map_err(|failure: Failure| failure.while_doing(doing))
    }

    fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        work(&locked(&self.reader)).map_err(|failure| failure.while_doing(doing))
    }
}

impl Store for SqliteStore {
    fn create_token(&self, token: &NewToken, by: &Attribution) -> Result<Token, Error> {
        self.write("create a token", |tx| tokens::create(tx, token, by))
    }

    fn tokens(&self) -> Result<Vec<Token>, Error> {
        self.read("list the tokens", tokens::list)
    }

    fn revoke_token(&self, name: &str, by: &Attribution) -> Result<Token, Error> {
        self.write("revoke a token", |tx| tokens::revoke(tx, name, by))
    }

    fn authenticate(&self, secret: &str) -> Result<Option<Token>, Error> {
        let Ok(secret) = Secret::parse(secret) else {
            return Ok(None);
        };
        let digest = secret.digest();
        self.read("look up a token", |db| tokens::live_by_digest(db, &digest))
    }

    fn record_event(&self, event: &NewEvent, by: &Attribution) -> Result<Event, Error> {
        self.write("record an event", |tx| events::record(tx, event, by))
    }

    fn events_after(&self, after: i64, limit: u32) -> Result<Vec<Event>, Error> {
        self.read("list the events", |db| events::after(db, after, limit))
    }

    fn latest_events(&self, before: Option<i64>, limit: u32) -> Result<Vec<Event>, Error> {
        self.read("list the events", |db| events::latest(db, before, limit))
    }

    fn events_of(
        &self,
        subject: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Event>, Error> {
        self.read("list the events", |db| events::of_subject(db, subject, before, limit))
    }

    fn outbox(&self) -> Result<Option<OutboxPosition>, Error> {
        self.read("look up the outbox", outbox::position)
    }

    fn move_outbox(&self, to: &OutboxPosition) -> Result<(), Error> {
        self.write("move the outbox", |tx| outbox::set(tx, to))
    }

    fn insert_release(&self, release: &NewRelease, by: &Attribution) -> Result<Release, Error> {
        self.write("store a release", |tx| releases::insert(tx, release, by))
    }

    fn release(&self, id: &ReleaseId) -> Result<Option<Release>, Error> {
        self.read("look up a release", |db| releases::by_id(db, id))
    }

    fn releases_named(&self, digits: &str) -> Result<Vec<Release>, Error> {
        self.read("look up releases", |db| releases::named(db, digits))
    }

    fn latest_releases(
        &self,
        before: Option<&ReleaseId>,
        limit: u32,
    ) -> Result<Vec<Release>, Error> {
        self.read("list the releases", |db| releases::latest(db, before, limit))
    }

    fn attest(
        &self,
        release: &ReleaseId,
        attestation: &NewAttestation,
        by: &Attribution,
    ) -> Result<Attestation, Error> {
        self.write("store an attestation", |tx| attestations::add(tx, release, attestation, by))
    }

    fn attestations(&self, release: &ReleaseId) -> Result<Vec<Attestation>, Error> {
        self.read("list the attestations", |db| attestations::of_release(db, release))
    }

    fn trust_key(&self, public: &PublicKey, by: &Attribution) -> Result<Key, Error> {
        self.write("trust a key", |tx| keys::trust(tx, public, by))
    }

    fn end_key(&self, id: &str, end: KeyEnd, by: &Attribution) -> Result<Key, Error> {
        self.write("end a key", |tx| keys::end(tx, id, end, by))
    }

    fn replace_key(
        &self,
        retired: &str,
        public: &PublicKey,
        by: &Attribution,
    ) -> Result<Key, Error> {
        self.write("replace a key", |tx| {
            let key = keys::trust(tx, public, by)?;
            keys::end(tx, retired, KeyEnd::Retired, by)?;
            Ok(key)
        })
    }

    fn keys(&self) -> Result<Vec<Key>, Error> {
        self.read("list the keys", keys::list)
    }

    fn hold_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error> {
        self.write("hold a release", |tx| retention::hold(tx, id, by))
    }

    fn free_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error> {
        self.write("free a release", |tx| retention::free(tx, id, by))
    }

    fn prune_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error> {
        self.write("prune a release", |tx| retention::prune(tx, id, by))
    }

    fn restore_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error> {
        self.write("restore a release", |tx| retention::restore(tx, id, by))
    }

    fn search_releases(
        &self,
        query: &ReleaseQuery,
        before: Option<&ReleaseId>,
        limit: u32,
    ) -> Result<Vec<Release>, Error> {
        self.read("search the releases", |db| search::search(db, query, before, limit))
    }

    fn endpoint(&self, name: &str) -> Result<Option<Endpoint>, Error> {
        self.read("look up an endpoint", |db| endpoints::by_name(db, name))
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>, Error> {
        self.read("list the endpoints", endpoints::list)
    }

    fn set_stable(
        &self,
        endpoint: &EndpointName,
        release: &ReleaseId,
        by: &Attribution,
    ) -> Result<Endpoint, Error> {
        self.write("set the stable release", |tx| endpoints::set_stable(tx, endpoint, release, by))
    }

    fn change_endpoint(
        &self,
        change: &EndpointChange,
        event: &NewEvent,
        by: &Attribution,
    ) -> Result<Endpoint, Error> {
        self.write("change an endpoint", |tx| endpoints::change(tx, change, event, by))
    }
}

/// What ends a transaction early: SQLite failed, or the store refuses. The
/// first gets its context when it leaves this module.
enum Failure {
    Sqlite(rusqlite::Error),
    Refused(Error),
}

impl Failure {
    fn while_doing(self, doing: &'static str) -> Error {
        match self {
            Self::Sqlite(source) => Error::Backend { doing, source: Box::new(source) },
            Self::Refused(error) => error,
        }
    }

    /// A stored `what` that cannot be read.
    fn corrupt(what: &'static str, source: impl Into<crate::store::BackendError>) -> Self {
        Self::Refused(Error::Corrupt { what, source: source.into() })
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Without SQLITE_OPEN_URI: a path that starts with `file:` is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Readers of a file in WAL mode write beside it, to say what they read. Where they may not, in a
/// backup say, it is taken as nobody's, which it is if no writer has left a log.
fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let has_log = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
        Err(_) if !has_log => {}
        Err(error) => return Err(error),
        Ok(()) => return Ok(connection),
    }
    let name: String =
        path.display().to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
}

/// A thread that panicked with the lock left no half-done work behind: its
/// transaction was rolled back when it was dropped.
fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
