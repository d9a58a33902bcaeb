//! Segments in memory, for tests and benchmarks: nothing survives the process.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::{Access, Disk, File};

type Bytes = Arc<RwLock<Vec<u8>>>;

/// Files in memory, bounded: creating one drops the oldest (by name) while all of them together
/// hold more than the cap. A ledger that lost its first segments can be read but not opened again.
#[derive(Debug)]
pub struct MemoryDisk {
    cap_bytes: usize,
    files: Mutex<BTreeMap<String, Bytes>>,
}

impl MemoryDisk {
    /// A disk that holds about `cap_bytes`: at most that plus one segment.
    pub fn new(cap_bytes: usize) -> MemoryDisk {
        MemoryDisk { cap_bytes, files: Mutex::default() }
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk for MemoryDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files().keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut files = self.files();
        if files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut held_bytes: usize = files.values().map(|bytes| read(bytes).len()).sum();
        while held_bytes > self.cap_bytes {
            let Some((_, oldest)) = files.pop_first() else {
                break;
            };
            held_bytes -= read(&oldest).len();
        }
        let bytes = Bytes::default();
        files.insert(name.to_owned(), Arc::clone(&bytes));
        Ok(Box::new(MemoryFile(bytes)))
    }

    fn open(&self, name: &str, _access: Access) -> io::Result<Box<dyn File>> {
        match self.files().get(name) {
            Some(bytes) => Ok(Box::new(MemoryFile(Arc::clone(bytes)))),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match self.files().remove(name) {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn sync_dir(&self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryFile(Bytes);

impl File for MemoryFile {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(read(&self.0).len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        copy_out(&read(&self.0), offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        copy_in(&mut held, offset, bytes)
    }

    fn truncate(&self, length_bytes: u64) -> io::Result<()> {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        held.truncate(to_index(length_bytes)?);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}

fn read(bytes: &Bytes) -> std::sync::RwLockReadGuard<'_, Vec<u8>> {
    bytes.read().unwrap_or_else(PoisonError::into_inner)
}

/// Fills `buffer` from `held[offset..]`.
pub(super) fn copy_out(held: &[u8], offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let start = to_index(offset)?;
    let end = start.checked_add(buffer.len());
    match end.and_then(|end| held.get(start..end)) {
        Some(found) => buffer.copy_from_slice(found),
        None => return Err(io::ErrorKind::UnexpectedEof.into()),
    }
    Ok(())
}

/// Overwrites `held[offset..]` and extends it as needed; leaves no hole.
pub(super) fn copy_in(held: &mut Vec<u8>, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let start = to_index(offset)?;
    if start > held.len() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let overlap = bytes.len().min(held.len() - start);
    held[start..start + overlap].copy_from_slice(&bytes[..overlap]);
    held.extend_from_slice(&bytes[overlap..]);
    Ok(())
}

fn to_index(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}
