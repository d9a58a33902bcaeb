//! What an image needs to know of a program in the format of Linux.

use object::LittleEndian;
use object::elf::{DT_NEEDED, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};

type Header = FileHeader64<LittleEndian>;

/// The bytes of a program or a library.
#[derive(Clone, Copy, Debug)]
pub struct Elf<'a> {
    bytes: &'a [u8],
}

/// Why a file is no program for an image.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// Not of the format.
    #[error("it is no program of Linux in 64 bits: {0}")]
    Read(#[from] object::Error),
    /// A text in it is none.
    #[error("it is no program of Linux in 64 bits: a name in it is no text")]
    Name,
}

/// Where a header says that sections lie: their offset, number and names.
const SECTIONS_OFFSET: std::ops::Range<usize> = 0x28..0x30;
const SECTIONS_NUMBER: std::ops::Range<usize> = 0x3c..0x40;

impl<'a> Elf<'a> {
    /// Takes the bytes for what they are.
    ///
    /// # Errors
    /// When they are of no program.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        let elf = Self { bytes };
        elf.header()?.program_headers(LittleEndian, bytes)?;
        Ok(elf)
    }

    fn header(self) -> Result<&'a Header, ElfError> {
        Ok(Header::parse(self.bytes)?)
    }

    /// The path of what loads its libraries; `None` of a program without any.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn interpreter(self) -> Result<Option<&'a str>, ElfError> {
        for segment in self.header()?.program_headers(LittleEndian, self.bytes)? {
            if segment.p_type(LittleEndian) == PT_INTERP {
                let path = segment.data(LittleEndian, self.bytes).map_err(|()| ElfError::Name)?;
                let path = path.strip_suffix(&[0]).unwrap_or(path);
                return std::str::from_utf8(path).map(Some).map_err(|_| ElfError::Name);
            }
        }
        Ok(None)
    }

    /// The names of the libraries that it names itself: `libc.so.6`, …
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn needed(self) -> Result<Vec<&'a str>, ElfError> {
        let (header, e) = (self.header()?, LittleEndian);
        let sections = header.sections(e, self.bytes)?;
        let Some((dynamic, link)) = sections.dynamic(e, self.bytes)? else { return Ok(Vec::new()) };
        let strings = sections.strings(e, self.bytes, link)?;
        let needed = dynamic.iter().filter(|entry| entry.tag(e) == DT_NEEDED);
        let name = |entry: &object::elf::Dyn64<LittleEndian>| {
            let name = entry.string(e, strings)?;
            std::str::from_utf8(name).map_err(|_| ElfError::Name)
        };
        needed.map(name).collect()
    }

    /// The same without what nobody loads: symbols, lines and section headers, which are five sixths
    /// of a program with the lines of its source.
    ///
    /// # Errors
    /// When its segments are not whole.
    pub fn stripped(self) -> Result<Vec<u8>, ElfError> {
        let headers = self.header()?.program_headers(LittleEndian, self.bytes)?;
        let mut end = 0;
        for segment in headers {
            let (from, length) = segment.file_range(LittleEndian);
            end = end.max(from.saturating_add(length));
        }
        let whole = usize::try_from(end).ok().and_then(|end| self.bytes.get(..end));
        let mut stripped = whole.ok_or(ElfError::Name)?.to_vec();
        for range in [SECTIONS_OFFSET, SECTIONS_NUMBER] {
            stripped.get_mut(range).ok_or(ElfError::Name)?.fill(0);
        }
        Ok(stripped)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    /// The first pages of this program: its headers, and nothing that they point to.
    fn begin() -> Vec<u8> {
        let program = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        let mut bytes = Vec::new();
        program.take(8 * 1024).read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_program_without_its_end_is_refused() {
        let bytes = begin();
        let elf = Elf::parse(&bytes).unwrap();
        assert!(elf.interpreter().unwrap().is_some_and(|path| path.contains("ld-linux")));
        assert!(elf.stripped().is_err());
        assert!(Elf::parse(&bytes[..32]).is_err());
        assert!(Elf::parse(b"#!/bin/sh\n").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_fault_of_ours(at in 0..4_096_usize, with in any::<[u8; 4]>()) {
            let mut bytes = begin();
            bytes[at..at + 4].copy_from_slice(&with);
            if let Ok(elf) = Elf::parse(&bytes) {
                let _ = (elf.interpreter(), elf.needed(), elf.stripped());
            }
        }
    }
}
