//! A file for what a validation has no room for in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use shipworthy_contract::expectations::Scratch;

/// More than this is not put aside: some 1.4 thousand million values.
const MAX_BYTES: u64 = 32 << 30;

/// A file without a name, which nobody else can open and which is gone with the process, however that
/// ends. It is made when something is first written.
#[derive(Debug)]
pub(super) struct ScratchFile {
    directory: PathBuf,
    file: Option<File>,
    length: u64,
    most: u64,
}

impl ScratchFile {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, file: None, length: 0, most: MAX_BYTES }
    }
}

impl Scratch for ScratchFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let (at, length) = (self.length, self.length + bytes.len() as u64);
        if length > self.most {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.directory)?),
        };
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        self.length = length;
        Ok(at)
    }

    fn read(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_no_file_is_seen() {
        let place = tempfile::tempdir().unwrap();
        let mut scratch = ScratchFile::new(place.path().to_owned());
        assert_eq!(scratch.append(b"first").unwrap(), 0);
        assert_eq!(scratch.append(b"second").unwrap(), 5);
        let mut read = [0; 6];
        scratch.read(5, &mut read).unwrap();
        assert_eq!(&read, b"second");
        assert_eq!(scratch.append(b"third").unwrap(), 11);
        assert!(scratch.read(12, &mut read).is_err());
        assert_eq!(place.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn it_is_bounded_and_needs_its_directory() {
        let place = tempfile::tempdir().unwrap();
        let mut scratch = ScratchFile { most: 4, ..ScratchFile::new(place.path().to_owned()) };
        assert_eq!(scratch.append(b"four").unwrap(), 0);
        assert_eq!(scratch.append(b"5").unwrap_err().kind(), io::ErrorKind::StorageFull);
        let mut nowhere = ScratchFile::new(place.path().join("absent"));
        assert!(nowhere.append(b"four").is_err());
    }
}
