//! The lock of the state directory, and what only its holder may write.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
};

use super::{Error, SECRET_MODE, ServerInfo, StateDir, io_error};
use shipworthy_core::signing::SigningKey;

use crate::{durable, token::Secret};

/// A process id has at most ten digits; whatever is longer is not one.
const MAX_PID_BYTES: u64 = 16;

/// The right to write to the state directory. Dropping it gives it back; so does
/// the end of the process.
#[derive(Debug)]
pub struct StateLock {
    dir: StateDir,
    file: File,
}

impl StateLock {
    /// The directory that is locked.
    #[must_use]
    pub const fn dir(&self) -> &StateDir {
        &self.dir
    }

    /// Writes the first token's secret, with mode 0600.
    ///
    /// Write the file before the token is stored: a crash in between leaves a
    /// secret that no token has, which the next start can still register; the
    /// other way round it would leave a token whose secret nobody knows.
    ///
    /// # Errors
    /// [`Error::TokenFileThere`], [`Error::Io`].
    pub fn write_token(&self, secret: &Secret) -> Result<(), Error> {
        let path = self.dir.token_file();
        if path.try_exists().map_err(io_error("look for the token file", &path))? {
            return Err(Error::TokenFileThere { path });
        }
        let line = format!("{}\n", secret.reveal());
        durable::replace(&path, line.as_bytes(), SECRET_MODE)
            .map_err(io_error("write the token file", &path))
    }

    /// Writes `server.json`, so that the command line finds this server.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn announce(&self, server: &ServerInfo) -> Result<(), Error> {
        let path = self.dir.server_file();
        let written = serde_json::to_vec(server)
            .map_err(io::Error::from)
            .and_then(|json| durable::replace(&path, &json, SECRET_MODE));
        written.map_err(io_error("write the server file", &path))
    }

    /// Removes `server.json`: the last thing of a clean shutdown.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn withdraw(&self) -> Result<(), Error> {
        let path = self.dir.server_file();
        durable::remove_if_there(&path).map_err(io_error("remove the server file", &path))
    }

    /// Writes the private key that signs statements, with mode 0600, before it is trusted: after a
    /// crash between the two the next start goes on with the same key.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_signing_key(&self, key: &SigningKey) -> Result<(), Error> {
        let path = self.dir.signing_key_file();
        durable::replace(&path, key.reveal().as_bytes(), SECRET_MODE)
            .map_err(io_error("write the signing key", &path))
    }

    /// Writes the key that will take the signing key's place once it is trusted.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn prepare_signing_key(&self, key: &SigningKey) -> Result<(), Error> {
        let path = self.dir.next_signing_key_file();
        durable::replace(&path, key.reveal().as_bytes(), SECRET_MODE)
            .map_err(io_error("write the signing key", &path))
    }

    /// Ends a change of the signing key: one that was prepared takes its place if it is trusted,
    /// and is removed otherwise.
    ///
    /// # Errors
    /// [`Error::BadSigningKey`], [`Error::Io`].
    pub fn settle_signing_key(&self, is_trusted: impl Fn(&str) -> bool) -> Result<(), Error> {
        let next = self.dir.next_signing_key_file();
        let Some(key) = super::read_signing_key(&next)? else { return Ok(()) };
        if is_trusted(&key.public().id()) {
            self.write_signing_key(&key)?;
        }
        durable::remove_if_there(&next).map_err(io_error("remove the signing key", &next))
    }

    pub(super) fn take(dir: &StateDir) -> Result<Self, Error> {
        let path = dir.lock_file();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(SECRET_MODE)
            .open(&path)
            .map_err(io_error("open the lock", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked { path: dir.path().to_owned(), holder: read_pid(&file) });
            }
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &path)(source)),
        }
        file.set_len(0)
            .and_then(|()| write!(file, "{}", std::process::id()))
            .map_err(io_error("write the process id into", &path))?;
        let lock = Self { dir: dir.clone(), file };
        lock.withdraw()?;
        Ok(lock)
    }
}

/// The right to read what nobody writes meanwhile, also in a directory that may not be written.
#[derive(Debug)]
pub struct ReadLock {
    dir: StateDir,
    /// The lock, where it may be taken.
    _lock: Option<StateLock>,
    /// Else its file, shared with others who only read. A copy without it has no writer either.
    _file: Option<File>,
}

impl ReadLock {
    /// The directory that is locked.
    #[must_use]
    pub const fn dir(&self) -> &StateDir {
        &self.dir
    }

    pub(super) fn take(dir: &StateDir) -> Result<Self, Error> {
        let (lock, file) = match StateLock::take(dir) {
            Ok(lock) => (Some(lock), None),
            Err(Error::Io { source, .. }) if is_read_only(&source) => (None, shared(dir)?),
            Err(error) => return Err(error),
        };
        Ok(Self { dir: dir.clone(), _lock: lock, _file: file })
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Takes the lock without writing into its file.
pub(super) fn shared(dir: &StateDir) -> Result<Option<File>, Error> {
    let path = dir.lock_file();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_error("open the lock", &path)(source)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            Err(Error::Locked { path: dir.path().to_owned(), holder: read_pid(&file) })
        }
        Err(TryLockError::Error(source)) => Err(io_error("lock", &path)(source)),
    }
}

impl Drop for StateLock {
    /// Empties the file, so that the next holder is not mistaken for this one in
    /// the moment before it writes its own id. The lock goes with the file.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

fn read_pid(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(MAX_PID_BYTES).read_to_string(&mut text).ok()?;
    text.parse().ok()
}
