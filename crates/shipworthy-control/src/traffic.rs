//! The traffic of a server's endpoints: the hand on it, what drives a rollout, and the way back.
//!
//! ```text
//! deploy ─► evidence ─ decide ─ take ─► store ─► serve        on the way on
//!                                  └──► serve ─► store        on the way back
//! ```
//!
//! [`Traffic`] is the only writer of endpoints. What goes on is stored first: what was not stored
//! did not happen. What goes back is served first: nothing is loaded, stored or waited for before
//! callers get the release from before, and what could not be stored is tried again and blocks
//! every way on.

mod act;
mod drill;
mod driver;
mod error;
mod live;
mod restore;
mod view;
mod warming;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use shipworthy_core::rollout::{Evidence, Verdict};
use shipworthy_core::{Clock, Entropy};
use shipworthy_ledger::Disk;
use shipworthy_serving::Serving;
use shipworthy_store::{Attribution, Endpoint as StoredEndpoint, Event, NewEvent};

use crate::plane::Signer;
use crate::project::Rollout as Declaration;
use crate::release::Shelf;
pub use drill::{Awaited, Drilled, SECONDS, USUAL_SECONDS};
pub use driver::{Options, run};
pub use error::Error;
use live::Live;
pub use view::{DrillView, RolloutView, SlotView, View};

/// What a project declares about rollouts, which a reload may change.
pub trait Declared: Send + Sync {
    /// Of this endpoint.
    fn rollout(&self, endpoint: &str) -> Declaration;
}

/// Without a project rollouts go by the defaults.
#[derive(Clone, Copy, Debug)]
pub struct Undeclared;

impl Declared for Undeclared {
    fn rollout(&self, _: &str) -> Declaration {
        Declaration::default()
    }
}

/// What comes from outside.
#[derive(Clone)]
pub struct Ports {
    /// The releases, and control state.
    pub shelf: Shelf,
    /// Who signs what is said about them.
    pub signer: Arc<dyn Signer>,
    /// The data plane.
    pub serving: Arc<Serving>,
    /// Where it records what it was asked.
    pub ledger_disk: Arc<dyn Disk>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Salts of rollouts.
    pub entropy: Arc<dyn Entropy>,
    /// What is declared.
    pub declared: Arc<dyn Declared>,
}

/// The endpoints of a server, by name.
pub struct Traffic {
    ports: Ports,
    live: Mutex<BTreeMap<String, Live>>,
}

impl fmt::Debug for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traffic").field("live", &self.live).finish_non_exhaustive()
    }
}

/// What stands in every way on while the way back is not stored: a message and a hint.
const NOT_STORED: (&str, &str) = (
    "what was done last is served, and could not be stored yet",
    "look at the state directory's disk; it is tried again by itself",
);

/// Events of an endpoint among which one that may have been stored unseen is looked for: others
/// than those of its slots are rare.
const LOOKED_BACK: u32 = 20;

/// A verdict with what it was made of, for the record.
type LedBy<'a> = Option<(&'a Verdict, &'a Evidence, u64)>;

impl Traffic {
    /// No endpoints yet.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, live: Mutex::default() }
    }

    /// Does something with an endpoint, one at a time.
    fn with<T>(
        &self,
        name: &str,
        action: impl FnOnce(&mut Live) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if !live.contains_key(name) {
            let names = live.keys().cloned().collect::<Vec<_>>().join(", ");
            let known = match names.as_str() {
                "" => "this server has none".to_owned(),
                _ => format!("this server has {names}"),
            };
            let name = name.chars().take(64).collect();
            return Err(Error::NoEndpoint { name, known });
        }
        action(live.get_mut(name).expect("it was just found"))
    }

    /// The endpoints that something holds of.
    fn names(&self, holds: impl Fn(&Live) -> bool) -> Vec<String> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.iter().filter(|(_, live)| holds(live)).map(|(name, _)| name.clone()).collect()
    }

    /// Goes on: what `change` makes of the endpoint is stored, and then served.
    fn go_on(
        &self,
        live: &mut Live,
        (kind, by, led_by): (&str, &Attribution, LedBy<'_>),
        change: impl FnOnce(&mut Live) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !live.unsaved.is_empty() {
            return Err(NOT_STORED.into());
        }
        let mut next = live.clone();
        change(&mut next)?;
        let event = NewEvent::new(kind, next.name.as_str(), &next.told(led_by))?;
        next.revision = self.stored(&next, &event, by)?;
        *live = next;
        self.serve(live);
        Ok(())
    }

    /// Goes back: what `change` makes of the endpoint is served, and then stored. Says whether it
    /// is stored. A drill that is under way ends with it.
    fn go_back(
        &self,
        live: &mut Live,
        (kind, by, led_by): (&str, &Attribution, LedBy<'_>),
        change: impl FnOnce(&mut Live),
    ) -> bool {
        let drilling = live.drilling.take();
        self.turn_back(live, (kind, by, led_by), change);
        if let Some(drilling) = drilling {
            let cut_short = format!("`{}` acted meanwhile: {kind}", by.actor());
            self.write_down(live, drilling, Some(cut_short));
        }
        self.save(live)
    }

    /// What `change` makes of the endpoint is served, and is to be stored.
    fn turn_back(
        &self,
        live: &mut Live,
        (kind, by, led_by): (&str, &Attribution, LedBy<'_>),
        change: impl FnOnce(&mut Live),
    ) {
        change(live);
        self.serve(live);
        if led_by.is_none() {
            // The last verdict is not why.
            live.verdict = None;
        }
        let name = live.name.as_str();
        let whole = NewEvent::new(kind, name, &live.told(led_by));
        let event = whole.or_else(|_| NewEvent::new(kind, name, &live.told(None)));
        match event {
            Ok(event) => live.unsaved.push((event, by.clone())),
            Err(error) => tracing::error!(%error, endpoint = name, "an action has no event"),
        }
    }

    /// Stores what is not stored yet, in its order; says whether all is.
    fn save(&self, live: &mut Live) -> bool {
        while let Some((event, by)) = live.unsaved.first() {
            match self.stored(live, event, by) {
                Ok(revision) => {
                    live.revision = revision;
                    live.unsaved.remove(0);
                }
                Err(error) => {
                    tracing::error!(%error, endpoint = %live.name, "what is served is not stored");
                    return false;
                }
            }
        }
        true
    }

    /// Stores an endpoint as it is; gives its revision. After an error it may have been written all
    /// the same, and would stand in the way of everything that comes later: so it is looked for.
    fn stored(
        &self,
        live: &Live,
        event: &NewEvent,
        by: &Attribution,
    ) -> Result<i64, shipworthy_store::store::Error> {
        let store = &self.ports.shelf.store;
        let error = match store.change_endpoint(&live.change(), event, by) {
            Ok(stored) => return Ok(stored.revision),
            Err(error) => error,
        };
        let (name, next) = (live.name.as_str(), live.revision + 1);
        let is_next = |found: &StoredEndpoint| found.revision == next;
        if !store.endpoint(name).ok().flatten().as_ref().is_some_and(is_next) {
            return Err(error);
        }
        let is_ours = |found: &Event| {
            let told = (found.kind.as_str(), found.body.as_str(), found.actor.as_str(), found.at);
            told == (event.kind(), event.body(), by.actor(), by.at())
        };
        match store.events_of(name, None, LOOKED_BACK) {
            Ok(events) if events.iter().any(is_ours) => Ok(next),
            _ => Err(error),
        }
    }

    /// Requests from now on see the endpoint as it is.
    fn serve(&self, live: &Live) {
        self.ports.serving.change_plan(|plan| {
            if let Some(endpoint) = plan.endpoints.get_mut(live.name.as_str()) {
                *endpoint = live.served(endpoint);
            }
        });
    }

    fn now_us(&self) -> u64 {
        self.ports.clock.monotonic_us()
    }
}

#[cfg(test)]
mod tests;
