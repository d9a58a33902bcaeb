//! What drives rollouts of their own accord: a look at each, several times a second.

use std::sync::Arc;
use std::time::Duration;

use shipworthy_core::rollout::{Action, Stage, decide};
use shipworthy_store::Attribution;
use tokio_util::sync::CancellationToken;

use super::live::Live;
use super::watch::micros;
use super::{Error, Traffic};

/// How rollouts are looked at.
#[derive(Clone, Debug)]
pub struct Options {
    /// Between two looks: a burst of failures is seen within two of them.
    pub interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { interval: Duration::from_millis(200) }
    }
}

/// Looks at every rollout again and again, until the shutdown.
pub async fn run(traffic: Arc<Traffic>, options: Options, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(options.interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            _ = ticks.tick() => {}
        }
        blocking(&traffic, Traffic::look).await;
    }
    blocking(&traffic, Traffic::end_drills).await;
}

/// Storing waits for a disk.
async fn blocking(traffic: &Arc<Traffic>, work: fn(&Traffic)) {
    let traffic = Arc::clone(traffic);
    if let Err(error) = tokio::task::spawn_blocking(move || work(&traffic)).await {
        tracing::error!(%error, "a look at the rollouts did not end");
    }
}

impl Traffic {
    /// Looks at every rollout once, and does what its evidence asks for.
    pub fn look(&self) {
        let now_us = self.now_us();
        for name in self.names(|live| live.is_busy(now_us)) {
            if let Err(error) = self.with(&name, |live| self.look_at(live)) {
                tracing::warn!(endpoint = name, %error, "the rollout could not go on");
            }
            if let Err(error) = self.attest_drills(&name) {
                tracing::warn!(endpoint = name, %error, "the drill could not be told");
            }
        }
    }

    fn look_at(&self, live: &mut Live) -> Result<(), Error> {
        self.save(live);
        if live.drilling.is_some() {
            self.end_drill_in_time(live);
            return Ok(());
        }
        let now_us = self.now_us();
        let Some(rollout) = live.rollout.clone().filter(|rollout| !rollout.is_over()) else {
            return self.drill_on_schedule(live);
        };
        let looked_at = live.sides().map(|(candidate, _)| candidate.clone());
        if let (Some(candidate), Some(watch)) = (looked_at, &mut live.watch) {
            watch.look(&candidate, &rollout.policy.burst, now_us);
        }
        let Some(evidence) = live.evidence() else { return Ok(()) };
        let verdict = decide(&rollout.policy, &evidence, now_us);
        live.verdict = Some(verdict.clone());
        if verdict.action == Action::Hold {
            return Ok(());
        }
        // A rollout acts in the name of who started it.
        let by = Attribution::new(&rollout.started_by, &verdict.why, self.ports.clock.now())?;
        let led_by = Some((&verdict, &evidence, now_us));
        if verdict.action != Action::RollBack {
            return self.forward(live, verdict.action, &by, led_by);
        }
        tracing::warn!(endpoint = %live.name, why = verdict.why, "rolled back");
        self.roll_back(live, &by, led_by)?;
        live.cool_until_us = now_us.saturating_add(micros(rollout.policy.cool_down));
        debug_assert!(live.rollout.as_ref().is_none_or(|r| r.stage == Stage::RolledBack));
        Ok(())
    }
}
