//! Drills that nobody asks for: `drill_every` in `[rollout]`, and how drills went before a restart.

use std::time::Duration;

use serde_json::Value;
use shipworthy_rows::Timestamp;
use shipworthy_store::event::{ENDPOINT_DRILLED, ENDPOINT_ROLLED_BACK};
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Attribution, Event};

use super::{USUAL_SECONDS, may_drill};
use crate::traffic::live::Live;
use crate::traffic::watch::micros;
use crate::traffic::{Error, Traffic};

/// For so long after a start nothing is drilled: a server that cannot stay up has other worries.
pub(in crate::traffic) const QUIET_AFTER_START: Duration = Duration::from_mins(10);

/// How often it is looked whether a drill is due.
const PERIOD: Duration = Duration::from_mins(1);

/// Why such a drill is begun.
const ON_SCHEDULE: &str = "drill_every in [rollout] asks for it";

/// Pages of events that are searched for the last drill, of 500 each: one is due when none is found.
const MAX_PAGES: usize = 4;

/// The last drill of an endpoint.
#[derive(Clone, Debug)]
pub(in crate::traffic) struct Last {
    pub(in crate::traffic) at: Timestamp,
    /// In whose name.
    pub(in crate::traffic) actor: String,
}

/// A drill whose end is in no event.
pub(in crate::traffic) struct Unfinished {
    pub(in crate::traffic) actor: String,
    pub(in crate::traffic) reason: String,
    pub(in crate::traffic) at: Timestamp,
}

impl Traffic {
    /// Begins the drill that a schedule asks for, if one is due and can begin.
    pub(in crate::traffic) fn drill_on_schedule(&self, live: &mut Live) -> Result<(), Error> {
        let now_us = self.now_us();
        if now_us < live.drills_from_us {
            return Ok(());
        }
        live.drills_from_us = now_us.saturating_add(micros(PERIOD));
        if may_drill(live).is_err() {
            return Ok(());
        }
        let Some(every) = self.ports.declared.rollout(live.name.as_str()).drill_every else {
            return Ok(());
        };
        let now = self.ports.clock.now();
        let is_due = |last: &Last| now.micros_since(last.at) >= micros(every);
        if live.last_drill.as_ref().is_none_or(is_due) {
            let by = Attribution::new(&self.drills_in_name_of(live)?, ON_SCHEDULE, now)?;
            self.begin_drill(live, &by, (now_us, USUAL_SECONDS))?;
            live.drilling.iter_mut().for_each(|drilling| drilling.is_scheduled = true);
        }
        Ok(())
    }

    /// An event's actor is a person's token, never a schedule. It is that of the last drill, who
    /// stood for it; before the first one, that of the endpoint's last event: of the reload that
    /// brought the schedule, or of who brought the release.
    fn drills_in_name_of(&self, live: &Live) -> Result<String, Error> {
        if let Some(last) = &live.last_drill {
            return Ok(last.actor.clone());
        }
        let last = self.ports.shelf.store.events_of(live.name.as_str(), None, 1)?.pop();
        let nobody = || Error::refused("nobody ever acted at the endpoint", "deploy a release");
        Ok(last.ok_or_else(nobody)?.actor)
    }

    /// The last drill, and the one that a crash cut short, as the endpoint's events tell it.
    pub(in crate::traffic) fn drills_before(
        &self,
        name: &str,
    ) -> Result<(Option<Last>, Option<Unfinished>), Error> {
        let (mut before, mut unfinished, mut is_newest) = (None, None, true);
        for _ in 0..MAX_PAGES {
            let page = self.ports.shelf.store.events_of(name, before, MAX_PAGE_ROWS)?;
            before = page.last().map(|event| event.id);
            for event in page {
                if event.kind == ENDPOINT_DRILLED {
                    return Ok((Some(Last { at: event.at, actor: event.actor }), unfinished));
                }
                // An event of a reload says nothing of the slots.
                let body = if is_newest { of_slots(&event) } else { None };
                let Some(body) = body else { continue };
                is_newest = false;
                if event.kind == ENDPOINT_ROLLED_BACK && body["drill"] == "there" {
                    let Event { actor, reason, at, .. } = event;
                    unfinished = Some(Unfinished { actor, reason, at });
                }
            }
            if before.is_none() {
                break;
            }
        }
        Ok((None, unfinished))
    }
}

/// What an event says about the endpoint's slots.
fn of_slots(event: &Event) -> Option<Value> {
    let body: Value = serde_json::from_str(&event.body).ok()?;
    body["stable"].is_string().then_some(body)
}
