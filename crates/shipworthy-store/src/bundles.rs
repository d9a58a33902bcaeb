//! Bundles: the files of each release, behind an object store: `<64 hexadecimal digits>/<name>`.
//! It is the directory `bundles/` unless another is given.
//!
//! A bundle is there whole or not at all, though an object store moves no
//! directory and files come and go one by one. Meanwhile a note, `.unfinished`,
//! names the release; it is durable before the first file is touched, and gone
//! for good before [`Bundles::put`] or [`Bundles::remove`] return. Whoever opens
//! the bundles or changes them next removes the files that a note names. So none
//! but a whole bundle can be that of a release which the store knows: its record
//! comes after its files.
//!
//! **Invariant: one writer**, the holder of the state lock: there is one note.
//!
//! What is read is compared with the digest that the caller got from the
//! manifest: a bundle whose files were changed is never used.

mod connection;
mod directory;
mod error;
mod objects;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use object_store::{ObjectStore, path::Path};
use sha2::{Digest, Sha256};

use crate::{
    attachments::Attachments,
    release::{ReleaseId, is_lower_hex_sha256},
    state_dir::{StateDir, StateLock},
};
use objects::{Found, Objects};

pub use error::Error;

/// Most files in a bundle: model, contract, plan, golden rows, and room.
pub const MAX_FILES: usize = 256;
/// Longest file, in bytes: what is read is held in memory.
pub const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Longest file name, in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// The note. No release id starts with a dot, so neither can be taken for the other.
const UNFINISHED: &str = ".unfinished";
/// A release id has 71 bytes; whatever is longer is no note.
const MAX_NOTE_BYTES: u64 = 128;

/// The files of all releases.
#[derive(Debug)]
pub struct Bundles {
    objects: Objects,
    writable: bool,
    attachments: Attachments,
    /// Held by the thread that writes.
    writing: Mutex<()>,
}

impl Bundles {
    /// Opens the bundle directory of a locked state directory, makes it when it
    /// is not there, and removes what a crash left half-written. That is why the
    /// lock is asked for: nobody else can be writing what is removed.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Store`], [`Error::BadNote`].
    pub fn open(lock: &StateLock) -> Result<Self, Error> {
        Self::of(lock, Objects::in_directory(lock.dir().bundles()))
    }

    /// As [`open`](Self::open), with the bundles in another object store. It
    /// must be one that answers only when it holds what it was given for good,
    /// and shows at once what was written. The attachments stay in the state
    /// directory.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::BadNote`].
    pub fn over(lock: &StateLock, store: Arc<dyn ObjectStore>) -> Result<Self, Error> {
        Self::of(lock, Objects::in_store(store))
    }

    /// The bundle directory of a state directory that another process may hold:
    /// to read only.
    #[must_use]
    pub fn reading(directory: &StateDir) -> Self {
        let objects = Objects::in_directory(directory.bundles());
        let attachments = Attachments::reading(directory);
        Self { objects, writable: false, attachments, writing: Mutex::new(()) }
    }

    fn of(lock: &StateLock, objects: Objects) -> Result<Self, Error> {
        objects.open()?;
        let attachments = Attachments::open(lock)?;
        let bundles = Self { objects, writable: true, attachments, writing: Mutex::new(()) };
        bundles.settle()?;
        Ok(bundles)
    }

    /// What of releases can be erased.
    #[must_use]
    pub const fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// Stores the files of a release, each a name and its bytes. When this
    /// returns they are durable. The same files again change nothing.
    ///
    /// # Errors
    /// [`Error::BadName`], [`Error::DuplicateName`], [`Error::BadCount`],
    /// [`Error::TooLong`]; [`Error::Differs`] when the release is there with
    /// other files; [`Error::ReadOnly`], [`Error::Io`], [`Error::Store`],
    /// [`Error::BadNote`].
    pub fn put(&self, id: &ReleaseId, files: &[(&str, &[u8])]) -> Result<(), Error> {
        let _writing = self.writing()?;
        check(id, files)?;
        self.settle()?;
        let stored = self.objects.names(&place(id))?;
        if !stored.is_empty() {
            return self.same(id, stored, files);
        }
        self.note(id)?;
        let written = self.write(id, files);
        if written.is_err() {
            // What cannot be removed now is when the next one writes.
            let _ = self.settle();
            return written;
        }
        self.objects.delete(&note())
    }

    /// Whether the release has its bundle here.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Store`], [`Error::BadNote`].
    pub fn contains(&self, id: &ReleaseId) -> Result<bool, Error> {
        Ok(!self.names(id)?.is_empty())
    }

    /// The names of the release's files, sorted.
    ///
    /// # Errors
    /// [`Error::NoSuchBundle`], [`Error::Io`], [`Error::Store`],
    /// [`Error::BadNote`].
    pub fn file_names(&self, id: &ReleaseId) -> Result<Vec<String>, Error> {
        let names = self.names(id)?;
        if names.is_empty() {
            return Err(Error::NoSuchBundle { id: id.clone() });
        }
        Ok(names.into_iter().collect())
    }

    /// The bytes of one file, which have the SHA-256 `sha256_hex` (64 lower-case
    /// hexadecimal digits), the one in the release's manifest.
    ///
    /// # Errors
    /// [`Error::Damaged`] when they have another, [`Error::NoSuchFile`],
    /// [`Error::BadDigest`], [`Error::BadName`], [`Error::TooLong`],
    /// [`Error::Io`], [`Error::Store`].
    pub fn read_verified(
        &self,
        id: &ReleaseId,
        name: &str,
        sha256_hex: &str,
    ) -> Result<Vec<u8>, Error> {
        check_name(name)?;
        if !is_lower_hex_sha256(sha256_hex) {
            return Err(Error::BadDigest { digest: sha256_hex.into() });
        }
        let contents = self.read(id, name)?;
        let found = hex::encode(Sha256::digest(&contents));
        if found != sha256_hex {
            return Err(Error::Damaged {
                id: id.clone(),
                name: name.into(),
                found,
                expected: sha256_hex.into(),
            });
        }
        Ok(contents)
    }

    /// Removes the files of a release, whole or not at all; none are no matter.
    ///
    /// # Errors
    /// [`Error::ReadOnly`], [`Error::Io`], [`Error::Store`], [`Error::BadNote`].
    pub fn remove(&self, id: &ReleaseId) -> Result<(), Error> {
        let _writing = self.writing()?;
        self.settle()?;
        if self.objects.names(&place(id))?.is_empty() {
            return Ok(());
        }
        self.note(id)?;
        self.settle()
    }

    fn writing(&self) -> Result<MutexGuard<'_, ()>, Error> {
        if !self.writable {
            return Err(Error::ReadOnly);
        }
        // A thread that panicked left its note, at most.
        Ok(self.writing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that the files of a release do not count until the note is gone.
    fn note(&self, id: &ReleaseId) -> Result<(), Error> {
        self.objects.put(&note(), id.as_str().as_bytes())
    }

    /// The release of the note, if there is one.
    fn unfinished(&self) -> Result<Option<ReleaseId>, Error> {
        let text = match self.objects.get(&note(), MAX_NOTE_BYTES)? {
            Found::Nothing => return Ok(None),
            Found::Contents(contents) => String::from_utf8_lossy(&contents).into_owned(),
            Found::TooLong(_) => String::new(),
        };
        let bad = |_| Error::BadNote { name: self.objects.name(&note()) };
        text.parse().map(Some).map_err(bad)
    }

    /// Removes the files of the release of the note, and then the note.
    fn settle(&self) -> Result<(), Error> {
        let Some(id) = self.unfinished()? else { return Ok(()) };
        self.objects.clear(id.hex())?;
        self.objects.delete(&note())
    }

    fn write(&self, id: &ReleaseId, files: &[(&str, &[u8])]) -> Result<(), Error> {
        self.objects.begin(id.hex())?;
        for (name, contents) in files {
            self.objects.put(&file(id, name), contents)?;
        }
        self.objects.end(id.hex())
    }

    fn names(&self, id: &ReleaseId) -> Result<BTreeSet<String>, Error> {
        let names = self.objects.names(&place(id))?;
        match names.is_empty() || self.unfinished()?.as_ref() != Some(id) {
            true => Ok(names),
            false => Ok(BTreeSet::new()),
        }
    }

    /// Whether a bundle has exactly these files.
    fn same(
        &self,
        id: &ReleaseId,
        mut stored: BTreeSet<String>,
        files: &[(&str, &[u8])],
    ) -> Result<(), Error> {
        let differs = |name: &str| Error::Differs { id: id.clone(), name: name.into() };
        for (name, contents) in files {
            if !stored.remove(*name) || self.read(id, name)? != *contents {
                return Err(differs(name));
            }
        }
        stored.first().map_or(Ok(()), |name| Err(differs(name)))
    }

    fn read(&self, id: &ReleaseId, name: &str) -> Result<Vec<u8>, Error> {
        let (id, name) = (id.clone(), name.to_owned());
        match self.objects.get(&file(&id, &name), MAX_FILE_BYTES)? {
            Found::Contents(contents) => Ok(contents),
            Found::Nothing => Err(Error::NoSuchFile { id, name }),
            Found::TooLong(bytes) => Err(Error::TooLong { id, name, bytes }),
        }
    }
}

fn note() -> Path {
    Path::from(UNFINISHED)
}

fn place(id: &ReleaseId) -> Path {
    Path::from(id.hex())
}

fn file(id: &ReleaseId, name: &str) -> Path {
    Path::from_iter([id.hex(), name])
}

fn check(id: &ReleaseId, files: &[(&str, &[u8])]) -> Result<(), Error> {
    if files.is_empty() || files.len() > MAX_FILES {
        return Err(Error::BadCount { id: id.clone(), count: files.len() });
    }
    let mut seen = BTreeSet::new();
    for (name, contents) in files {
        check_name(name)?;
        check_length(id, name, contents.len() as u64)?;
        if !seen.insert(name) {
            return Err(Error::DuplicateName { id: id.clone(), name: (*name).into() });
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Error> {
    let spelled_well =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.starts_with('.') || !spelled_well {
        return Err(Error::BadName { name: name.into() });
    }
    Ok(())
}

fn check_length(id: &ReleaseId, name: &str, bytes: u64) -> Result<(), Error> {
    if bytes > MAX_FILE_BYTES {
        return Err(Error::TooLong { id: id.clone(), name: name.into(), bytes });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
