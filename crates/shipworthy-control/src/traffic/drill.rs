//! Drills: the way back, taken for real and measured, and then taken back.
//!
//! ```text
//! asked for ─► flip ─► store ─► serve for its time ─► flip ─► store ─► event ─► signed statement
//! ```
//!
//! A drill is no state of its own: it is two rollbacks, and whoever acts meanwhile ends it. What
//! was acted stays then, but a deploy is to begin beside the stable release: it ends the drill first.
//! The driver ends drills, so that nobody needs to wait for one.

mod schedule;

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Serialize;
use shipworthy_core::ReleaseId;
use shipworthy_core::drill::{Drill, Measured, Rows, Way};
use shipworthy_core::rollout::{Rollout, Sample};
use shipworthy_serving::Deployed;
use shipworthy_store::event::{ENDPOINT_DRILLED, ENDPOINT_ROLLED_BACK};
use shipworthy_store::{Attribution, NewEvent};
use tokio::sync::watch::{Receiver, Sender};

use super::act::flip;
use super::live::Live;
use super::watch::micros;
use super::{Error, NOT_STORED, Traffic};
use crate::models::Cause;
use crate::plane::chain;
use crate::statement;
pub(super) use schedule::{Last, QUIET_AFTER_START, Unfinished};

/// How long a drill lasts, in seconds: long enough that requests come, and short enough that an
/// answer can be waited for.
pub const SECONDS: RangeInclusive<u64> = 1..=60;

/// How long a drill lasts unless somebody says otherwise, in seconds.
pub const USUAL_SECONDS: u64 = 5;

/// Why the second of its rollbacks is taken.
const IS_OVER: &str = "the drill is over";

/// A drill that is over, and what became of the statement about it.
#[derive(Clone, Debug, Serialize)]
pub struct Drilled {
    /// What was measured, and whether it passed.
    #[serde(flatten)]
    pub drill: Drill,
    /// The id of the event of the signed statement.
    pub attestation: Option<i64>,
    /// Why there is no such statement.
    pub not_attested: Option<String>,
}

/// What comes of a drill; nothing until it is over.
pub type Awaited = Receiver<Option<Drilled>>;

/// A drill that is under way: the release before stable answers.
#[derive(Clone, Debug)]
pub(super) struct Drilling {
    by: Attribution,
    is_scheduled: bool,
    /// The release that was stable, and the one before it; with what they had done before.
    from: (Deployed, Sample),
    to: (Deployed, Sample),
    began_us: u64,
    seconds: u64,
    there: Option<Way>,
    back: Option<Way>,
    told: Sender<Option<Drilled>>,
}

/// A drill that is over, of which nothing is signed yet.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    drill: Drill,
    to: ReleaseId,
    by: Attribution,
    told: Sender<Option<Drilled>>,
}

impl Drilling {
    fn new(live: &Live, by: &Attribution, (began_us, seconds): (u64, u64)) -> Option<Self> {
        let seen = |deployed: &Deployed| (deployed.clone(), deployed.sample());
        Some(Self {
            by: by.clone(),
            is_scheduled: false,
            from: seen(&live.stable),
            to: seen(live.previous.as_ref()?),
            began_us,
            seconds,
            there: None,
            back: None,
            told: Sender::new(None),
        })
    }

    /// Which way is being taken: `there` or `back`.
    pub(super) const fn way(&self) -> &'static str {
        if self.there.is_none() { "there" } else { "back" }
    }

    /// The release that is to be stable again.
    pub(super) fn returns_to(&self) -> &ReleaseId {
        self.from.0.release.id()
    }

    pub(super) fn ends_us(&self) -> u64 {
        self.began_us.saturating_add(micros(Duration::from_secs(self.seconds)))
    }

    fn measured(&self, endpoint: &str, now_us: u64, cut_short: Option<String>) -> Measured {
        let rows = |(deployed, before): &(Deployed, Sample)| {
            let Sample { answered, refused, failed, .. } = deployed.sample().since(before);
            Rows { release: deployed.release.id().to_string(), answered, refused, failed }
        };
        Measured {
            endpoint: endpoint.to_owned(),
            from: self.from.0.release.id().to_string(),
            to: self.to.0.release.id().to_string(),
            actor: self.by.actor().to_owned(),
            reason: self.by.reason().to_owned(),
            scheduled: self.is_scheduled,
            started_at: self.by.at(),
            seconds: self.seconds,
            lasted_us: now_us.saturating_sub(self.began_us),
            there: self.there,
            back: self.back,
            cut_short,
            rows: vec![rows(&self.from), rows(&self.to)],
        }
    }
}

impl Traffic {
    /// Drills the way back: the release before stable answers for `seconds`, of [`SECONDS`], and
    /// then stable answers again. Gives what comes of it, once [`look`](Self::look) has ended it.
    ///
    /// # Errors
    /// When there is nothing to go back to, the endpoint is stopped, or a rollout or another drill
    /// is under way.
    pub fn drill(&self, name: &str, seconds: u64, by: &Attribution) -> Result<Awaited, Error> {
        // Whoever wants to go back waits for the lock, too.
        let asked_us = self.now_us();
        self.with(name, |live| self.begin_drill(live, by, (asked_us, seconds)))
    }

    fn begin_drill(
        &self,
        live: &mut Live,
        by: &Attribution,
        (asked_us, seconds): (u64, u64),
    ) -> Result<Awaited, Error> {
        may_drill(live)?;
        let drilling = Drilling::new(live, by, (asked_us, seconds)).ok_or_else(nowhere)?;
        let awaited = drilling.told.subscribe();
        live.drilling = Some(drilling);
        let way = self.take_way(live, by, asked_us);
        if let Some(drilling) = &mut live.drilling {
            drilling.there = Some(way);
        }
        Ok(awaited)
    }

    /// One way of a drill: a rollback, measured.
    fn take_way(&self, live: &mut Live, by: &Attribution, asked_us: u64) -> Way {
        self.turn_back(live, (ENDPOINT_ROLLED_BACK, by, None), flip);
        let since = || self.now_us().saturating_sub(asked_us);
        let served_us = since();
        Way { served_us, stored_us: self.save(live).then(since) }
    }

    /// Ends a drill whose time is over. One that could not be stored is not left as it is.
    pub(super) fn end_drill_in_time(&self, live: &mut Live) {
        let is_over = |drilling: &Drilling| self.now_us() >= drilling.ends_us();
        if live.drilling.as_ref().is_some_and(is_over) || !live.unsaved.is_empty() {
            self.end_drill(live, None);
        }
    }

    /// Goes back to the release that was stable, and writes down how it went.
    pub(super) fn end_drill(&self, live: &mut Live, cut_short: Option<String>) {
        let Some(by) = live.drilling.as_ref().map(|drilling| drilling.by.clone()) else { return };
        let by = Attribution::new(by.actor(), IS_OVER, self.ports.clock.now()).unwrap_or(by);
        let way = self.take_way(live, &by, self.now_us());
        if let Some(drilling) = live.drilling.take() {
            self.write_down(live, Drilling { back: Some(way), ..drilling }, cut_short);
            self.save(live);
        }
    }

    /// Puts the event of a drill that is over among what is to be stored.
    pub(super) fn write_down(
        &self,
        live: &mut Live,
        drilling: Drilling,
        cut_short: Option<String>,
    ) {
        let name = live.name.as_str();
        let drill = drilling.measured(name, self.now_us(), cut_short).judged();
        if !drill.passed {
            tracing::warn!(endpoint = name, why = drill.why, "a drill of the way back failed");
        }
        let Drilling { by, to, told, .. } = drilling;
        let at = self.ports.clock.now();
        let by = Attribution::new(by.actor(), by.reason(), at).unwrap_or(by);
        let mut body = live.told(None);
        body["drilled"] = serde_json::json!(drill);
        match NewEvent::new(ENDPOINT_DRILLED, name, &body) {
            Ok(event) => live.unsaved.push((event, by.clone())),
            Err(error) => tracing::error!(%error, endpoint = name, "a drill has no event"),
        }
        live.last_drill = Some(Last { at, actor: by.actor().to_owned() });
        live.ended.push(Ended { drill, to: to.0.release.id().clone(), by, told });
    }

    /// Signs what came of drills, and tells who waits for it. Nothing else waits meanwhile.
    pub(super) fn attest_drills(&self, name: &str) -> Result<(), Error> {
        for ended in self.with(name, |live| Ok(std::mem::take(&mut live.ended)))? {
            let attested = self.attest_drill(&ended);
            if let Err(error) = &attested {
                let why = chain(&**error);
                tracing::warn!(endpoint = name, why, "nothing is signed about a drill");
            }
            let not_attested = attested.as_ref().err().map(|error| chain(&**error));
            let Ended { drill, told, .. } = ended;
            told.send_replace(Some(Drilled { drill, attestation: attested.ok(), not_attested }));
        }
        Ok(())
    }

    fn attest_drill(&self, ended: &Ended) -> Result<i64, Cause> {
        let Ended { drill, to, by, .. } = ended;
        let (key, said) = (self.ports.signer.key()?, statement::drill(drill)?);
        Ok(self.ports.shelf.attest(to, &said, &key, by)?.event)
    }

    /// Ends every drill, for the server ends.
    pub(super) fn end_drills(&self) {
        for name in self.names(|live| live.drilling.is_some() || !live.ended.is_empty()) {
            let ended = self.with(&name, |live| {
                self.end_drill(live, Some("the server was stopped".to_owned()));
                Ok(())
            });
            if let Err(error) = ended.and_then(|()| self.attest_drills(&name)) {
                tracing::warn!(endpoint = name, %error, "a drill did not end");
            }
        }
    }

    /// Ends a drill that a restart cut short, with the release that was stable before it.
    pub(super) fn end_drill_after_restart(&self, live: &mut Live, event: &Unfinished) {
        let Ok(by) = Attribution::new(&event.actor, &event.reason, event.at) else { return };
        let Some(mut drilling) = Drilling::new(live, &by, (self.now_us(), 0)) else {
            return tracing::error!(
                endpoint = %live.name,
                "a drill was cut short, and the release that was stable before it does not load"
            );
        };
        // Stable is the release that was gone back to.
        std::mem::swap(&mut drilling.from, &mut drilling.to);
        live.drilling = Some(drilling);
        self.end_drill(live, Some("a restart cut it short".to_owned()));
    }
}

/// Whether the way back can be drilled now.
fn may_drill(live: &Live) -> Result<(), Error> {
    if live.drilling.is_some() {
        let hint = "it ends by itself; `shipworthy status ENDPOINT` says when";
        return Err(Error::refused("a drill is under way already", hint));
    }
    if live.is_stopped {
        let hint = "`shipworthy resume ENDPOINT` lets it answer again";
        return Err(Error::refused("the endpoint is stopped: nobody would see the drill", hint));
    }
    if !live.unsaved.is_empty() {
        return Err(NOT_STORED.into());
    }
    if live.rollout.as_ref().is_some_and(|rollout| !Rollout::is_over(rollout)) {
        let hint = "drill when it is done: `shipworthy status ENDPOINT` says how far it is";
        return Err(Error::refused("a rollout is under way", hint));
    }
    live.previous.as_ref().map(|_| ()).ok_or_else(nowhere)
}

fn nowhere() -> Error {
    let hint = "deploy another release first: the one that it takes the place of stays loaded";
    Error::refused("there is nothing to roll back to", hint)
}
