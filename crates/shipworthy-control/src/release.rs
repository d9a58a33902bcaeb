//! Releases: made from a training, kept in a bundle, loaded into memory.

use std::sync::Arc;

use shipworthy_contract::Contract;
use shipworthy_core::{FileDigest, Manifest, ReleaseId};
use shipworthy_models::{ModelFile, Options};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_store::{
    Attribution, Bundles, Endpoint, EndpointName, NewRelease, Release, Reproducibility, Store,
    bundles, endpoint, release, store,
};

use crate::Commit;
use crate::golden::{self, Golden};
use crate::train::Trained;

/// The model in a bundle.
pub const MODEL_FILE: &str = "model.json";

/// The contract in a bundle.
pub const CONTRACT_FILE: &str = "contract.json";

/// Fewer digits of a name are more likely a slip than a name.
const MIN_DIGITS: usize = 6;

/// Why a release cannot be kept or loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such release.
    #[error("there is no release {id} in this state directory")]
    Unknown {
        /// The release.
        id: String,
    },
    /// Not what its name says.
    #[error("the manifest of release {id} was changed: its digest is {found}")]
    Tampered {
        /// The release.
        id: String,
        /// The name that the manifest has now.
        found: String,
    },
    /// A manifest or contract that cannot be read.
    #[error("{what} of release {id} cannot be read")]
    Unreadable {
        /// Which one.
        what: &'static str,
        /// The release.
        id: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A model that cannot be read.
    #[error("the model of release {id} cannot be read")]
    Model {
        /// The release.
        id: String,
        /// Why.
        #[source]
        source: shipworthy_models::format::Error,
    },
    /// A release that cannot answer.
    #[error("release {id} cannot answer")]
    Load {
        /// The release.
        id: String,
        /// Why.
        #[source]
        source: shipworthy_serving::release::Error,
    },
    /// It does not answer as it did.
    #[error("release {id} does not answer as it did when it was made")]
    Golden {
        /// The release.
        id: String,
        /// How it answers.
        #[source]
        source: golden::Error,
    },
    /// A file that is none of the release's.
    #[error("the bundle of release {id} has a file `{name}`, which its manifest does not know")]
    Stray {
        /// The release.
        id: String,
        /// The file.
        name: String,
    },
    /// Too little of a name.
    #[error("{found} releases have names that start with `{text}`: give more of the name")]
    Ambiguous {
        /// What was given.
        text: String,
        /// How many.
        found: usize,
    },
    /// No name at all.
    #[error(
        "`{text}` names no release here: give its id, at least six digits of it, or ENDPOINT@stable \
         (@candidate, @previous); `shipworthy release list` lists the releases"
    )]
    NoName {
        /// What was given.
        text: String,
    },
    /// The manifest has no JSON form.
    #[error("the manifest cannot be written")]
    Write(#[from] serde_json::Error),
    /// The bundle directory.
    #[error("the bundle of the release")]
    Bundle(#[from] bundles::Error),
    /// The store.
    #[error("the state of the release")]
    Store(#[from] store::Error),
    /// The store refuses it as a release.
    #[error("the release is refused")]
    Refused(#[from] release::Error),
    /// The store refuses the endpoint's name.
    #[error("the endpoint is refused")]
    Endpoint(#[from] endpoint::Error),
}

/// Where releases are kept.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// What is known about them.
    pub store: Arc<dyn Store>,
    /// Their files.
    pub bundles: Arc<Bundles>,
}

impl Shelf {
    /// Keeps a trained model as a release: its files first, then the record that names them, so
    /// that a release that is known is whole.
    ///
    /// # Errors
    /// When the bundle or the record cannot be written.
    pub fn keep(
        &self,
        project: &str,
        trained: &Trained,
        commit: &Commit,
        attribution: &Attribution,
    ) -> Result<ReleaseId, Error> {
        let contract = serde_json::to_vec_pretty(&trained.contract)?;
        let (manifest, id) = trained.manifest(project, commit.id(), &contract).seal()?;
        let files = [
            (MODEL_FILE, trained.model.as_slice()),
            (CONTRACT_FILE, &contract),
            (golden::INPUT_FILE, &trained.golden.input),
            (golden::OUTPUT_FILE, &trained.golden.output),
        ];
        self.bundles.put(&id, &files)?;
        let reproducibility = match commit {
            Commit::Clean(_) => Reproducibility::Reproducible,
            Commit::None { reason } => Reproducibility::Unreproducible { reason: reason.clone() },
        };
        let release = NewRelease::new(id.clone(), &manifest, reproducibility)?;
        self.store.insert_release(&release, attribution)?;
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

    /// Loads a release; every byte is checked against the digests that its name stands for.
    ///
    /// # Errors
    /// When it is not kept here, was changed, or cannot answer.
    pub fn load(&self, id: &ReleaseId) -> Result<LoadedRelease, Error> {
        let name = id.to_string();
        let unreadable = |what| {
            let id = name.clone();
            move |source| Error::Unreadable { what, id, source }
        };
        let manifest = self.manifest(id)?;
        if let Some(golden) = &manifest.golden {
            self.read(id, &golden.input)?;
            self.read(id, &golden.output)?;
        }
        let contract = self.read(id, &manifest.contract)?;
        let contract: Contract =
            serde_json::from_slice(&contract).map_err(unreadable("the contract"))?;
        let model = self.read(id, &manifest.model)?;
        let model = ModelFile::load(&model, &Options::default())
            .map_err(|source| Error::Model { id: name.clone(), source })?;
        let Manifest { commit, output, .. } = manifest;
        LoadedRelease::new(id.clone(), commit, output, contract, &model)
            .map_err(|source| Error::Load { id: name, source })
    }

    /// Checks a release whole: its manifest, every file of its bundle, that there is no other
    /// file, and that it answers its golden rows as it did, bit for bit.
    ///
    /// # Errors
    /// With what is wrong, the file named.
    pub fn verify(&self, id: &ReleaseId) -> Result<Manifest, Error> {
        let manifest = self.manifest(id)?;
        let names = self.bundles.file_names(id)?;
        let is_known = |name: &String| manifest.files().any(|file| file.name == *name);
        if let Some(name) = names.into_iter().find(|name| !is_known(name)) {
            return Err(Error::Stray { id: id.to_string(), name });
        }
        let release = self.load(id)?;
        if let Some(files) = &manifest.golden {
            let (input, output) = (self.read(id, &files.input)?, self.read(id, &files.output)?);
            let golden = Golden { input, output };
            let differs = |source| Error::Golden { id: id.to_string(), source };
            golden.replay(&release).map_err(differs)?;
        }
        Ok(manifest)
    }

    fn read(&self, id: &ReleaseId, file: &FileDigest) -> Result<Vec<u8>, Error> {
        Ok(self.bundles.read_verified(id, &file.name, &file.sha256)?)
    }

    /// The release that a person means: by its id, by the first digits of it (with or without
    /// `sha256:`), or by its slot at an endpoint, `ENDPOINT@stable`, where the only endpoint needs
    /// no name.
    ///
    /// # Errors
    /// When it is none, or not one alone.
    pub fn resolve(&self, text: &str) -> Result<ReleaseId, Error> {
        if let Some((endpoint, slot)) = text.split_once('@') {
            let endpoint = match endpoint {
                "" => <[Endpoint; 1]>::try_from(self.store.endpoints()?).ok().map(|[only]| only),
                named => self.store.endpoint(named)?,
            };
            let slot = endpoint.and_then(|endpoint| match slot {
                "stable" => endpoint.stable,
                "candidate" => endpoint.candidate,
                "previous" => endpoint.previous,
                _ => None,
            });
            return slot.ok_or_else(|| Error::NoName { text: text.to_owned() });
        }
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let found = match digits.len() {
            MIN_DIGITS.. => self.store.releases_named(digits)?,
            _ => Vec::new(),
        };
        match <[Release; 1]>::try_from(found) {
            Ok([release]) => Ok(release.id),
            Err(none) if none.is_empty() => Err(Error::NoName { text: text.to_owned() }),
            Err(many) => Err(Error::Ambiguous { text: text.to_owned(), found: many.len() }),
        }
    }

    /// The manifest of a release, checked against its name.
    ///
    /// # Errors
    /// When the release is not kept here, or was changed.
    pub fn manifest(&self, id: &ReleaseId) -> Result<Manifest, Error> {
        let release = self.store.release(id)?;
        let release = release.ok_or_else(|| Error::Unknown { id: id.to_string() })?;
        let unreadable =
            |source| Error::Unreadable { what: "the manifest", id: id.to_string(), source };
        let manifest: Manifest = serde_json::from_str(&release.manifest).map_err(unreadable)?;
        let (_, found) = manifest.seal()?;
        if found != *id {
            return Err(Error::Tampered { id: id.to_string(), found: found.to_string() });
        }
        Ok(manifest)
    }
}
