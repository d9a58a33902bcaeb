//! Releases leave a state directory as archives, and come into another.

use serde_json::json;
use shipworthy_contract::Contract;
use shipworthy_core::attestation::{Statement, predicate};
use shipworthy_core::signing::SigningKey;
use shipworthy_core::{Manifest, ReleaseId};
use shipworthy_store::event::RELEASE_IMPORTED;
use shipworthy_store::{Attribution, NewAttestation, NewEvent, NewRelease, Reproducibility};

use super::{Archive, ArchiveError, Error, Refusal, Shelf};
use crate::golden::{self, Golden};
use crate::statement;

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
            Error::Archive { id: name.clone(), source: Box::new(source) }
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
