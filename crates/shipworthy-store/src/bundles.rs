//! Bundles: the files of each release, in `bundles/<64 hexadecimal digits>/`.
//!
//! A bundle is there whole or not at all. It is written into a directory with a
//! temporary name beside its place, flushed, renamed and the rename flushed. A
//! crash leaves at most a temporary directory, which the next [`Bundles::open`]
//! removes.
//!
//! What is read is compared with the digest that the caller got from the
//! manifest: a bundle whose files were changed on the disk is never used.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use sha2::{Digest, Sha256};

use crate::{
    attachments::{self, Attachments},
    durable,
    release::{ReleaseId, is_lower_hex_sha256},
    state_dir::{StateDir, StateLock},
};

/// Most files in a bundle: model, contract, plan, golden rows, and room.
pub const MAX_FILES: usize = 256;
/// Longest file, in bytes: what is read is held in memory.
pub const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Longest file name, in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// No release id starts with a dot, so neither can be taken for the other.
const TEMPORARY_PREFIX: &str = ".tmp-";

/// The bundle directory.
#[derive(Debug)]
pub struct Bundles {
    root: PathBuf,
    writable: bool,
    attachments: Attachments,
    /// Makes the names of temporary directories differ between threads; between
    /// processes the state lock does.
    next_temporary: AtomicU64,
}

impl Bundles {
    /// Opens the bundle directory of a locked state directory, makes it when it
    /// is not there, and removes what a crash left half-written. That is why the
    /// lock is asked for: nobody else can be writing what is removed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(lock: &StateLock) -> Result<Self, Error> {
        let root = lock.dir().bundles();
        make_directory(&root, true).map_err(io_error("make", &root))?;
        sweep(&root)?;
        durable::sync_directory(lock.dir().path()).map_err(io_error("flush", lock.dir().path()))?;
        let attachments = Attachments::open(lock)?;
        Ok(Self { root, writable: true, attachments, next_temporary: AtomicU64::new(0) })
    }

    /// The bundle directory of a state directory that another process may hold:
    /// to read only.
    #[must_use]
    pub fn reading(directory: &StateDir) -> Self {
        let root = directory.bundles();
        let attachments = Attachments::reading(directory);
        Self { root, writable: false, attachments, next_temporary: AtomicU64::new(0) }
    }

    /// What of releases can be erased.
    #[must_use]
    pub const fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// Stores the files of a release, each a name and its bytes. When this
    /// returns they are on the disk. The same files again change nothing.
    ///
    /// # Errors
    /// [`Error::BadName`], [`Error::DuplicateName`], [`Error::BadCount`],
    /// [`Error::TooLong`]; [`Error::Differs`] when the release is there with
    /// other files; [`Error::ReadOnly`], [`Error::Io`].
    pub fn put(&self, id: &ReleaseId, files: &[(&str, &[u8])]) -> Result<(), Error> {
        if !self.writable {
            return Err(Error::ReadOnly);
        }
        check(id, files)?;
        let place = self.place(id);
        if place.try_exists().map_err(io_error("look for", &place))? {
            return same(id, &place, files);
        }
        let serial = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let name = format!("{TEMPORARY_PREFIX}{}-{serial}", id.hex());
        let temporary = self.root.join(name);
        let stored = write_files(&temporary, files)
            .and_then(|()| self.move_into_place(&temporary, id, files));
        // It is there still if something failed, or another thread was faster;
        // what cannot be removed now is swept at the next start.
        let _ = fs::remove_dir_all(&temporary);
        stored
    }

    /// Whether the release has its bundle here.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn contains(&self, id: &ReleaseId) -> Result<bool, Error> {
        let place = self.place(id);
        place.try_exists().map_err(io_error("look for", &place))
    }

    /// The names of the release's files, sorted.
    ///
    /// # Errors
    /// [`Error::NoSuchBundle`], [`Error::Io`].
    pub fn file_names(&self, id: &ReleaseId) -> Result<Vec<String>, Error> {
        let place = self.place(id);
        match names(&place) {
            Ok(names) => Ok(names.into_iter().collect()),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                Err(Error::NoSuchBundle { id: id.clone() })
            }
            Err(source) => Err(io_error("list", &place)(source)),
        }
    }

    /// The bytes of one file, which have the SHA-256 `sha256_hex` (64 lower-case
    /// hexadecimal digits), the one in the release's manifest.
    ///
    /// # Errors
    /// [`Error::Damaged`] when they have another, [`Error::NoSuchFile`],
    /// [`Error::BadDigest`], [`Error::BadName`], [`Error::TooLong`],
    /// [`Error::Io`].
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
        let contents = read(id, &self.place(id).join(name), name)?;
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
    /// [`Error::ReadOnly`], [`Error::Io`].
    pub fn remove(&self, id: &ReleaseId) -> Result<(), Error> {
        if !self.writable {
            return Err(Error::ReadOnly);
        }
        let place = self.place(id);
        let serial = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.root.join(format!("{TEMPORARY_PREFIX}{}-{serial}", id.hex()));
        match fs::rename(&place, &temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(io_error("remove", &place))?,
        }
        durable::sync_directory(&self.root).map_err(io_error("flush", &self.root))?;
        fs::remove_dir_all(&temporary).map_err(io_error("remove", &temporary))
    }

    fn place(&self, id: &ReleaseId) -> PathBuf {
        self.root.join(id.hex())
    }

    fn move_into_place(
        &self,
        temporary: &Path,
        id: &ReleaseId,
        files: &[(&str, &[u8])],
    ) -> Result<(), Error> {
        let place = self.place(id);
        match fs::rename(temporary, &place) {
            Ok(()) => durable::sync_directory(&self.root).map_err(io_error("flush", &self.root)),
            // Another thread was faster; its bundle should be the same.
            Err(_) if place.is_dir() => same(id, &place, files),
            Err(source) => Err(io_error("move a bundle to", &place)(source)),
        }
    }
}

/// Why a bundle cannot be stored or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory was opened to read.
    #[error("the bundles were opened to read only")]
    ReadOnly,
    /// An attachment.
    #[error(transparent)]
    Attachment(#[from] attachments::Error),
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
    /// The name could lead out of the bundle, or is not portable.
    #[error(
        "`{name}` cannot be a file of a bundle: 1 to {MAX_NAME_BYTES} letters, digits and `. _ -`, \
         not starting with a dot"
    )]
    BadName {
        /// What was given.
        name: String,
    },
    /// A name was given twice.
    #[error("the bundle of {id} has two files called `{name}`")]
    DuplicateName {
        /// The release.
        id: ReleaseId,
        /// The name.
        name: String,
    },
    /// Too few or too many files.
    #[error("the bundle of {id} has {count} files: a bundle has 1 to {MAX_FILES}")]
    BadCount {
        /// The release.
        id: ReleaseId,
        /// How many.
        count: usize,
    },
    /// A file past its limit.
    #[error("`{name}` of {id} has {bytes} bytes: a file of a bundle has at most {MAX_FILE_BYTES}")]
    TooLong {
        /// The release.
        id: ReleaseId,
        /// The file.
        name: String,
        /// Its length.
        bytes: u64,
    },
    /// The expected digest is not one.
    #[error("`{digest}` is not a SHA-256 digest: 64 lower-case hexadecimal digits")]
    BadDigest {
        /// What was given.
        digest: String,
    },
    /// The release's bundle is not here.
    #[error("there is no bundle of {id}")]
    NoSuchBundle {
        /// The release.
        id: ReleaseId,
    },
    /// The bundle has no such file.
    #[error("there is no file `{name}` in the bundle of {id}")]
    NoSuchFile {
        /// The release.
        id: ReleaseId,
        /// The file.
        name: String,
    },
    /// The release is here with other files.
    #[error("the stored bundle of {id} differs in `{name}`, and a release cannot be edited")]
    Differs {
        /// The release.
        id: ReleaseId,
        /// The first file that differs.
        name: String,
    },
    /// A file is not what the manifest says.
    #[error(
        "`{name}` in the bundle of {id} has the digest {found}, and its manifest says {expected}: \
         the file was changed or is damaged; restore it, or make the release again"
    )]
    Damaged {
        /// The release.
        id: ReleaseId,
        /// The file.
        name: String,
        /// Its digest.
        found: String,
        /// The digest it should have.
        expected: String,
    },
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

fn sweep(root: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(root).map_err(io_error("list", root))? {
        let entry = entry.map_err(io_error("list", root))?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(io_error("remove", &path))?;
        }
    }
    Ok(())
}

fn write_files(directory: &Path, files: &[(&str, &[u8])]) -> Result<(), Error> {
    make_directory(directory, false).map_err(io_error("make", directory))?;
    for (name, contents) in files {
        let path = directory.join(name);
        durable::create(&path, contents, 0o600).map_err(io_error("write", &path))?;
    }
    durable::sync_directory(directory).map_err(io_error("flush", directory))
}

/// Whether the bundle at `place` has exactly these files.
fn same(id: &ReleaseId, place: &Path, files: &[(&str, &[u8])]) -> Result<(), Error> {
    let differs = |name: &str| Error::Differs { id: id.clone(), name: name.into() };
    let mut stored = names(place).map_err(io_error("list", place))?;
    for (name, contents) in files {
        if !stored.remove(*name) || read(id, &place.join(name), name)? != *contents {
            return Err(differs(name));
        }
    }
    stored.first().map_or(Ok(()), |name| Err(differs(name)))
}

fn read(id: &ReleaseId, path: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::NoSuchFile { id: id.clone(), name: name.into() });
        }
        Err(source) => return Err(io_error("open", path)(source)),
    };
    let bytes = file.metadata().map_err(io_error("read", path))?.len();
    check_length(id, name, bytes)?;
    let mut contents = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut contents).map_err(io_error("read", path))?;
    Ok(contents)
}

fn names(directory: &Path) -> io::Result<BTreeSet<String>> {
    fs::read_dir(directory)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn make_directory(path: &Path, recursive: bool) -> io::Result<()> {
    fs::DirBuilder::new().recursive(recursive).mode(0o700).create(path)
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { doing, path, source }
}

#[cfg(test)]
mod tests;
