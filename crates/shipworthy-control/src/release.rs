//! Releases: made from a training or a model file, kept in a bundle, loaded into memory.

mod archive;
mod error;
mod names;
mod retention;
mod statements;
mod taking;

use std::sync::Arc;

use shipworthy_contract::Contract;
use shipworthy_core::signing::{PublicKey, SigningKey};
use shipworthy_core::{Entropy, FileDigest, Manifest, ReleaseId, canonical};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Attribution, Bundles, EndpointName, NewRelease, Reproducibility, Store};

use crate::Commit;
use crate::golden::{self, Golden};
use crate::models::Models;
use crate::reference::ReferenceRows;
use crate::statement::{self, Circumstances};
use crate::train::Trained;
pub use archive::{Archive, ArchiveError};
pub use error::Error;
pub(crate) use names::MIN_DIGITS;
pub use retention::named_in;
pub use statements::Refusal;
pub use taking::Taken;

/// The contract in a bundle.
pub const CONTRACT_FILE: &str = "contract.json";

/// Where releases are kept.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// What is known about them.
    pub store: Arc<dyn Store>,
    /// Their files.
    pub bundles: Arc<Bundles>,
    /// What loads their models.
    pub models: Arc<dyn Models>,
    /// Keys from elsewhere: where they are given, no other key counts, whatever the store says.
    pub trusted: Option<Arc<[PublicKey]>>,
}

/// A trained model that is to be a release.
pub struct Made<'a> {
    /// The project's name.
    pub project: &'a str,
    /// The model.
    pub trained: &'a Trained,
    /// What it follows from.
    pub commit: &'a Commit,
    /// How it was made.
    pub circumstances: &'a Circumstances,
}

/// What a release is kept with.
pub struct Keeping<'a> {
    /// Who signs what is said about it.
    pub signer: &'a SigningKey,
    /// Salts.
    pub entropy: &'a dyn Entropy,
    /// Who keeps it, and why.
    pub by: &'a Attribution,
}

impl Shelf {
    /// Keeps a trained model as a release: its files first, then the record that names them
    /// together with what is said about it, so that a release that is known is whole. One that is
    /// kept already stays as it is.
    ///
    /// # Errors
    /// When the key is not trusted, or the bundle or the record cannot be written.
    pub fn keep(&self, made: &Made<'_>, keeping: &Keeping<'_>) -> Result<ReleaseId, Error> {
        let Made { project, trained, commit, circumstances } = made;
        let contract = serde_json::to_vec_pretty(&trained.contract)?;
        let manifest = trained.manifest(project, commit.id(), &contract);
        let (text, id) = manifest.seal()?;
        self.check_signer(keeping.signer)?;
        let files = [
            (trained.model_file.as_str(), trained.model.as_slice()),
            (CONTRACT_FILE, &contract),
            (golden::INPUT_FILE, &trained.golden.input),
            (golden::OUTPUT_FILE, &trained.golden.output),
        ];
        self.bundles.put(&id, &files)?;
        if self.store.release(&id)?.is_some() {
            // It may have been pruned, and its files are there again.
            self.store.restore_release(&id, keeping.by)?;
            let said = self.statements(&id)?;
            statements::require_provenance(&manifest, &said)
                .map_err(|why| Error::refused(&id, why))?;
            return Ok(id);
        }
        let reference = ReferenceRows::new(&trained.reference, keeping.entropy);
        let mut said = vec![statement::provenance(&manifest, circumstances)];
        if let Some(report) = &trained.report {
            said.push(statement::quality(report)?);
        }
        if !trained.reference.is_empty() {
            self.bundles.attachments().put(&id, &reference.write())?;
            said.push(statement::reference_rows(&reference));
        }
        let said = said.iter().map(|statement| self.sign(&id, statement, keeping.signer));
        let said = said.collect::<Result<_, _>>()?;
        let reproducibility = match commit {
            Commit::Clean(_) => Reproducibility::Reproducible,
            Commit::None { reason } => Reproducibility::Unreproducible { reason: reason.clone() },
        };
        let release = NewRelease::new(id.clone(), &text, reproducibility)?
            .attested(said, trained.report.as_ref().map_or_else(Vec::new, statement::metrics));
        self.store.insert_release(&release, keeping.by)?;
        Ok(id)
    }

    /// Makes a release the one that callers of an endpoint get from the next start on.
    ///
    /// # Errors
    /// When the release is not kept here, or the record cannot be written.
    pub fn set_stable(
        &self,
        endpoint: &str,
        id: &ReleaseId,
        attribution: &Attribution,
    ) -> Result<(), Error> {
        self.store.set_stable(&EndpointName::parse(endpoint)?, id, attribution)?;
        Ok(())
    }

    /// Loads a release; every byte is checked against the digests that its name stands for, and
    /// every signature of what is said about it.
    ///
    /// # Errors
    /// When it is not kept here, was changed, or cannot answer.
    pub fn load(&self, id: &ReleaseId) -> Result<LoadedRelease, Error> {
        self.require_files(id)?;
        let name = id.to_string();
        let unreadable = |what| {
            let id = name.clone();
            move |source| Error::Unreadable { what, id, source }
        };
        let manifest = self.manifest(id)?;
        let said = self.statements(id)?;
        statements::require_provenance(&manifest, &said).map_err(|why| Error::refused(id, why))?;
        if let Some(golden) = &manifest.golden {
            self.read(id, &golden.input)?;
            self.read(id, &golden.output)?;
        }
        let contract = self.read(id, &manifest.contract)?;
        let contract: Contract =
            serde_json::from_slice(&contract).map_err(unreadable("the contract"))?;
        let model = self.read(id, &manifest.model)?;
        self.assemble(id, manifest, contract, &model)
    }

    fn assemble(
        &self,
        id: &ReleaseId,
        manifest: Manifest,
        contract: Contract,
        model: &[u8],
    ) -> Result<LoadedRelease, Error> {
        let model = self.models.load(model);
        let model = model.map_err(|source| Error::Model { id: id.to_string(), source })?;
        let Manifest { commit, output, .. } = manifest;
        LoadedRelease::new(id.clone(), commit, output, contract, model)
            .map_err(|source| Error::Load { id: id.to_string(), source })
    }

    /// Checks a release whole: its manifest, every file of its bundle, that there is no other
    /// file, what is said about it, its reference rows, and that it answers its golden rows as it
    /// did, bit for bit.
    ///
    /// # Errors
    /// With what is wrong, the file named.
    pub fn verify(&self, id: &ReleaseId) -> Result<Manifest, Error> {
        self.require_files(id)?;
        let manifest = self.manifest(id)?;
        let names = self.bundles.file_names(id)?;
        let is_known = |name: &String| manifest.files().any(|file| file.name == *name);
        if let Some(name) = names.into_iter().find(|name| !is_known(name)) {
            return Err(Error::Stray { id: id.to_string(), name });
        }
        let release = self.load(id)?;
        let differs = |source| Error::Golden { id: id.to_string(), source };
        self.replay(&manifest, &release)?.map_err(differs)?;
        self.check_reference_rows(id)?;
        Ok(manifest)
    }

    /// Loads a release to serve it: it must answer its golden rows as it did when it was made, for
    /// what runs it may be another library or processor than then. Where answers differ by no more
    /// than [`golden::ROUNDING`] they are served, and it is said how.
    ///
    /// # Errors
    /// As [`Self::load`], and when it answers otherwise.
    pub fn load_to_serve(
        &self,
        id: &ReleaseId,
    ) -> Result<(LoadedRelease, Option<golden::Error>), Error> {
        let release = self.load(id)?;
        match self.replay(&self.manifest(id)?, &release)? {
            Ok(()) => Ok((release, None)),
            Err(rounding @ golden::Error::Differs { is_rounding: true, .. }) => {
                Ok((release, Some(rounding)))
            }
            Err(source) => Err(Error::Golden { id: id.to_string(), source }),
        }
    }

    fn replay(
        &self,
        manifest: &Manifest,
        release: &LoadedRelease,
    ) -> Result<Result<(), golden::Error>, Error> {
        let Some(files) = &manifest.golden else { return Ok(Ok(())) };
        let id = release.id();
        let (input, output) = (self.read(id, &files.input)?, self.read(id, &files.output)?);
        Ok(Golden { input, output }.replay(release))
    }

    /// The ids of all releases, newest first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn ids(&self) -> Result<Vec<ReleaseId>, Error> {
        let mut ids: Vec<ReleaseId> = Vec::new();
        loop {
            let page = self.store.latest_releases(ids.last(), MAX_PAGE_ROWS)?;
            if page.is_empty() {
                return Ok(ids);
            }
            ids.extend(page.into_iter().map(|release| release.id));
        }
    }

    fn read(&self, id: &ReleaseId, file: &FileDigest) -> Result<Vec<u8>, Error> {
        Ok(self.bundles.read_verified(id, &file.name, &file.sha256)?)
    }

    /// The manifest of a release, checked against its name.
    ///
    /// # Errors
    /// When the release is not kept here, or was changed.
    pub fn manifest(&self, id: &ReleaseId) -> Result<Manifest, Error> {
        let release = self.store.release(id)?;
        let release = release.ok_or_else(|| Error::Unknown { id: id.to_string() })?;
        let found = canonical::sha256_hex(release.manifest.as_bytes());
        if found != id.hex() {
            return Err(Error::Tampered { id: id.to_string(), found });
        }
        let unreadable =
            |source| Error::Unreadable { what: "the manifest", id: id.to_string(), source };
        serde_json::from_str(&release.manifest).map_err(unreadable)
    }
}

#[cfg(test)]
mod rounding;
