//! Why a release cannot be kept, taken in or loaded.

use shipworthy_core::ReleaseId;
use shipworthy_store::{attachments, attestation, bundles, endpoint, event, release, store};

use super::{ArchiveError, Refusal};
use crate::{golden, models};

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
    /// A model that cannot be used here.
    #[error("the model of release {id} cannot be used")]
    Model {
        /// The release.
        id: String,
        /// Why.
        #[source]
        source: models::Error,
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
    /// An archive that is not that of the release.
    #[error("the archive of release {id} is refused")]
    Archive {
        /// The release.
        id: String,
        /// Why.
        #[source]
        source: Box<ArchiveError>,
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
    /// A slot that nothing has.
    #[error("`{text}` names no release here: that slot is empty")]
    EmptySlot {
        /// What was given.
        text: String,
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
    /// Its files are gone.
    #[error("release {id} was pruned; `shipworthy release` makes it again from its commit")]
    Pruned {
        /// The release.
        id: String,
    },
    /// A key whose word would not count.
    #[error("key {key} {advice}")]
    Signer {
        /// The key.
        key: String,
        /// Why, and what to do.
        advice: &'static str,
    },
    /// What is said about it does not hold.
    #[error("release {id} is refused")]
    Refused {
        /// The release.
        id: String,
        /// Why.
        #[source]
        why: Box<Refusal>,
    },
    /// The store refuses it as a release.
    #[error("the release cannot be stored")]
    Unfit(#[from] release::Error),
    /// The store refuses a statement about it.
    #[error("the statement cannot be stored")]
    Statement(#[from] attestation::Error),
    /// The store refuses the event.
    #[error("the action cannot be recorded")]
    Event(#[from] event::Error),
    /// Its attachment.
    #[error("the reference rows of the release")]
    Attachment(#[from] attachments::Error),
    /// The store refuses the endpoint's name.
    #[error("the endpoint is refused")]
    Endpoint(#[from] endpoint::Error),
}

impl Error {
    pub(super) fn refused(id: &ReleaseId, why: Refusal) -> Self {
        Self::Refused { id: id.to_string(), why: Box::new(why) }
    }
}
