//! Releases: made from a training, kept in a bundle, loaded into memory.

use std::sync::Arc;

use shipworthy_contract::Contract;
use shipworthy_core::{Manifest, ReleaseId};
use shipworthy_models::{ModelFile, Options};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_store::{
    Attribution, Bundles, EndpointName, NewRelease, Reproducibility, Store, bundles, endpoint,
    release, store,
};

use crate::Commit;
use crate::train::Trained;

/// The model in a bundle.
pub const MODEL_FILE: &str = "model.json";

/// The contract in a bundle.
pub const CONTRACT_FILE: &str = "contract.json";

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
        let files = [(MODEL_FILE, trained.model.as_slice()), (CONTRACT_FILE, &contract)];
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
        let digest = &manifest.contract.sha256;
        let contract = self.bundles.read_verified(id, &manifest.contract.name, digest)?;
        let contract: Contract =
            serde_json::from_slice(&contract).map_err(unreadable("the contract"))?;
        let model = &manifest.model;
        let model = self.bundles.read_verified(id, &model.name, &model.sha256)?;
        let model = ModelFile::load(&model, &Options::default())
            .map_err(|source| Error::Model { id: name.clone(), source })?;
        let Manifest { commit, output, .. } = manifest;
        LoadedRelease::new(id.clone(), commit, output, contract, &model)
            .map_err(|source| Error::Load { id: name, source })
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
