//! What people do to an endpoint's traffic.

use std::sync::Arc;
use std::time::Duration;

use shipworthy_core::ReleaseId;
use shipworthy_core::rollout::{Action, Rollout, Stage, Strategy};
use shipworthy_core::routing::Salt;
use shipworthy_serving::{Deployed, Paired};
use shipworthy_store::Attribution;
use shipworthy_store::event::{
    ENDPOINT_RESUMED, ENDPOINT_ROLLED_BACK, ENDPOINT_STOPPED, ROLLOUT_ADVANCED, ROLLOUT_APPROVED,
    ROLLOUT_FINISHED, ROLLOUT_HELD, ROLLOUT_RESUMED, ROLLOUT_ROLLED_BACK, ROLLOUT_STARTED,
};

use super::live::Live;
use super::watch::Watch;
use super::{Error, LedBy, Traffic};
use crate::statement;

/// What to do about a rollout that is there, or is not.
const BEGIN: &str = "`shipworthy deploy ENDPOINT RELEASE` begins one";

impl Traffic {
    /// Loads a release, verifies it (every byte, every signature, the golden rows), warms it with
    /// recorded traffic, and begins its rollout; by the project's strategy, unless another is given. A candidate that is there may be
    /// deployed again in another way: a shadow as a canary, say.
    ///
    /// # Errors
    /// When the release cannot serve here, lacks a statement that the policy requires, another
    /// rollout is under way or cooling, or it cannot be stored.
    pub fn deploy(
        &self,
        name: &str,
        release: &str,
        strategy: Option<Strategy>,
        by: &Attribution,
    ) -> Result<(), Error> {
        let id = self.ports.shelf.resolve(release)?;
        self.with(name, |live| {
            self.end_drill(live, Some(format!("`{}` deployed a release meanwhile", by.actor())));
            self.may_deploy(live, id.as_str())
        })?;
        self.require(name, &id)?;
        let (release, rounding) = self.ports.shelf.load_to_serve(&id)?;
        if let Some(rounding) = rounding {
            tracing::warn!(%rounding, release = %id, "the candidate rounds otherwise than it did");
        }
        let warmed = self.warm(name, &release);
        let candidate = Deployed::new(Arc::new(release));
        let declared = self.ports.declared.rollout(name);
        let strategy = strategy.unwrap_or(declared.strategy);
        let mut salt = [0; 16];
        self.ports.entropy.fill(&mut salt);
        self.with(name, |live| {
            self.end_drill(live, Some(format!("`{}` deployed a release meanwhile", by.actor())));
            self.may_deploy(live, id.as_str())?;
            fits(&candidate, &live.stable)?;
            let rollout = Rollout {
                salt: Salt::new(salt),
                strategy,
                policy: declared.policy.of(strategy),
                candidate: id.clone(),
                stable: live.stable.release.id().clone(),
                started_by: by.actor().to_owned(),
                started_at: by.at(),
                stage: Stage::Step(0),
                held: false,
                approved: false,
                cooling: false,
            };
            self.go_on(live, (ROLLOUT_STARTED, by, None), |live| {
                let is_previous = |previous: &Deployed| *previous.release.id() == id;
                live.previous = live.previous.take().filter(|previous| !is_previous(previous));
                // What it answered unseen before, beside the same release, still tells of it.
                if live.candidate.as_ref().is_none_or(|before| *before.release.id() != id) {
                    live.paired = Arc::<Paired>::default();
                }
                live.warmed = Some(warmed);
                let now_us = self.now_us();
                live.watch = Some(Watch::new(&candidate, &live.stable, &live.paired, now_us));
                (live.candidate, live.rollout, live.verdict) =
                    (Some(candidate), Some(rollout), None);
                Ok(())
            })
        })
    }

    /// Refuses a release that lacks a statement which the policy requires.
    fn require(&self, name: &str, id: &ReleaseId) -> Result<(), Error> {
        let requires = self.ports.declared.rollout(name).requires;
        if requires.is_empty() {
            return Ok(());
        }
        let said = self.ports.shelf.statements(id)?;
        statement::require(&requires, id, &said)
            .map_err(|lacking| Error::refused(lacking.message, lacking.hint))
    }

    fn may_deploy(&self, live: &Live, id: &str) -> Result<(), Error> {
        let refused = |message: String, hint| Err(Error::refused(message, hint));
        if live.stable.release.id().as_str() == id {
            return refused(format!("{id} is stable already"), "deploy another release");
        }
        let other = live.candidate.as_ref().map(|deployed| deployed.release.id());
        if let Some(other) = other.filter(|other| live.is_rolling_out() && other.as_str() != id) {
            let hint = "promote it to the end, or roll it back first";
            return refused(format!("a rollout of {other} is under way"), hint);
        }
        let left = live.cool_until_us.saturating_sub(self.now_us());
        if left > 0 {
            let seconds = Duration::from_micros(left).as_secs() + 1;
            let message = format!("a rollout was rolled back by itself; {seconds} s of rest left");
            return refused(message, "find out why first: `shipworthy history ENDPOINT`");
        }
        Ok(())
    }

    /// Goes on to the next step, or to the end, without waiting for time, rows or guards; only the
    /// approval that a step needs, and the statements that the policy requires, are needed here too.
    ///
    /// # Errors
    /// When there is no rollout that can go on, a statement is missing by now, or it cannot be
    /// stored.
    pub fn promote(&self, name: &str, by: &Attribution) -> Result<(), Error> {
        self.with(name, |live| {
            let rollout = under_way(live)?;
            if !rollout.is_in_steps() {
                let hint = "it ends by itself, or `shipworthy rollback ENDPOINT` ends it";
                return Err(Error::refused("the candidate is stable already", hint));
            }
            if !rollout.may_go_on() {
                let hint = "somebody with the role `approver` runs `shipworthy approve ENDPOINT`";
                return Err(Error::refused("the next step needs an approval", hint));
            }
            self.require(name, &rollout.candidate)?;
            let action = rollout.forward();
            self.forward(live, action, by, None)
        })
    }

    /// Lets a rollout go on from where it waits for an approval.
    ///
    /// # Errors
    /// When nothing waits for one, or who approves has started the rollout.
    pub fn approve(&self, name: &str, by: &Attribution) -> Result<(), Error> {
        self.with(name, |live| {
            let rollout = under_way(live)?;
            if rollout.may_go_on() {
                let hint = "approvals in [rollout] names the steps that need one";
                return Err(Error::refused("nothing waits for an approval here", hint));
            }
            if rollout.started_by == by.actor() {
                let message = format!("`{}` has started this rollout", by.actor());
                return Err(Error::refused(message, "somebody else must approve it"));
            }
            self.go_on(live, (ROLLOUT_APPROVED, by, None), |live| {
                change(live, |rollout| rollout.approved = true)
            })
        })
    }

    /// Keeps a rollout where it is. Guards still roll it back.
    ///
    /// # Errors
    /// When there is no rollout, or it cannot be stored.
    pub fn hold(&self, name: &str, by: &Attribution) -> Result<(), Error> {
        self.with(name, |live| {
            under_way(live)?;
            self.go_on(live, (ROLLOUT_HELD, by, None), |live| {
                change(live, |rollout| rollout.held = true)
            })
        })
    }

    /// Lets a held rollout go on, and a stopped endpoint answer.
    ///
    /// # Errors
    /// When neither is so, or it cannot be stored.
    pub fn resume(&self, name: &str, by: &Attribution) -> Result<(), Error> {
        self.with(name, |live| {
            if live.is_stopped {
                return self.go_on(live, (ENDPOINT_RESUMED, by, None), |live| {
                    live.is_stopped = false;
                    Ok(())
                });
            }
            if !under_way(live)?.held {
                let hint = "`shipworthy status ENDPOINT` says what it waits for";
                return Err(Error::refused("the rollout is not held", hint));
            }
            self.go_on(live, (ROLLOUT_RESUMED, by, None), |live| {
                change(live, |rollout| rollout.held = false)
            })
        })
    }

    /// The kill switch: no model is asked, until it is resumed. Says whether that is stored.
    ///
    /// # Errors
    /// When there is no such endpoint, or it is stopped already.
    pub fn stop(&self, name: &str, by: &Attribution) -> Result<bool, Error> {
        self.with(name, |live| {
            if live.is_stopped {
                let hint = "`shipworthy resume ENDPOINT` lets it answer again";
                return Err(Error::refused("the endpoint is stopped already", hint));
            }
            Ok(self.go_back(live, (ENDPOINT_STOPPED, by, None), |live| live.is_stopped = true))
        })
    }

    /// Gives all traffic back: of a rollout under way to stable, else to the release before it; a
    /// rollback of that kind is rolled back by the next. `to` another kept release loads and
    /// verifies that first. Says whether it is stored.
    ///
    /// # Errors
    /// When there is nothing to go back to.
    pub fn rollback(&self, name: &str, to: Option<&str>, by: &Attribution) -> Result<bool, Error> {
        match to {
            Some(to) => self.roll_back_to(name, to, by),
            None => self.with(name, |live| self.roll_back(live, by, None)),
        }
    }

    /// As [`Self::rollback`] without `to`, if it takes the traffic from the release `from`. Who acts
    /// on what they saw a moment ago, or twice by mistake, undoes nothing else by that.
    ///
    /// # Errors
    /// As that; and when it would take the traffic from another release by now.
    pub fn rollback_from(&self, name: &str, from: &str, by: &Attribution) -> Result<bool, Error> {
        self.with(name, |live| {
            if self.seen(live).leaves() != Some(from) {
                let message = format!("the traffic of {} has changed since you looked", live.name);
                let hint = "look again: the page and `shipworthy status ENDPOINT` show what a \
                            rollback does now";
                return Err(Error::refused(message, hint));
            }
            self.roll_back(live, by, None)
        })
    }

    fn roll_back_to(&self, name: &str, to: &str, by: &Attribution) -> Result<bool, Error> {
        let id = self.ports.shelf.resolve(to)?;
        self.with(name, |_| Ok(()))?;
        let (release, _) = self.ports.shelf.load_to_serve(&id)?;
        self.warm(name, &release);
        let target = Deployed::new(Arc::new(release));
        self.with(name, |live| {
            if *live.stable.release.id() == id {
                return Err(Error::refused(
                    format!("{id} is stable already"),
                    "name another release",
                ));
            }
            fits(&target, &live.stable)?;
            Ok(self.go_back(live, (ENDPOINT_ROLLED_BACK, by, None), |live| {
                end_rollout(live);
                live.previous = Some(std::mem::replace(&mut live.stable, target));
            }))
        })
    }

    /// As [`Self::rollback`], of its own accord where a verdict asks for it.
    pub(super) fn roll_back(
        &self,
        live: &mut Live,
        by: &Attribution,
        led_by: LedBy<'_>,
    ) -> Result<bool, Error> {
        if live.is_rolling_out() {
            return Ok(self.go_back(live, (ROLLOUT_ROLLED_BACK, by, led_by), end_rollout));
        }
        let stopped_in_steps = live.rollout.as_ref().is_some_and(|rollout| {
            let previous = live.previous.as_ref().map(|previous| previous.release.id());
            rollout.stage == Stage::RolledBack && previous != Some(&rollout.candidate)
        });
        if stopped_in_steps {
            let hint = "deploy the release again, or name another with --to";
            return Err(Error::refused("the last rollout is rolled back already", hint));
        }
        if live.previous.is_none() {
            let hint = "name a kept release with --to; `shipworthy release list` lists them";
            return Err(Error::refused("there is no release before the stable one", hint));
        }
        let kind = if led_by.is_some() { ROLLOUT_ROLLED_BACK } else { ENDPOINT_ROLLED_BACK };
        Ok(self.go_back(live, (kind, by, led_by), flip))
    }

    /// Goes on by `action`: to the next step, or to the end.
    pub(super) fn forward(
        &self,
        live: &mut Live,
        action: Action,
        by: &Attribution,
        led_by: LedBy<'_>,
    ) -> Result<(), Error> {
        let kind = if action == Action::Advance { ROLLOUT_ADVANCED } else { ROLLOUT_FINISHED };
        self.go_on(live, (kind, by, led_by), |live| {
            change(live, |_| {})?;
            let Some(rollout) = &mut live.rollout else { return Ok(()) };
            rollout.take(action)?;
            let stage = rollout.stage;
            if stage == Stage::Watching {
                live.candidate_is_stable();
            }
            let at = self.now_us();
            match (&mut live.watch, &live.candidate) {
                (watch, _) if stage == Stage::Done => *watch = None,
                (Some(watch), Some(candidate)) => watch.next(candidate, &live.paired, at),
                (Some(watch), None) => watch.next(&live.stable, &live.paired, at),
                (None, _) => {}
            }
            Ok(())
        })
    }
}

/// The rollout that is under way.
fn under_way(live: &Live) -> Result<&Rollout, Error> {
    let rollout = live.rollout.as_ref().filter(|rollout| !rollout.is_over());
    rollout.ok_or_else(|| Error::refused("no rollout is under way here", BEGIN))
}

fn change(live: &mut Live, change: impl FnOnce(&mut Rollout)) -> Result<(), Error> {
    let rollout = live.rollout.as_mut();
    change(rollout.ok_or_else(|| Error::refused("no rollout is under way here", BEGIN))?);
    Ok(())
}

/// The candidate answers nobody any more.
fn end_rollout(live: &mut Live) {
    if let Some(rollout) = &mut live.rollout {
        // A rollout that is over stays so.
        let _ = rollout.take(Action::RollBack);
    }
    (live.candidate, live.watch) = (None, None);
}

/// Stable and the release before it change places: a rollout that brought one of them there is
/// rolled back by that, or done once more.
pub(super) fn flip(live: &mut Live) {
    live.swap();
    live.watch = None;
    let stable = live.stable.release.id();
    if let Some(rollout) = &mut live.rollout {
        if rollout.candidate == *stable {
            rollout.stage = Stage::Done;
        } else if rollout.stable == *stable {
            rollout.stage = Stage::RolledBack;
        }
    }
}

/// A candidate answers the same question as stable.
fn fits(candidate: &Deployed, stable: &Deployed) -> Result<(), Error> {
    let (new, old) = (candidate.release.output(), stable.release.output());
    let is_same = match (new, old) {
        (Some(new), Some(old)) => new.task == old.task && new.classes == old.classes,
        (new, old) => new.is_none() && old.is_none(),
    };
    if is_same {
        return Ok(());
    }
    let message = "the release answers another question than stable: its task or classes differ";
    Err(Error::refused(message, "serve it at an endpoint of its own"))
}
