//! A release as one file, to be carried to another server: a tar archive of its manifest, the files
//! of its bundle and what is said about it. The same release with the same statements is the same
//! file, byte for byte: the order is fixed, and no entry has an owner or a time.
//!
//! Reference rows stay behind: where they are kept they can be erased, and a file that went to
//! others cannot.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use shipworthy_core::attestation;
use shipworthy_core::{Manifest, ReleaseId, canonical};
use shipworthy_store::attestation::MAX_ATTESTATIONS;
use shipworthy_store::bundles::{MAX_FILE_BYTES, MAX_FILES};
use shipworthy_store::release::MAX_MANIFEST_BYTES;
use tar::{Builder, EntryType, Header};

use super::Error;

/// The layout of an archive.
const FORMAT: u32 = 1;
const HEAD: &str = "release.json";
const MANIFEST: &str = "manifest.json";
const FILES: &str = "files/";
const STATEMENTS: &str = "statements/";
/// The head: a number, an id and a reason.
const MAX_HEAD_BYTES: u64 = 16 * 1024;

/// A release outside of a state directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Archive {
    pub(super) id: ReleaseId,
    /// Why nobody could make it again, if so.
    pub(super) unreproducible: Option<String>,
    pub(super) manifest: String,
    /// Names and bytes of its bundle, by name.
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// Signed envelopes, oldest first.
    pub(super) statements: Vec<String>,
}

/// What stands first in an archive.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: u32,
    release: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreproducible: Option<String>,
}

/// Why a file is no archive of a release.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read, or is no tar archive.
    #[error("it cannot be read as a tar archive")]
    Read(#[from] io::Error),
    /// Another kind of archive.
    #[error("its first entry is not `release.json`: `shipworthy release export` writes such files")]
    NoHead,
    /// The head is not what it should be.
    #[error("its release.json cannot be read")]
    Head(#[source] serde_json::Error),
    /// Written by a later version.
    #[error("it has the format {found}, and this version reads {FORMAT}: take a newer shipworthy")]
    Format {
        /// Its number.
        found: u32,
    },
    /// The name of the release is none.
    #[error("its release.json names no release: `{found}`")]
    Id {
        /// What it says.
        found: String,
    },
    /// An entry that none should have.
    #[error("its entry `{name}` {why}")]
    Entry {
        /// The name, as it can be shown.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The manifest is not the one that the release is named by.
    #[error("its manifest has the digest {found}, and the release is named {id}")]
    Manifest {
        /// The release.
        id: String,
        /// The digest.
        found: String,
    },
    /// The manifest or the contract cannot be read.
    #[error("its {what} cannot be read")]
    Unreadable {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A file is not the one that the manifest names.
    #[error("its file `{name}` is not the one of the release: {why}")]
    File {
        /// The file.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl Archive {
    /// The release.
    #[must_use]
    pub const fn id(&self) -> &ReleaseId {
        &self.id
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut archive = Builder::new(out);
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = Header::new_ustar();
            header.set_entry_type(EntryType::Regular);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            archive.append_data(&mut header, name, bytes)
        };
        let head = Head {
            format: FORMAT,
            release: self.id.to_string(),
            unreproducible: self.unreproducible.clone(),
        };
        add(HEAD, &serde_json::to_vec(&head)?)?;
        add(MANIFEST, self.manifest.as_bytes())?;
        for (name, bytes) in &self.files {
            add(&format!("{FILES}{name}"), bytes)?;
        }
        for (number, envelope) in self.statements.iter().enumerate() {
            add(&format!("{STATEMENTS}{number:03}.json"), envelope.as_bytes())?;
        }
        archive.into_inner()?.flush()
    }

    /// Reads one. Every size and number is bounded before anything is held.
    ///
    /// # Errors
    /// [`ArchiveError`], when it is none.
    pub fn read(input: impl Read) -> Result<Self, ArchiveError> {
        let mut archive = tar::Archive::new(input);
        let mut entries = archive.entries()?;
        let head = entries.next().ok_or(ArchiveError::NoHead)??;
        let head = entry(head).map_err(|_| ArchiveError::NoHead)?;
        let (HEAD, bytes) = (head.0.as_str(), head.1) else { return Err(ArchiveError::NoHead) };
        let mut read = Self::headed(&bytes)?;
        for next in entries {
            let (name, bytes) = entry(next?)?;
            read.add(name, bytes)?;
        }
        Ok(read)
    }

    fn headed(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let head: Head = serde_json::from_slice(bytes).map_err(ArchiveError::Head)?;
        if head.format != FORMAT {
            return Err(ArchiveError::Format { found: head.format });
        }
        let id = ReleaseId::from_str(&head.release);
        Ok(Self {
            id: id.map_err(|_| ArchiveError::Id { found: head.release })?,
            unreproducible: head.unreproducible,
            manifest: String::new(),
            files: Vec::new(),
            statements: Vec::new(),
        })
    }

    fn add(&mut self, name: String, bytes: Vec<u8>) -> Result<(), ArchiveError> {
        let text = |bytes| {
            let why = "is no text";
            String::from_utf8(bytes).map_err(|_| ArchiveError::Entry { name: name.clone(), why })
        };
        let refused = |why| Err(ArchiveError::Entry { name: name.clone(), why });
        if name == MANIFEST && self.manifest.is_empty() {
            self.manifest = text(bytes)?;
        } else if let Some(file) = name.strip_prefix(FILES) {
            if self.files.len() == MAX_FILES {
                return refused("is one too many");
            }
            self.files.push((file.to_owned(), bytes));
        } else if name.starts_with(STATEMENTS) {
            if self.statements.len() == MAX_ATTESTATIONS {
                return refused("is one too many");
            }
            self.statements.push(text(bytes)?);
        } else {
            return refused("has no place in an archive of a release");
        }
        Ok(())
    }

    /// The same without what is said about the release: nothing then depends on who signed it, and
    /// when.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.statements.clear();
        self
    }

    /// Signed envelopes about the release, oldest first.
    #[must_use]
    pub fn statements(&self) -> &[String] {
        &self.statements
    }

    /// The manifest, if it and the files are what the release is named by.
    ///
    /// # Errors
    /// [`Error::Archive`], when one of them is another.
    pub fn manifest(&self) -> Result<Manifest, Error> {
        self.checked()
            .map_err(|source| Error::Archive { id: self.id.to_string(), source: Box::new(source) })
    }

    /// The same, for who knows which archive it is.
    ///
    /// # Errors
    /// [`ArchiveError`], when one of them is not.
    pub fn checked(&self) -> Result<Manifest, ArchiveError> {
        let found = canonical::sha256_hex(self.manifest.as_bytes());
        if found != self.id.hex() {
            return Err(ArchiveError::Manifest { id: self.id.to_string(), found });
        }
        let manifest: Manifest = serde_json::from_str(&self.manifest)
            .map_err(|source| ArchiveError::Unreadable { what: "manifest", source })?;
        let wrong = |name: &str, why| ArchiveError::File { name: name.to_owned(), why };
        let mut names = BTreeSet::new();
        for file in manifest.files() {
            let found = self.files.iter().find(|(name, _)| *name == file.name);
            let (_, bytes) = found.ok_or_else(|| wrong(&file.name, "it is not there"))?;
            if canonical::sha256_hex(bytes) != file.sha256 {
                return Err(wrong(&file.name, "its digest is another"));
            }
            names.insert(file.name.as_str());
        }
        if let Some((name, _)) = self.files.iter().find(|(name, _)| !names.contains(&**name)) {
            return Err(wrong(name, "the manifest does not name it"));
        }
        if self.files.len() != names.len() {
            return Err(wrong("", "one of them is there twice"));
        }
        Ok(manifest)
    }

    /// A file of the bundle by its name; nothing where there is none.
    #[must_use]
    pub fn file(&self, name: &str) -> &[u8] {
        self.files.iter().find(|(other, _)| other == name).map_or(&[], |(_, bytes)| bytes)
    }
}

/// Name and bytes of an entry, which must be a plain file of a bounded length.
fn entry(mut entry: tar::Entry<'_, impl Read>) -> Result<(String, Vec<u8>), ArchiveError> {
    let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let refused = |why| Err(ArchiveError::Entry { name: name.clone(), why });
    if entry.header().entry_type() != EntryType::Regular {
        return refused("is no plain file");
    }
    let most = match name.as_str() {
        HEAD => MAX_HEAD_BYTES,
        MANIFEST => MAX_MANIFEST_BYTES as u64,
        name if name.starts_with(STATEMENTS) => attestation::MAX_ENVELOPE_BYTES as u64,
        _ => MAX_FILE_BYTES,
    };
    if entry.size() > most {
        return refused("is too long");
    }
    // What the header promises is not made room for before it is there.
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    Ok((name, bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Archive {
        let owned = |(name, bytes): &(&str, &[u8])| ((*name).to_owned(), bytes.to_vec());
        Archive {
            id: ReleaseId::from_sha256(&[7; 32]),
            unreproducible: Some("a test".to_owned()),
            manifest: "{}".to_owned(),
            files: files.iter().map(owned).collect(),
            statements: vec!["one".to_owned(), "two".to_owned()],
        }
    }

    fn written(archive: &Archive) -> Vec<u8> {
        let mut bytes = Vec::new();
        archive.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_written_reads_back_and_is_written_the_same() {
        let one = archive(&[("contract.json", b"{}"), ("model.json", &[0, 255])]);
        let bytes = written(&one);
        let read = Archive::read(&*bytes).unwrap();
        assert_eq!(read, one);
        assert_eq!(written(&read), bytes);
    }

    #[test]
    fn an_entry_that_has_no_place_is_refused_by_name() {
        let check = |name: &str, kind: EntryType, told: &str| {
            let mut builder = Builder::new(written(&archive(&[])));
            // Two empty blocks end an archive.
            let end = builder.get_ref().len() - 1024;
            builder.get_mut().truncate(end);
            let mut header = Header::new_ustar();
            header.set_entry_type(kind);
            header.set_size(0);
            builder.append_data(&mut header, name, io::empty()).unwrap();
            let error = Archive::read(&*builder.into_inner().unwrap()).unwrap_err();
            assert_eq!(error.to_string(), told);
        };
        let place = "has no place in an archive of a release";
        check("etc/passwd", EntryType::Regular, &format!("its entry `etc/passwd` {place}"));
        check("manifest.json", EntryType::Regular, &format!("its entry `manifest.json` {place}"));
        check("files/a", EntryType::Symlink, "its entry `files/a` is no plain file");
    }

    #[test]
    fn another_file_is_no_archive() {
        let check = |bytes: &[u8], told: &str| {
            assert_eq!(Archive::read(bytes).unwrap_err().to_string(), told);
        };
        let no_head =
            "its first entry is not `release.json`: `shipworthy release export` writes such files";
        check(b"", no_head);
        check(&[1; 2048], "it cannot be read as a tar archive");
        let mut builder = Builder::new(Vec::new());
        let mut header = Header::new_ustar();
        header.set_size(0);
        builder.append_data(&mut header, "readme", io::empty()).unwrap();
        check(&builder.into_inner().unwrap(), no_head);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(at in 0_usize..5_000, byte: u8, cut in 0_usize..5_000) {
            let mut bytes = written(&archive(&[("model.json", b"0123456789")]));
            let length = bytes.len();
            bytes[at % length] = byte;
            bytes.truncate(cut.min(length));
            if let Ok(read) = Archive::read(&*bytes) {
                let _ = read.checked();
            }
        }
    }
}
