//! An endpoint in memory: what is in its slots, and how far its rollout is.

use std::sync::Arc;

use serde_json::{Value, json};
use shipworthy_core::rollout::{Evidence, Rollout, Stage, Verdict};
use shipworthy_serving::{Candidate, Deployed, Endpoint, Paired, Warmed};
use shipworthy_store::{Attribution, EndpointChange, EndpointName, NewEvent};

use super::drill::{Drilling, Ended, Last};
use super::watch::{Watch, counted};

/// An endpoint of this server.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) name: EndpointName,
    /// Of what is stored.
    pub(super) revision: i64,
    pub(super) stable: Deployed,
    pub(super) candidate: Option<Deployed>,
    pub(super) previous: Option<Deployed>,
    pub(super) rollout: Option<Rollout>,
    pub(super) is_stopped: bool,
    /// What the candidate answered as a shadow, beside what stable answered.
    pub(super) paired: Arc<Paired>,
    /// What the candidate answered before its rollout began, since the last restart.
    pub(super) warmed: Option<Warmed>,
    /// What is seen of the rollout, until it is over.
    pub(super) watch: Option<Watch>,
    /// The last verdict on the rollout.
    pub(super) verdict: Option<Verdict>,
    /// Until when no rollout begins, by the clock that never jumps.
    pub(super) cool_until_us: u64,
    /// What was done and is not stored yet, oldest first.
    pub(super) unsaved: Vec<(NewEvent, Attribution)>,
    /// The drill that is under way.
    pub(super) drilling: Option<Drilling>,
    /// Drills that are over, of which nothing is signed yet.
    pub(super) ended: Vec<Ended>,
    /// The drill before.
    pub(super) last_drill: Option<Last>,
    /// From when on it is looked whether a drill is due, by the clock that never jumps.
    pub(super) drills_from_us: u64,
}

impl Live {
    /// The whole of it, as it is to be stored.
    pub(super) fn change(&self) -> EndpointChange {
        let id = |deployed: &Deployed| deployed.release.id().clone();
        EndpointChange {
            name: self.name.clone(),
            expected_revision: self.revision,
            stable: id(&self.stable),
            candidate: self.candidate.as_ref().map(id),
            previous: self.previous.as_ref().map(id),
            rollout: self
                .rollout
                .as_ref()
                .map(|rollout| serde_json::to_string(rollout).expect("a rollout has a JSON form")),
            stopped: self.is_stopped,
        }
    }

    /// The same endpoint as requests see it; what a reload decides is kept.
    pub(super) fn served(&self, before: &Endpoint) -> Endpoint {
        Endpoint {
            stable: self.stable.clone(),
            candidate: self.candidate.as_ref().zip(self.rollout.as_ref()).map(
                |(deployed, rollout)| Candidate {
                    deployed: deployed.clone(),
                    percent: rollout.share(),
                    salt: rollout.salt,
                    is_shadow: rollout.is_shadow(),
                    paired: Arc::clone(&self.paired),
                },
            ),
            previous: self.previous.clone(),
            is_stopped: self.is_stopped,
            ..before.clone()
        }
    }

    /// What is to be found good or bad now, and what it is held against.
    pub(super) fn sides(&self) -> Option<(&Deployed, &Deployed)> {
        match self.rollout.as_ref()?.stage {
            Stage::Step(_) => Some((self.candidate.as_ref()?, &self.stable)),
            Stage::Watching => Some((&self.stable, self.previous.as_ref()?)),
            Stage::Done | Stage::RolledBack => None,
        }
    }

    /// What is known of the rollout at this moment, if one is under way.
    pub(super) fn evidence(&self) -> Option<Evidence> {
        let (rollout, watch) = (self.rollout.as_ref()?, self.watch.as_ref()?);
        Some(watch.evidence(rollout, self.sides()?, &self.paired))
    }

    /// Whether something is to be done or looked at of its own accord.
    pub(super) fn is_busy(&self, now_us: u64) -> bool {
        let has_drill = self.drilling.is_some() || !self.ended.is_empty();
        self.watch.is_some()
            || !self.unsaved.is_empty()
            || has_drill
            || now_us >= self.drills_from_us
    }

    /// Whether a candidate is on its way.
    pub(super) fn is_rolling_out(&self) -> bool {
        self.rollout.as_ref().is_some_and(Rollout::is_in_steps)
    }

    /// The candidate takes the place of stable, and stable that of the release before it.
    pub(super) fn candidate_is_stable(&mut self) {
        if let Some(candidate) = self.candidate.take() {
            if let Some(watch) = &mut self.watch {
                watch.pin(&self.stable);
            }
            self.previous = Some(std::mem::replace(&mut self.stable, candidate));
        }
    }

    /// Stable and the release before it change places; says whether there is one.
    pub(super) fn swap(&mut self) -> bool {
        let Some(previous) = &mut self.previous else { return false };
        std::mem::swap(&mut self.stable, previous);
        true
    }

    /// What an event of the endpoint says: where it is now, and what led there.
    pub(super) fn told(&self, led_by: Option<(&Verdict, &Evidence, u64)>) -> Value {
        let change = self.change();
        let rollout = self.rollout.as_ref();
        let mut body = json!({
            "stable": change.stable.as_str(),
            "candidate": change.candidate.as_ref().map(|id| id.as_str()),
            "previous": change.previous.as_ref().map(|id| id.as_str()),
            "stopped": self.is_stopped,
            "rollout": rollout.map(|rollout| json!({
                "id": rollout.salt,
                "strategy": rollout.strategy,
                "state": rollout.state(),
                "stage": rollout.stage,
                "share": rollout.share(),
                "candidate": rollout.candidate.as_str(),
                "steps": rollout.policy.steps,
                "warmed": self.warmed,
            })),
        });
        let paired = counted(&self.paired);
        if rollout.is_some() && paired.rows > 0 {
            body["rollout"]["paired"] = json!(paired);
        }
        if let Some(drilling) = &self.drilling {
            body["drill"] = drilling.way().into();
        }
        if let Some((verdict, evidence, now_us)) = led_by {
            body["verdict"] = json!(verdict);
            body["evidence"] = json!(evidence);
            body["now_us"] = json!(now_us);
        }
        body
    }
}
