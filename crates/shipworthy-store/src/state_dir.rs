//! The state directory: everything a server keeps on its disk, and its lock.
//!
//! | path | what |
//! |---|---|
//! | `LOCK` | locked while a server (or an offline command) writes; holds its process id |
//! | `state.db` | control state |
//! | `ledger/` | decisions |
//! | `bundles/` | the files of releases |
//! | `attachments/` | rows of releases that can be erased |
//! | `signing_key.pem` | the private key that signs statements, unless another is given |
//! | `token` | the first token's secret, for the command line on this machine |
//! | `server.json` | where the running server listens |
//!
//! **Invariant: one writer.** Everything that writes here needs a [`StateLock`].
//! The operating system releases it when the process ends, however it ends.

mod lock;

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use shipworthy_core::signing::SigningKey;

use crate::{durable, token::Secret};

pub use lock::{ReadLock, StateLock};

/// Only the owner may look: the ledger holds people's data.
const DIRECTORY_MODE: u32 = 0o700;
/// Only the owner may read: it is a secret.
const SECRET_MODE: u32 = 0o600;

/// The state directory. Having one gives no right to write: see
/// [`lock`](StateDir::lock).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// Opens the directory; makes it with mode 0700 when it is not there. One
    /// that is there keeps its mode: a mounted volume comes with its own.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(path)
            .map_err(io_error("make the state directory", path))?;
        let path = path.canonicalize().map_err(io_error("find the state directory", path))?;
        Ok(Self { path })
    }

    /// Takes the lock, and removes the `server.json` of a server that was killed.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process, or another handle of this one,
    /// has it; [`Error::Io`].
    pub fn lock(&self) -> Result<StateLock, Error> {
        StateLock::take(self)
    }

    /// Keeps writers away while it is read: takes the lock or, in a directory that may not be
    /// written, shares it with others who only read.
    ///
    /// # Errors
    /// As [`lock`](Self::lock).
    pub fn lock_to_read(&self) -> Result<ReadLock, Error> {
        ReadLock::take(self)
    }

    /// The directory itself, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock_file(&self) -> PathBuf {
        self.path.join("LOCK")
    }

    /// The SQLite file.
    #[must_use]
    pub fn state_db(&self) -> PathBuf {
        self.path.join("state.db")
    }

    /// The directory of the ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.path.join("ledger")
    }

    /// The directory of the bundles.
    #[must_use]
    pub fn bundles(&self) -> PathBuf {
        self.path.join("bundles")
    }

    /// The directory of what can be erased of releases.
    #[must_use]
    pub fn attachments(&self) -> PathBuf {
        self.path.join("attachments")
    }

    /// The file of the private key that signs statements.
    #[must_use]
    pub fn signing_key_file(&self) -> PathBuf {
        self.path.join("signing_key.pem")
    }

    fn next_signing_key_file(&self) -> PathBuf {
        self.path.join("signing_key.next.pem")
    }

    /// The private key in the state directory, if there is one.
    ///
    /// # Errors
    /// [`Error::BadSigningKey`] when the file holds something else, [`Error::Io`].
    pub fn signing_key(&self) -> Result<Option<SigningKey>, Error> {
        read_signing_key(&self.signing_key_file())
    }

    /// The file of the first token's secret.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.path.join("token")
    }

    /// The file that says where the running server listens.
    #[must_use]
    pub fn server_file(&self) -> PathBuf {
        self.path.join("server.json")
    }

    /// The secret in the token file, if there is one.
    ///
    /// # Errors
    /// [`Error::BadTokenFile`] when it holds something else, [`Error::Io`].
    pub fn token(&self) -> Result<Option<Secret>, Error> {
        let path = self.token_file();
        let Some(contents) =
            durable::read_if_there(&path).map_err(io_error("read the token file", &path))?
        else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&contents);
        match Secret::parse(text.trim_end()) {
            Ok(secret) => Ok(Some(secret)),
            Err(source) => Err(Error::BadTokenFile { path, source }),
        }
    }

    /// What the running server wrote about itself. After a crash this may be
    /// about a server that is gone: connect, and when nobody answers, take the
    /// lock.
    ///
    /// # Errors
    /// [`Error::BadServerFile`] when it holds something else, [`Error::Io`].
    pub fn server(&self) -> Result<Option<ServerInfo>, Error> {
        let path = self.server_file();
        let Some(contents) =
            durable::read_if_there(&path).map_err(io_error("read the server file", &path))?
        else {
            return Ok(None);
        };
        match serde_json::from_slice(&contents) {
            Ok(server) => Ok(Some(server)),
            Err(source) => Err(Error::BadServerFile { path, source }),
        }
    }
}

/// Where the running server can be found: the contents of `server.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Its process id.
    pub pid: u32,
    /// The data plane's listener.
    pub listen: SocketAddr,
    /// The control plane's listener.
    pub admin: SocketAddr,
    /// The data plane's listener for gRPC, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc: Option<SocketAddr>,
}

/// What is wrong with the state directory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// Somebody has the lock.
    #[error(
        "{} is in use by {}: talk to that server, stop it, or choose another state directory",
        path.display(),
        holder.map_or_else(|| "another process".into(), |pid| format!("process {pid}"))
    )]
    Locked {
        /// The state directory.
        path: PathBuf,
        /// The process that has it, if it has said so.
        holder: Option<u32>,
    },
    /// There is a token file already, and its secret may be in use.
    #[error("{} is there already: remove it first if its token is revoked", path.display())]
    TokenFileThere {
        /// The file.
        path: PathBuf,
    },
    /// The token file holds no secret.
    #[error("{} holds no token: remove it, and start the server to get a new one", path.display())]
    BadTokenFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: crate::token::Error,
    },
    /// A file of a private key holds none.
    #[error("{} holds no signing key", path.display())]
    BadSigningKey {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: shipworthy_core::signing::KeyError,
    },
    /// The server file is not what a server writes.
    #[error("{} does not say where the server is: remove it, and restart the server", path.display())]
    BadServerFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

fn read_signing_key(path: &Path) -> Result<Option<SigningKey>, Error> {
    let contents = durable::read_if_there(path).map_err(io_error("read the signing key", path))?;
    let Some(contents) = contents else { return Ok(None) };
    match SigningKey::from_pem(&String::from_utf8_lossy(&contents)) {
        Ok(key) => Ok(Some(key)),
        Err(source) => Err(Error::BadSigningKey { path: path.to_owned(), source }),
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { doing, path, source }
}

#[cfg(test)]
mod tests;
