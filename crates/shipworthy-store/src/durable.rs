//! Files that are whole after a crash, or not there.
//!
//! A file is written under a temporary name, flushed, renamed, and the rename
//! is flushed with its directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// What is being written, or was when the process was killed.
pub(crate) const TEMPORARY_EXTENSION: &str = "tmp";

/// Makes or replaces the file at `path`. `mode` is set when the file is made, so
/// there is no moment at which others may read it.
pub(crate) fn replace(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let temporary = path.with_added_extension(TEMPORARY_EXTENSION);
    remove_if_there(&temporary)?;
    create(&temporary, contents, mode)?;
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

/// Makes a file that is not there yet, and flushes it (but not its directory).
pub(crate) fn create(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

/// Makes a directory that only the owner may look into, and those above it.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Removes a file, if there is one.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The contents of a file, if there is one.
pub(crate) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(contents) => Ok(Some(contents)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Flushes which names a directory holds.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_directory)
}
