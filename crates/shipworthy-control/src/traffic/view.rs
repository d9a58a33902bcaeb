//! An endpoint as commands, pages and programs see it.

use serde::Serialize;
use shipworthy_core::rollout::{Finding, Rollout, Stage, Strategy};
use shipworthy_rows::Timestamp;
use shipworthy_serving::{Deployed, PairedCounts};

use super::live::Live;
use super::{Error, Traffic};

/// An endpoint at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// Its name.
    pub endpoint: String,
    /// The releases in its slots.
    pub slots: Slots,
    /// The rollout that is under way, or the last one.
    pub rollout: Option<RolloutView>,
    /// What the shadow answered beside stable, since it became the candidate.
    pub shadow: Option<PairedCounts>,
    /// The drill that is under way.
    pub drill: Option<DrillView>,
    /// Whether the kill switch is on.
    pub stopped: bool,
    /// Whether what is served is stored too.
    pub saved: bool,
    /// Seconds for which no rollout begins.
    pub cooling_seconds: u64,
}

/// The releases of an endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Slots {
    /// The one that callers rely on.
    pub stable: Option<SlotView>,
    /// The one on its way there.
    pub candidate: Option<SlotView>,
    /// The one that a rollback returns to.
    pub previous: Option<SlotView>,
}

/// A release in a slot, and what it did since it is loaded there.
#[derive(Clone, Debug, Serialize)]
pub struct SlotView {
    /// Its id.
    pub release: String,
    /// The commit that it follows from.
    pub commit: Option<String>,
    /// Its share of the traffic, in percent.
    pub weight: u8,
    /// Rows with an answer.
    pub answered: u64,
    /// Rows that its contract refused.
    pub refused: u64,
    /// Rows that its model failed to answer.
    pub failed: u64,
    /// The median latency of requests, in microseconds.
    pub p50_us: Option<u64>,
    /// The 99th percentile, in microseconds.
    pub p99_us: Option<u64>,
}

/// A rollout.
#[derive(Clone, Debug, Serialize)]
pub struct RolloutView {
    /// Its name.
    pub id: String,
    /// In which way.
    pub strategy: Strategy,
    /// Where it is: `shadow`, `canary`, `held`, `watching`, `done` or `rolled_back`.
    pub state: &'static str,
    /// The step that it is in, from 0; null when it is in none.
    pub step: Option<usize>,
    /// The shares of its steps, in percent.
    pub steps: Vec<u8>,
    /// The candidate.
    pub candidate: String,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: Timestamp,
    /// Seconds since it came where it is, or since the server's start.
    pub seconds_here: Option<u64>,
    /// Whether it waits for an approval.
    pub needs_approval: bool,
    /// What the last look said.
    pub why: Option<String>,
    /// What each guard found then.
    pub findings: Vec<Finding>,
}

impl View {
    /// The release that a rollback takes the traffic from.
    #[must_use]
    pub fn leaves(&self) -> Option<&str> {
        let slot = self.slots.candidate.as_ref().or(self.slots.stable.as_ref());
        slot.map(|slot| slot.release.as_str())
    }

    /// The release that a rollback gives the traffic to; none where there is nothing to go back to.
    #[must_use]
    pub fn returns_to(&self) -> Option<&str> {
        let Slots { stable, candidate, previous } = &self.slots;
        let slot = if candidate.is_some() { stable } else { previous };
        let release = slot.as_ref()?.release.as_str();
        // A rollout that was rolled back in its steps never took the traffic from anybody.
        let is_back = self
            .rollout
            .as_ref()
            .is_some_and(|rollout| rollout.state == "rolled_back" && rollout.candidate != release);
        (candidate.is_some() || !is_back).then_some(release)
    }
}

/// A drill: the release before stable answers for a while.
#[derive(Clone, Debug, Serialize)]
pub struct DrillView {
    /// The release that is stable again after it.
    pub returns_to: String,
    /// Seconds until then.
    pub seconds_left: u64,
}

impl Traffic {
    /// An endpoint as it is now.
    ///
    /// # Errors
    /// When there is no such endpoint.
    pub fn view(&self, name: &str) -> Result<View, Error> {
        self.with(name, |live| Ok(self.seen(live)))
    }

    /// Every endpoint that can be steered, by name.
    #[must_use]
    pub fn views(&self) -> Vec<View> {
        let live = self.live.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        live.values().map(|live| self.seen(live)).collect()
    }

    pub(super) fn seen(&self, live: &Live) -> View {
        let share = live.rollout.as_ref().map_or(0, Rollout::share);
        let left_us = live.cool_until_us.saturating_sub(self.now_us());
        let has_shadow = live.rollout.as_ref().is_some_and(|r| r.policy.steps.contains(&0));
        View {
            endpoint: live.name.to_string(),
            slots: Slots {
                stable: Some(slot(&live.stable, 100 - share)),
                candidate: live.candidate.as_ref().map(|deployed| slot(deployed, share)),
                previous: live.previous.as_ref().map(|deployed| slot(deployed, 0)),
            },
            rollout: live.rollout.as_ref().map(|rollout| self.rollout(live, rollout)),
            shadow: has_shadow.then(|| live.paired.snapshot()),
            drill: live.drilling.as_ref().map(|drilling| DrillView {
                returns_to: drilling.returns_to().to_string(),
                seconds_left: drilling.ends_us().saturating_sub(self.now_us()).div_ceil(1_000_000),
            }),
            stopped: live.is_stopped,
            saved: live.unsaved.is_empty(),
            cooling_seconds: left_us.div_ceil(1_000_000),
        }
    }

    fn rollout(&self, live: &Live, rollout: &Rollout) -> RolloutView {
        let here = live.watch.as_ref().map(|watch| watch.time_here(self.now_us()).as_secs());
        let verdict = live.verdict.as_ref();
        RolloutView {
            id: rollout.salt.into(),
            strategy: rollout.strategy,
            state: rollout.state(),
            step: match rollout.stage {
                Stage::Step(step) => Some(step),
                _ => None,
            },
            steps: rollout.policy.steps.clone(),
            candidate: rollout.candidate.to_string(),
            started_by: rollout.started_by.clone(),
            started_at: rollout.started_at,
            seconds_here: here,
            needs_approval: !rollout.may_go_on(),
            why: verdict.map(|verdict| verdict.why.clone()),
            findings: verdict.map_or_else(Vec::new, |verdict| verdict.findings.clone()),
        }
    }
}

fn slot(deployed: &Deployed, weight: u8) -> SlotView {
    let sample = deployed.sample();
    SlotView {
        release: deployed.release.id().to_string(),
        commit: deployed.release.commit().map(str::to_owned),
        weight,
        answered: sample.answered,
        refused: sample.refused,
        failed: sample.failed,
        p50_us: sample.latencies.quantile(0.5),
        p99_us: sample.latencies.quantile(0.99),
    }
}
