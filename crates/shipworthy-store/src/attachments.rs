//! Attachments: a file beside a release that can be erased without breaking it,
//! `attachments/<64 hexadecimal digits>.jsonl`. Always a file of the state
//! directory, wherever the bundles are: many object stores keep what is replaced.
//!
//! A changed attachment is [prepared](Attachments::prepare) beside the old one;
//! after the event that tells of it is recorded, it takes its place. A crash
//! between the two is [settled](Attachments::settle) by the next holder of the
//! state directory: by the event, or back.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    durable,
    release::ReleaseId,
    state_dir::{StateDir, StateLock},
};

/// Only the owner may look: it holds people's data.
const MODE: u32 = 0o600;

/// Longest attachment, in bytes: what is read is held in memory.
pub const MAX_ATTACHMENT_BYTES: u64 = 64 * 1024 * 1024;

/// What is about to take an attachment's place.
const PREPARED_EXTENSION: &str = "next";

/// The directory of the attachments.
#[derive(Debug)]
pub struct Attachments {
    root: PathBuf,
    writable: bool,
}

/// Why an attachment cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory was opened to read.
    #[error("the attachments were opened to read only")]
    ReadOnly,
    /// Past the limit.
    #[error("the attachment {} has {bytes} bytes, at most {MAX_ATTACHMENT_BYTES} are kept", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
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
}

impl Attachments {
    /// The attachments of a locked state directory.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(lock: &StateLock) -> Result<Self, Error> {
        let root = lock.dir().attachments();
        durable::make_directory(&root).map_err(io_error("make", &root))?;
        Ok(Self { root, writable: true })
    }

    /// The attachments of a state directory that another process may hold: to read only.
    #[must_use]
    pub fn reading(directory: &StateDir) -> Self {
        Self { root: directory.attachments(), writable: false }
    }

    /// Stores the attachment of a release, or replaces it; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`Error::ReadOnly`], [`Error::TooLong`], [`Error::Io`].
    pub fn put(&self, id: &ReleaseId, contents: &[u8]) -> Result<(), Error> {
        self.write(&self.place(id), contents)
    }

    /// Writes what will take the attachment's place.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn prepare(&self, id: &ReleaseId, contents: &[u8]) -> Result<(), Error> {
        self.write(&self.prepared(id), contents)
    }

    /// Moves what was prepared into its place.
    ///
    /// # Errors
    /// [`Error::ReadOnly`], [`Error::Io`].
    pub fn replace(&self, id: &ReleaseId) -> Result<(), Error> {
        let (from, to) = (self.prepared(id), self.place(id));
        let moved = fs::rename(&from, &to).and_then(|()| durable::sync_directory(&self.root));
        moved.map_err(io_error("replace", &to))
    }

    /// Removes the attachment of a release; none is no matter.
    ///
    /// # Errors
    /// [`Error::ReadOnly`], [`Error::Io`].
    pub fn remove(&self, id: &ReleaseId) -> Result<(), Error> {
        if !self.writable {
            return Err(Error::ReadOnly);
        }
        let place = self.place(id);
        let removed = durable::remove_if_there(&place);
        let removed = removed.and_then(|()| durable::sync_directory(&self.root));
        removed.map_err(io_error("remove", &place))
    }

    /// Ends what a crash interrupted: a prepared attachment of which the event tells, by its
    /// SHA-256, takes its place; any other is removed, and so is what is half-written.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn settle(&self, is_told: impl Fn(&ReleaseId, &str) -> bool) -> Result<(), Error> {
        let names = fs::read_dir(&self.root).map_err(io_error("list", &self.root))?;
        for entry in names {
            let path = entry.map_err(io_error("list", &self.root))?.path();
            let extension = path.extension().unwrap_or_default();
            if extension == durable::TEMPORARY_EXTENSION {
                durable::remove_if_there(&path).map_err(io_error("remove", &path))?;
            }
            if extension != PREPARED_EXTENSION {
                continue;
            }
            let digits = path.file_stem().unwrap_or_default().to_string_lossy();
            let id = format!("sha256:{digits}").parse::<ReleaseId>();
            let contents = fs::read(&path).map_err(io_error("read", &path))?;
            let sha256 = hex::encode(Sha256::digest(&contents));
            match id {
                Ok(id) if is_told(&id, &sha256) => self.replace(&id)?,
                _ => durable::remove_if_there(&path).map_err(io_error("remove", &path))?,
            }
        }
        Ok(())
    }

    /// The attachment of a release, if there is one.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Io`].
    pub fn read(&self, id: &ReleaseId) -> Result<Option<Vec<u8>>, Error> {
        let path = self.place(id);
        let bytes = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io_error("read", &path)(source)),
        };
        if bytes > MAX_ATTACHMENT_BYTES {
            return Err(Error::TooLong { path, bytes });
        }
        durable::read_if_there(&path).map_err(io_error("read", &path))
    }

    fn write(&self, path: &Path, contents: &[u8]) -> Result<(), Error> {
        let bytes = contents.len() as u64;
        match (self.writable, bytes) {
            (false, _) => Err(Error::ReadOnly),
            (true, 0..=MAX_ATTACHMENT_BYTES) => {
                durable::replace(path, contents, MODE).map_err(io_error("write", path))
            }
            (true, _) => Err(Error::TooLong { path: path.to_owned(), bytes }),
        }
    }

    fn place(&self, id: &ReleaseId) -> PathBuf {
        self.root.join(format!("{}.jsonl", id.hex()))
    }

    fn prepared(&self, id: &ReleaseId) -> PathBuf {
        self.root.join(format!("{}.{PREPARED_EXTENSION}", id.hex()))
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { doing, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> ReleaseId {
        ReleaseId::from_sha256(&[byte; 32])
    }

    #[test]
    fn a_prepared_attachment_counts_when_its_event_does() {
        let kept = tempfile::tempdir().unwrap();
        let lock = StateDir::open(kept.path()).unwrap().lock().unwrap();
        let attachments = Attachments::open(&lock).unwrap();
        let (told, lost) = (id(1), id(2));
        for id in [&told, &lost] {
            attachments.put(id, b"old").unwrap();
            attachments.prepare(id, b"new").unwrap();
            assert_eq!(attachments.read(id).unwrap().unwrap(), b"old");
        }
        let new = hex::encode(Sha256::digest(b"new"));
        attachments.settle(|id, sha256| *id == told && sha256 == new).unwrap();
        assert_eq!(attachments.read(&told).unwrap().unwrap(), b"new");
        assert_eq!(attachments.read(&lost).unwrap().unwrap(), b"old");
        assert_eq!(fs::read_dir(kept.path().join("attachments")).unwrap().count(), 2);
        assert_eq!(attachments.read(&id(3)).unwrap(), None);
        let reading = Attachments::reading(lock.dir());
        assert!(matches!(reading.put(&told, b"x"), Err(Error::ReadOnly)));
    }
}
