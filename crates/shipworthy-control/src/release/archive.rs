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
use serde_json::json;
use shipworthy_contract::Contract;
use shipworthy_core::attestation::{self, Statement, predicate};
use shipworthy_core::signing::SigningKey;
use shipworthy_core::{Manifest, ReleaseId, canonical};
use shipworthy_store::attestation::MAX_ATTESTATIONS;
use shipworthy_store::bundles::{MAX_FILE_BYTES, MAX_FILES};
use shipworthy_store::event::RELEASE_IMPORTED;
use shipworthy_store::release::MAX_MANIFEST_BYTES;
use shipworthy_store::{Attribution, NewAttestation, NewEvent, NewRelease, Reproducibility};
use tar::{Builder, EntryType, Header};

use super::{Error, Refusal, Shelf};
use crate::golden::{self, Golden};
use crate::statement;

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
    id: ReleaseId,
    /// Why nobody could make it again, if so.
    unreproducible: Option<String>,
    manifest: String,
    /// Names and bytes of its bundle, by name.
    files: Vec<(String, Vec<u8>)>,
    /// Signed envelopes, oldest first.
    statements: Vec<String>,
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

/// A release that was taken in.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// The release.
    pub id: ReleaseId,
    /// Its project.
    pub project: String,
    /// Whether it was here already, and was left as it is.
    pub was_here: bool,
    /// What was said about it by keys that are not trusted here: left out, a line each.
    pub left_out: Vec<String>,
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
        self.checked().map_err(|source| Error::Archive { id: self.id.to_string(), source })
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

/// What is said of a release by keys that are trusted.
#[derive(Default)]
struct Trusted {
    said: Vec<NewAttestation>,
    /// To find it by.
    metrics: Vec<(String, f64)>,
    /// What other keys say, a line each.
    left_out: Vec<String>,
}

impl Trusted {
    fn is_proven(&self) -> bool {
        self.said.iter().any(|said| said.predicate_type() == predicate::PROVENANCE)
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

impl Shelf {
    /// A release with everything that belongs to it, checked, but for its reference rows.
    ///
    /// # Errors
    /// When it is not whole, or not kept here.
    pub fn export(&self, id: &ReleaseId) -> Result<Archive, Error> {
        let manifest = self.verify(id)?;
        let stored =
            self.store.release(id)?.ok_or_else(|| Error::Unknown { id: id.to_string() })?;
        let files = manifest.files();
        let files = files.map(|file| Ok((file.name.clone(), self.read(id, file)?)));
        let mut files = files.collect::<Result<Vec<_>, Error>>()?;
        files.sort();
        let said = self.statements(id)?.into_iter();
        Ok(Archive {
            id: id.clone(),
            unreproducible: match stored.reproducibility {
                Reproducibility::Reproducible => None,
                Reproducibility::Unreproducible { reason } => Some(reason),
            },
            manifest: stored.manifest,
            files,
            statements: said.map(|said| said.stored.envelope).collect(),
        })
    }

    /// Takes in a release from elsewhere, once all of it is found whole and it answers its golden
    /// rows. Its provenance must be signed by a key that is trusted here; what other keys said about
    /// it is left out. One that is here already stays as it is.
    ///
    /// # Errors
    /// When it is not whole, not trusted, does not answer, or cannot be kept.
    pub fn take(&self, archive: &Archive, by: &Attribution) -> Result<Taken, Error> {
        let manifest = archive.manifest()?;
        let trusted = self.trusted_of(archive)?;
        if !trusted.is_proven() {
            return Err(Error::refused(&archive.id, Refusal::NoProvenance));
        }
        self.take_trusted(archive, manifest, trusted, by)
    }

    /// Takes in a release that whoever starts a server gives it, as the one of an image: who may say
    /// what the server runs may say so of a release as well. Where no key that is trusted here says
    /// where it comes from, `signer` says that it was given.
    ///
    /// # Errors
    /// When it is not whole, does not answer, the signer is not trusted, or it cannot be kept.
    pub fn take_given(
        &self,
        archive: &Archive,
        signer: &SigningKey,
        by: &Attribution,
    ) -> Result<Taken, Error> {
        let manifest = archive.manifest()?;
        let mut trusted = self.trusted_of(archive)?;
        if !trusted.is_proven() {
            self.check_signer(signer)?;
            let given = statement::given(&manifest, by);
            trusted.said.push(self.sign(&archive.id, &given, signer)?);
        }
        self.take_trusted(archive, manifest, trusted, by)
    }

    fn take_trusted(
        &self,
        archive: &Archive,
        manifest: Manifest,
        Trusted { said, metrics, left_out }: Trusted,
        by: &Attribution,
    ) -> Result<Taken, Error> {
        let id = &archive.id;
        self.answers(archive, &manifest)?;
        let files = archive.files.iter().map(|(name, bytes)| (name.as_str(), &**bytes));
        self.bundles.put(id, &files.collect::<Vec<_>>())?;
        let (id, project) = (id.clone(), manifest.project);
        if self.store.release(&id)?.is_some() {
            self.store.restore_release(&id, by)?;
            return Ok(Taken { id, project, was_here: true, left_out: Vec::new() });
        }
        let reproducibility = match &archive.unreproducible {
            None => Reproducibility::Reproducible,
            Some(reason) => Reproducibility::Unreproducible { reason: reason.clone() },
        };
        // Its event tells why there are no reference rows, so it comes before the release.
        let body = json!({ "statements": said.len(), "left_out": left_out });
        self.store.record_event(&NewEvent::new(RELEASE_IMPORTED, id.as_str(), &body)?, by)?;
        let release = NewRelease::new(id.clone(), &archive.manifest, reproducibility)?;
        self.store.insert_release(&release.attested(said, metrics), by)?;
        Ok(Taken { id, project, was_here: false, left_out })
    }

    /// What keys that live here say of a release.
    fn trusted_of(&self, archive: &Archive) -> Result<Trusted, Error> {
        let keys = self.keys()?;
        let live =
            |key: &str| keys.get(key).filter(|key| key.is_live()).map(|key| key.public.clone());
        let mut trusted = Trusted::default();
        for (number, envelope) in archive.statements.iter().enumerate() {
            match Statement::verify(envelope, &archive.id, live) {
                Ok(whole) => {
                    let Statement { predicate_type: kind, predicate } = whole.statement;
                    if kind == predicate::QUALITY {
                        trusted.metrics = statement::told_metrics(&predicate);
                    }
                    trusted.said.push(NewAttestation::new(&kind, envelope.clone())?);
                }
                Err(why) => trusted.left_out.push(format!("statement {number}: {why}")),
            }
        }
        Ok(trusted)
    }

    /// That the release answers its golden rows as it did where it was made, up to rounding.
    fn answers(&self, archive: &Archive, manifest: &Manifest) -> Result<(), Error> {
        let (id, name) = (&archive.id, archive.id.to_string());
        let contract = archive.file(&manifest.contract.name);
        let contract: Contract = serde_json::from_slice(contract).map_err(|source| {
            let source = ArchiveError::Unreadable { what: "contract", source };
            Error::Archive { id: name.clone(), source }
        })?;
        let release =
            self.assemble(id, manifest.clone(), contract, archive.file(&manifest.model.name))?;
        let Some(files) = &manifest.golden else { return Ok(()) };
        let file = |name: &str| archive.file(name).to_vec();
        let kept = Golden { input: file(&files.input.name), output: file(&files.output.name) };
        match kept.replay(&release) {
            Ok(()) | Err(golden::Error::Differs { is_rounding: true, .. }) => Ok(()),
            Err(source) => Err(Error::Golden { id: name, source }),
        }
    }
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
