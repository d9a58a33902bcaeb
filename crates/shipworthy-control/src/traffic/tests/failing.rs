//! A store whose disk comes and goes.

use std::io;

use shipworthy_core::signing::PublicKey;
use shipworthy_store::store::Error;
use shipworthy_store::{
    Attestation, Endpoint, EndpointChange, EndpointName, Event, Key, KeyEnd, NewAttestation,
    NewRelease, OutboxPosition, Release, ReleaseQuery, Token,
};

use super::*;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ill {
    /// Nothing.
    Not,
    /// Its disk is not there.
    Away,
    /// A change of an endpoint is written, and nobody hears of it.
    Silent,
}

#[derive(Debug)]
pub(super) struct Failing {
    inner: Arc<dyn Store>,
    ill: Lock<Ill>,
}

impl Failing {
    pub(super) fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, ill: Lock::new(Ill::Not) })
    }

    pub(super) fn becomes(&self, ill: Ill) {
        *self.ill.lock().unwrap() = ill;
    }

    fn ill(&self) -> Ill {
        *self.ill.lock().unwrap()
    }

    fn answers(&self) -> Result<&dyn Store, Error> {
        if self.ill() == Ill::Away { Err(no_disk()) } else { Ok(&*self.inner) }
    }
}

fn no_disk() -> Error {
    let source = Box::new(io::Error::from(io::ErrorKind::StorageFull));
    Error::Backend { doing: "write", source }
}

impl Store for Failing {
    fn create_token(&self, token: &NewToken, by: &Attribution) -> Result<Token, Error> {
        self.answers()?.create_token(token, by)
    }

    fn tokens(&self) -> Result<Vec<Token>, Error> {
        self.answers()?.tokens()
    }

    fn revoke_token(&self, name: &str, by: &Attribution) -> Result<Token, Error> {
        self.answers()?.revoke_token(name, by)
    }

    fn authenticate(&self, secret: &str) -> Result<Option<Token>, Error> {
        self.answers()?.authenticate(secret)
    }

    fn record_event(&self, event: &NewEvent, by: &Attribution) -> Result<Event, Error> {
        self.answers()?.record_event(event, by)
    }

    fn events_after(&self, after: i64, limit: u32) -> Result<Vec<Event>, Error> {
        self.answers()?.events_after(after, limit)
    }

    fn latest_events(&self, before: Option<i64>, limit: u32) -> Result<Vec<Event>, Error> {
        self.answers()?.latest_events(before, limit)
    }

    fn events_of(
        &self,
        subject: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Event>, Error> {
        self.answers()?.events_of(subject, before, limit)
    }

    fn outbox(&self) -> Result<Option<OutboxPosition>, Error> {
        self.answers()?.outbox()
    }

    fn move_outbox(&self, to: &OutboxPosition) -> Result<(), Error> {
        self.answers()?.move_outbox(to)
    }

    fn insert_release(&self, release: &NewRelease, by: &Attribution) -> Result<Release, Error> {
        self.answers()?.insert_release(release, by)
    }

    fn release(&self, id: &ReleaseId) -> Result<Option<Release>, Error> {
        self.answers()?.release(id)
    }

    fn releases_named(&self, digits: &str) -> Result<Vec<Release>, Error> {
        self.answers()?.releases_named(digits)
    }

    fn latest_releases(
        &self,
        before: Option<&ReleaseId>,
        limit: u32,
    ) -> Result<Vec<Release>, Error> {
        self.answers()?.latest_releases(before, limit)
    }

    fn attest(
        &self,
        release: &ReleaseId,
        attestation: &NewAttestation,
        by: &Attribution,
    ) -> Result<Attestation, Error> {
        self.answers()?.attest(release, attestation, by)
    }

    fn attestations(&self, release: &ReleaseId) -> Result<Vec<Attestation>, Error> {
        self.answers()?.attestations(release)
    }

    fn trust_key(&self, public: &PublicKey, by: &Attribution) -> Result<Key, Error> {
        self.answers()?.trust_key(public, by)
    }

    fn end_key(&self, id: &str, end: KeyEnd, by: &Attribution) -> Result<Key, Error> {
        self.answers()?.end_key(id, end, by)
    }

    fn replace_key(
        &self,
        retired: &str,
        public: &PublicKey,
        by: &Attribution,
    ) -> Result<Key, Error> {
        self.answers()?.replace_key(retired, public, by)
    }

    fn keys(&self) -> Result<Vec<Key>, Error> {
        self.answers()?.keys()
    }

    fn hold_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error> {
        self.answers()?.hold_release(id, by)
    }

    fn free_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error> {
        self.answers()?.free_release(id, by)
    }

    fn prune_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error> {
        self.answers()?.prune_release(id, by)
    }

    fn restore_release(&self, id: &ReleaseId, by: &Attribution) -> Result<Release, Error> {
        self.answers()?.restore_release(id, by)
    }

    fn search_releases(
        &self,
        query: &ReleaseQuery,
        before: Option<&ReleaseId>,
        limit: u32,
    ) -> Result<Vec<Release>, Error> {
        self.answers()?.search_releases(query, before, limit)
    }

    fn endpoint(&self, name: &str) -> Result<Option<Endpoint>, Error> {
        self.answers()?.endpoint(name)
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>, Error> {
        self.answers()?.endpoints()
    }

    fn set_stable(
        &self,
        endpoint: &EndpointName,
        release: &ReleaseId,
        by: &Attribution,
    ) -> Result<Endpoint, Error> {
        self.answers()?.set_stable(endpoint, release, by)
    }

    fn change_endpoint(
        &self,
        change: &EndpointChange,
        event: &NewEvent,
        by: &Attribution,
    ) -> Result<Endpoint, Error> {
        let done = self.answers()?.change_endpoint(change, event, by)?;
        match self.ill() {
            Ill::Silent => Err(no_disk()),
            Ill::Not | Ill::Away => Ok(done),
        }
    }
}
