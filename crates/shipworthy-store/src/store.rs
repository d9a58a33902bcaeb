//! The port: what control state can be asked and told.
//!
//! What must hold of every implementation (and is checked by the conformance
//! suite):
//!
//! - An effect and its event are one transaction: both or neither.
//! - The actor of an event is the name of a token, living or revoked. A revoked
//!   one still counts, so that the rollback of a rollout never fails because
//!   the colleague who started it has left. Whether a caller *may* act is
//!   decided before, by [`Role::may`](crate::Role::may).
//! - Events and releases are never changed and never removed.
//! - Events become visible in the order of their ids: who has read up to id `n`
//!   misses nothing by asking for what comes after `n`.

mod error;

use shipworthy_core::signing::PublicKey;

use crate::{
    attestation::{Attestation, NewAttestation},
    endpoint::{Endpoint, EndpointChange, EndpointName},
    event::{Attribution, Event, NewEvent},
    key::{Key, KeyEnd},
    outbox::OutboxPosition,
    release::{NewRelease, Release, ReleaseId, ReleaseQuery},
    token::{NewToken, Token},
};

pub use error::{BackendError, Error};

/// Most rows that one call gives, whatever its `limit` asks for.
pub const MAX_PAGE_ROWS: u32 = 500;

/// Control state. Every call may wait for a disk or a network.
pub trait Store: std::fmt::Debug + Send + Sync {
    /// Makes a token; the event is [`TOKEN_CREATED`](crate::event::TOKEN_CREATED).
    ///
    /// The first token of an empty store makes itself: the actor is its own name.
    ///
    /// # Errors
    /// [`Error::TokenNameTaken`] by a live token, [`Error::SecretTaken`] by any,
    /// [`Error::UnknownActor`], or the store's own.
    fn create_token(&self, token: &NewToken, by: &Attribution) -> Result<Token, Error>;

    /// Every token, living and revoked, oldest first.
    ///
    /// # Errors
    /// The store's own.
    fn tokens(&self) -> Result<Vec<Token>, Error>;

    /// Revokes the live token `name`, for good;
    /// the event is [`TOKEN_REVOKED`](crate::event::TOKEN_REVOKED).
    ///
    /// # Errors
    /// [`Error::NoSuchToken`] when no live token has the name,
    /// [`Error::UnknownActor`], or the store's own.
    fn revoke_token(&self, name: &str, by: &Attribution) -> Result<Token, Error>;

    /// The live token whose secret this is. A malformed secret is answered
    /// `None` without a look-up.
    ///
    /// # Errors
    /// The store's own.
    fn authenticate(&self, secret: &str) -> Result<Option<Token>, Error>;

    /// Records a control action whose effect lies outside the store.
    ///
    /// # Errors
    /// [`Error::UnknownActor`], or the store's own.
    fn record_event(&self, event: &NewEvent, by: &Attribution) -> Result<Event, Error>;

    /// Events with an id above `after` (0: from the first), oldest first, at
    /// most `limit` and [`MAX_PAGE_ROWS`].
    ///
    /// # Errors
    /// The store's own.
    fn events_after(&self, after: i64, limit: u32) -> Result<Vec<Event>, Error>;

    /// Events with an id below `before` (`None`: from the last), newest first,
    /// at most `limit` and [`MAX_PAGE_ROWS`].
    ///
    /// # Errors
    /// The store's own.
    fn latest_events(&self, before: Option<i64>, limit: u32) -> Result<Vec<Event>, Error>;

    /// Events of one subject with an id below `before` (`None`: from the last),
    /// newest first, at most `limit` and [`MAX_PAGE_ROWS`].
    ///
    /// # Errors
    /// The store's own.
    fn events_of(
        &self,
        subject: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Event>, Error>;

    /// Up to where events are copied into a ledger; `None` before the first.
    ///
    /// # Errors
    /// The store's own.
    fn outbox(&self) -> Result<Option<OutboxPosition>, Error>;

    /// Notes up to where events are copied. It is no control action, and leaves no event.
    ///
    /// # Errors
    /// The store's own, also for a position that contradicts itself.
    fn move_outbox(&self, to: &OutboxPosition) -> Result<(), Error>;

    /// Stores a release, with what is said about it from the start; the events
    /// are [`RELEASE_CREATED`](crate::event::RELEASE_CREATED) and one
    /// [`RELEASE_ATTESTED`](crate::event::RELEASE_ATTESTED) each. A release that
    /// is there already, with the same manifest, is given as it is stored, and
    /// leaves no event.
    ///
    /// # Errors
    /// [`Error::ReleaseConflict`] when the id is there with another manifest,
    /// [`Error::UnknownActor`], or the store's own.
    fn insert_release(&self, release: &NewRelease, by: &Attribution) -> Result<Release, Error>;

    /// The release with this id.
    ///
    /// # Errors
    /// The store's own.
    fn release(&self, id: &ReleaseId) -> Result<Option<Release>, Error>;

    /// Releases whose ids start with these digits (after `sha256:`), in the order of their ids, at
    /// most [`MAX_PAGE_ROWS`]; none for what no id starts with.
    ///
    /// # Errors
    /// The store's own.
    fn releases_named(&self, digits: &str) -> Result<Vec<Release>, Error>;

    /// Releases stored before `before` (`None`: all; an unknown one: none),
    /// newest first, at most `limit` and [`MAX_PAGE_ROWS`].
    ///
    /// # Errors
    /// The store's own.
    fn latest_releases(
        &self,
        before: Option<&ReleaseId>,
        limit: u32,
    ) -> Result<Vec<Release>, Error>;

    /// Stores a statement about a release; the event is
    /// [`RELEASE_ATTESTED`](crate::event::RELEASE_ATTESTED).
    ///
    /// # Errors
    /// [`Error::NoSuchRelease`], [`Error::TooManyAttestations`],
    /// [`Error::UnknownActor`], or the store's own.
    fn attest(
        &self,
        release: &ReleaseId,
        attestation: &NewAttestation,
        by: &Attribution,
    ) -> Result<Attestation, Error>;

    /// Every statement about a release, oldest first.
    ///
    /// # Errors
    /// The store's own.
    fn attestations(&self, release: &ReleaseId) -> Result<Vec<Attestation>, Error>;

    /// Trusts a key; the event is [`KEY_TRUSTED`](crate::event::KEY_TRUSTED).
    /// One that is trusted already is given as it is, and leaves no event.
    ///
    /// # Errors
    /// [`Error::KeyEnded`], [`Error::UnknownActor`], or the store's own.
    fn trust_key(&self, public: &PublicKey, by: &Attribution) -> Result<Key, Error>;

    /// Ends the trust in the key of this id; the event is
    /// [`KEY_ENDED`](crate::event::KEY_ENDED). A retired key can be revoked; what
    /// changes nothing else leaves no event.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], [`Error::UnknownActor`], or the store's own.
    fn end_key(&self, id: &str, end: KeyEnd, by: &Attribution) -> Result<Key, Error>;

    /// Trusts a key and retires another, both or neither.
    ///
    /// # Errors
    /// As [`trust_key`](Self::trust_key) and [`end_key`](Self::end_key).
    fn replace_key(
        &self,
        retired: &str,
        public: &PublicKey,
        by: &Attribution,
    ) -> Result<Key, Error>;

    /// Every key that is or was trusted, oldest first.
    ///
    /// # Errors
    /// The store's own.
    fn keys(&self) -> Result<Vec<Key>, Error>;

    /// Keeps the files of a release from being pruned; the event is
    /// [`RELEASE_HELD`](crate::event::RELEASE_HELD).
    ///
    /// # Errors
    /// [`Error::NoSuchRelease`], [`Error::ReleasePruned`], [`Error::UnknownActor`],
    /// or the store's own.
    fn hold_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error>;

    /// Ends a hold; the event is [`RELEASE_FREED`](crate::event::RELEASE_FREED).
    ///
    /// # Errors
    /// [`Error::NoSuchRelease`], [`Error::UnknownActor`], or the store's own.
    fn free_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error>;

    /// Notes that the files of a release go; the event is
    /// [`RELEASE_PRUNED`](crate::event::RELEASE_PRUNED). Whether the ledger
    /// refers to it is the caller's to know.
    ///
    /// # Errors
    /// [`Error::ReleaseInUse`] by a slot or a hold, [`Error::NoSuchRelease`],
    /// [`Error::UnknownActor`], or the store's own.
    fn prune_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error>;

    /// Notes that the files of a pruned release are there again; the event is
    /// [`RELEASE_RESTORED`](crate::event::RELEASE_RESTORED).
    ///
    /// # Errors
    /// [`Error::NoSuchRelease`], [`Error::UnknownActor`], or the store's own.
    fn restore_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error>;

    /// Releases that are as asked for and were stored before `before` (`None`: all; an unknown
    /// one: none), newest first, at most `limit` and [`MAX_PAGE_ROWS`].
    ///
    /// # Errors
    /// The store's own.
    fn search_releases(
        &self,
        query: &ReleaseQuery,
        before: Option<&ReleaseId>,
        limit: u32,
    ) -> Result<Vec<Release>, Error>;

    /// The endpoint with this name.
    ///
    /// # Errors
    /// The store's own.
    fn endpoint(&self, name: &str) -> Result<Option<Endpoint>, Error>;

    /// Every endpoint, by name.
    ///
    /// # Errors
    /// The store's own.
    fn endpoints(&self) -> Result<Vec<Endpoint>, Error>;

    /// Makes `release` stable, and the stable one previous; makes the endpoint
    /// when there is none. A candidate that becomes stable leaves its slot; rollout
    /// and stop stay as they are. The event is
    /// [`ENDPOINT_STABLE_SET`](crate::event::ENDPOINT_STABLE_SET).
    ///
    /// A release that is stable already stays so, `previous` is kept and no
    /// event is written: a call that was repeated must not lose the way back.
    ///
    /// # Errors
    /// [`Error::NoSuchRelease`], [`Error::ReleasePruned`],
    /// [`Error::UnknownActor`], or the store's own.
    fn set_stable(
        &self,
        endpoint: &EndpointName,
        release: &ReleaseId,
        by: &Attribution,
    ) -> Result<Endpoint, Error>;

    /// Writes a whole endpoint and the event that says why, if nobody has
    /// changed it since the caller looked; its revision grows by 1. Kind and body
    /// of the event are the caller's, its subject is the endpoint.
    ///
    /// # Errors
    /// [`Error::EndpointMoved`] when somebody has, [`Error::NoSuchEndpoint`],
    /// [`Error::NoSuchRelease`] and [`Error::ReleasePruned`] for a release in any
    /// slot, [`Error::SlotsCollide`], [`Error::RolloutTooLong`],
    /// [`Error::EventOfAnother`], [`Error::UnknownActor`], or the store's own, also
    /// for a rollout that is not JSON.
    fn change_endpoint(
        &self,
        change: &EndpointChange,
        event: &NewEvent,
        by: &Attribution,
    ) -> Result<Endpoint, Error>;
}
