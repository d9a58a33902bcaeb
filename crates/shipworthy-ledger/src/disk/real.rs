//! A directory of the operating system.

use std::fs::{self, OpenOptions};
use std::io;
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Access, Disk, File};

/// A directory of the operating system. Its owner holds the lock that keeps other writers out.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
}

impl RealDisk {
    /// Uses `directory`, which is created if it is missing (and its name made durable).
    ///
    /// # Errors
    /// When it can neither be found nor created.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<RealDisk> {
        let directory = directory.into();
        if !directory.is_dir() {
            create_durably(&directory)?;
        }
        Ok(RealDisk { directory })
    }
}

/// Creates a directory and those above it, and syncs each parent, so that a loss of power cannot
/// take the directory away under segments that were acknowledged.
fn create_durably(directory: &Path) -> io::Result<()> {
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !parent.is_dir() {
        create_durably(parent)?;
    }
    // Only the owner may look: decisions are people's data.
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::File::open(parent)?.sync_all()
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.directory.join(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn File>> {
        let file = OpenOptions::new()
            .read(true)
            .write(access == Access::Write)
            .open(self.directory.join(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.directory.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        fs::File::open(&self.directory)?.sync_all()
    }
}

#[derive(Debug)]
struct RealFile(fs::File);

impl File for RealFile {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn truncate(&self, length_bytes: u64) -> io::Result<()> {
        self.0.set_len(length_bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    #[cfg(target_os = "linux")]
    fn forget(&self, offset: u64) {
        use rustix::fs::{Advice, fadvise};
        if let Some(length) = NonZeroU64::new(offset) {
            // No more than advice: what the kernel makes of it changes no byte.
            let _ = fadvise(&self.0, 0, Some(length), Advice::DontNeed);
        }
    }
}
