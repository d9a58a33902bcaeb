//! The file port: the few operations that the ledger needs of a disk, and what each promises.
//!
//! What must hold for every implementation: bytes written to a file are durable only after
//! [`File::sync_data`] on it returned `Ok`, and a created or removed name only after
//! [`Disk::sync_dir`] did. Until then a loss of power may keep any part. The ledger never depends
//! on more.

use std::{fmt, io};

mod memory;
mod real;
mod simulated;

pub use memory::MemoryDisk;
pub use real::RealDisk;
pub use simulated::{Fault, SimulatedDisk};

/// A flat directory of files.
pub trait Disk: fmt::Debug + Send + Sync {
    /// The names of all files, in any order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Creates an empty file, open for writing.
    ///
    /// # Errors
    /// When it exists already or cannot be created.
    fn create(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// Opens an existing file.
    ///
    /// # Errors
    /// When it does not exist or may not be opened so.
    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn File>>;

    /// Removes a file; those who have it open may go on reading it.
    ///
    /// # Errors
    /// When it does not exist or may not be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes creations and removals durable.
    ///
    /// # Errors
    /// When the disk says that it could not; what is durable is then unknown.
    fn sync_dir(&self) -> io::Result<()>;
}

/// How a file is opened: a reader must work without the right to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading only.
    Read,
    /// Reading and writing.
    Write,
}

/// One open file.
pub trait File: fmt::Debug + Send + Sync {
    /// Its length in bytes.
    ///
    /// # Errors
    /// When the disk cannot say.
    fn size_bytes(&self) -> io::Result<u64>;

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// When they cannot be read, or the file ends before (`UnexpectedEof`).
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`, which is at most the file's length.
    ///
    /// # Errors
    /// When not all could be written; a part may have been.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Shortens the file to `length_bytes`.
    ///
    /// # Errors
    /// When the disk refuses.
    fn truncate(&self, length_bytes: u64) -> io::Result<()>;

    /// Makes the file's bytes and length durable.
    ///
    /// # Errors
    /// When the disk says that it could not; what is durable is then unknown, and asking again
    /// proves nothing (the kernel may have dropped the bytes and forgotten about them).
    fn sync_data(&self) -> io::Result<()>;

    /// Says that the bytes before `offset`, durable all of them, will hardly be read soon and need
    /// not take up memory. They are read as before, if more slowly.
    fn forget(&self, _offset: u64) {}
}
