//! Why a store did not do what it was asked.

use crate::{endpoint::EndpointName, release::ReleaseId};

/// The error of whatever is behind the port.
pub type BackendError = Box<dyn std::error::Error + Send + Sync>;

/// Why the store did not do it. After a refusal nothing has changed; after
/// [`Error::Backend`] a commit may have reached the disk unseen: look before
/// trying again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be opened.
    #[error("cannot open the state at {location}")]
    Open {
        /// The file or server.
        location: String,
        /// What it said.
        #[source]
        source: BackendError,
    },
    /// The store was written by a newer version of this program.
    #[error(
        "the state at {location} has schema version {found}, and this program knows versions up \
         to {known}: run the version that wrote it, or restore a backup made before the upgrade"
    )]
    SchemaTooNew {
        /// The file or server.
        location: String,
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The store failed.
    #[error("the state store cannot {doing}")]
    Backend {
        /// What it was asked.
        doing: &'static str,
        /// What it said.
        #[source]
        source: BackendError,
    },
    /// A stored value is not what was written.
    #[error("the state store holds a {what} that cannot be read: it was edited or is damaged")]
    Corrupt {
        /// Which kind of value.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: BackendError,
    },
    /// Nobody by that name.
    #[error("no token is called `{actor}`, so nothing can be done in that name")]
    UnknownActor {
        /// The name.
        actor: String,
    },
    /// A live token has the name.
    #[error("a live token is already called `{name}`: revoke it, or choose another name")]
    TokenNameTaken {
        /// The name.
        name: String,
    },
    /// Another token has the same secret: the entropy source is broken, or the
    /// secret was used again.
    #[error("this secret belongs to another token: make a fresh one")]
    SecretTaken,
    /// No live token has the name.
    #[error("no live token is called `{name}`")]
    NoSuchToken {
        /// The name.
        name: String,
    },
    /// The release is there with another manifest.
    #[error("release {id} is stored with another manifest, and a release cannot be edited")]
    ReleaseConflict {
        /// The release.
        id: ReleaseId,
    },
    /// The release is not there.
    #[error("there is no release {id}")]
    NoSuchRelease {
        /// The release.
        id: ReleaseId,
    },
    /// Something refers to the release.
    #[error("release {id} {by}, so its files stay")]
    ReleaseInUse {
        /// The release.
        id: ReleaseId,
        /// By what: a verb and more.
        by: String,
    },
    /// The files of the release are gone.
    #[error("release {id} was pruned: make it again from its commit first")]
    ReleasePruned {
        /// The release.
        id: ReleaseId,
    },
    /// The endpoint is not there.
    #[error("there is no endpoint {name}")]
    NoSuchEndpoint {
        /// The endpoint.
        name: EndpointName,
    },
    /// The endpoint is not as the caller saw it.
    #[error(
        "somebody else changed endpoint {name} meanwhile (revision {expected} was expected, \
         {found} is there): look at it, and try again"
    )]
    EndpointMoved {
        /// The endpoint.
        name: EndpointName,
        /// The revision that the caller saw.
        expected: i64,
        /// The revision that is there.
        found: i64,
    },
    /// One release for two slots.
    #[error("release {id} cannot be in two slots of endpoint {name} at once")]
    SlotsCollide {
        /// The endpoint.
        name: EndpointName,
        /// The release.
        id: ReleaseId,
    },
    /// A rollout past its limit.
    #[error(
        "the rollout of endpoint {name} has {bytes} bytes, at most {} are kept",
        crate::endpoint::MAX_ROLLOUT_BYTES
    )]
    RolloutTooLong {
        /// The endpoint.
        name: EndpointName,
        /// Its length.
        bytes: usize,
    },
    /// The event of a change tells of something else.
    #[error("a change of endpoint {name} cannot be recorded as an event of `{subject}`")]
    EventOfAnother {
        /// The endpoint.
        name: EndpointName,
        /// What the event is about.
        subject: String,
    },
    /// As many statements about the release as are kept.
    #[error(
        "release {id} has {} attestations already, and no more are kept",
        crate::attestation::MAX_ATTESTATIONS
    )]
    TooManyAttestations {
        /// The release.
        id: ReleaseId,
    },
    /// The key is not there.
    #[error("there is no key {id}")]
    NoSuchKey {
        /// The key.
        id: String,
    },
    /// The key was retired or revoked.
    #[error("key {id} was retired or revoked, which is for good: make a new one")]
    KeyEnded {
        /// The key.
        id: String,
    },
}
