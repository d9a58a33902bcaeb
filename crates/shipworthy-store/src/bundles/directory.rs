//! What a local directory needs beside what is said to an object store: its rights, the flushing of
//! names that go, and what `object_store` does not show (its own half-written files end in `#` and
//! a number, and directories are nothing to it).

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use object_store::{ObjectStore, local::LocalFileSystem, prefix::PrefixStore};

use super::{UNFINISHED, error::Error};
use crate::durable;

/// Only the owner may read.
const FILE_MODE: u32 = 0o600;

/// Directories of this name were left half-written by builds before object stores.
const OLD_TEMPORARY_PREFIX: &str = ".tmp-";

/// The directory of the bundles.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) root: PathBuf,
}

impl Directory {
    /// Makes the directory, and removes what a crash left that is no object.
    pub(super) fn open(&self) -> Result<(), Error> {
        let root = &self.root;
        durable::make_directory(root).map_err(io_error("make", root))?;
        self.sweep()?;
        let above = root.parent().unwrap_or(root);
        durable::sync_directory(above).map_err(io_error("flush", above))
    }

    /// The directory as an object store that flushes what it writes. It need not be there, but the
    /// one above it must.
    pub(super) fn as_store(&self) -> object_store::Result<Arc<dyn ObjectStore>> {
        let above = self.root.parent().unwrap_or(&self.root);
        let above = LocalFileSystem::new_with_prefix(above)?.with_fsync(true);
        let name = self.root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Arc::new(PrefixStore::new(above, name)))
    }

    /// Makes the directory of a bundle before the object store does, which would let others look.
    pub(super) fn make(&self, prefix: &str) -> Result<(), Error> {
        let path = self.root.join(prefix);
        durable::make_directory(&path).map_err(io_error("make", &path))
    }

    /// Takes away the rights that the object store gave to others; behind the directory's they
    /// could not be used.
    pub(super) fn keep_private(&self, prefix: &str) -> Result<(), Error> {
        let path = self.root.join(prefix);
        for path in paths(&path)? {
            let private = fs::set_permissions(&path, Permissions::from_mode(FILE_MODE));
            private.map_err(io_error("keep others from", &path))?;
        }
        Ok(())
    }

    /// Removes the directory of a bundle, with everything that is in it.
    pub(super) fn clear(&self, prefix: &str) -> Result<(), Error> {
        remove(&self.root.join(prefix))?;
        self.flush()
    }

    /// Flushes which names the directory holds.
    pub(super) fn flush(&self) -> Result<(), Error> {
        durable::sync_directory(&self.root).map_err(io_error("flush", &self.root))
    }

    fn sweep(&self) -> Result<(), Error> {
        for path in paths(&self.root)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let half_written =
                name.strip_prefix(UNFINISHED).is_some_and(|end| end.starts_with('#'));
            if half_written {
                durable::remove_if_there(&path).map_err(io_error("remove", &path))?;
            } else if name.starts_with(OLD_TEMPORARY_PREFIX) {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { doing, path, source }
}

fn paths(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(directory);
    let paths = entries.and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    paths.map_err(io_error("list", directory))
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            fs::remove_file(path).map_err(io_error("remove", path))
        }
        removed => removed.map_err(io_error("remove", path)),
    }
}
