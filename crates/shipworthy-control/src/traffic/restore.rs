//! Endpoints as they were before a restart.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use shipworthy_core::ReleaseId;
use shipworthy_core::rollout::{Rollout, Stage};
use shipworthy_serving::{Deployed, Endpoint, Paired};
use shipworthy_store::event::ROLLOUT_ROLLED_BACK;
use shipworthy_store::{Attribution, EndpointName};

use super::drill::QUIET_AFTER_START;
use super::live::Live;
use super::watch::{Watch, micros};
use super::{Error, Traffic};

impl Traffic {
    /// Takes the steering of endpoints that are to be served: those that control state knows go on
    /// where they were, with their rollout, and come back as requests are to see them. Others, of
    /// bare model files, come back as they are, and cannot be steered.
    ///
    /// A rollout begins its step anew, with fresh evidence. One whose candidate does not load any
    /// more is rolled back, and that is recorded.
    ///
    /// # Errors
    /// When control state cannot be read.
    pub fn take_over(
        &self,
        endpoints: BTreeMap<String, Endpoint>,
    ) -> Result<BTreeMap<String, Endpoint>, Error> {
        let endpoints = endpoints.into_iter().map(|(name, endpoint)| {
            let endpoint = match self.restored(&name, &endpoint)? {
                None => endpoint,
                Some(live) => {
                    let served = live.served(&endpoint);
                    let mut lives = self.live.lock().unwrap_or_else(PoisonError::into_inner);
                    lives.insert(name.clone(), live);
                    served
                }
            };
            Ok((name, endpoint))
        });
        endpoints.collect()
    }

    fn restored(&self, name: &str, endpoint: &Endpoint) -> Result<Option<Live>, Error> {
        let Some(stored) = self.ports.shelf.store.endpoint(name)? else { return Ok(None) };
        if stored.stable.as_ref() != Some(endpoint.stable.release.id()) {
            return Ok(None);
        }
        let Ok(endpoint_name) = EndpointName::parse(name) else { return Ok(None) };
        let rollout = stored.rollout.as_deref().and_then(|text| {
            let read = serde_json::from_str::<Rollout>(text);
            read.inspect_err(|error| {
                tracing::error!(%error, endpoint = name, "the stored rollout cannot be read");
            })
            .ok()
        });
        let (last_drill, unfinished) = self.drills_before(name)?;
        let mut live = Live {
            name: endpoint_name,
            revision: stored.revision,
            stable: endpoint.stable.clone(),
            candidate: None,
            previous: stored.previous.as_ref().and_then(|id| self.loaded(name, id).ok()),
            rollout,
            is_stopped: stored.stopped,
            paired: Arc::<Paired>::default(),
            warmed: None,
            watch: None,
            verdict: None,
            cool_until_us: 0,
            unsaved: Vec::new(),
            drilling: None,
            ended: Vec::new(),
            last_drill,
            drills_from_us: self.now_us().saturating_add(micros(QUIET_AFTER_START)),
        };
        self.resume_rollout(&mut live, stored.candidate.as_ref());
        if let Some(unfinished) = unfinished {
            self.end_drill_after_restart(&mut live, &unfinished);
        }
        Ok(Some(live))
    }

    fn resume_rollout(&self, live: &mut Live, candidate: Option<&ReleaseId>) {
        let now_us = self.now_us();
        let Some(rollout) = live.rollout.clone() else { return };
        let is_right = rollout.stable == *live.stable.release.id()
            && candidate.is_some_and(|id| *id == rollout.candidate);
        match rollout.stage {
            Stage::Step(_) => {
                let found = candidate.filter(|_| is_right);
                let found = found.ok_or_else(|| "another release was made stable".to_owned());
                let loaded = found.and_then(|id| self.loaded(live.name.as_str(), id));
                match loaded {
                    Ok(candidate) => live.candidate = Some(candidate),
                    Err(why) => return self.give_up(live, &rollout, &why),
                }
            }
            Stage::RolledBack if rollout.cooling => {
                live.cool_until_us = now_us.saturating_add(micros(rollout.policy.cool_down));
            }
            Stage::Watching if live.previous.is_none() => return self.let_be(live, &rollout),
            Stage::Watching | Stage::Done | Stage::RolledBack => {}
        }
        live.watch = live
            .sides()
            .map(|(candidate, stable)| Watch::new(candidate, stable, &live.paired, now_us));
    }

    /// Ends a rollout that cannot go on after a restart.
    fn give_up(&self, live: &mut Live, rollout: &Rollout, why: &str) {
        let why = format!("after a restart the candidate cannot serve: {why}");
        tracing::error!(endpoint = %live.name, why, "the rollout is rolled back");
        if let Some(rollout) = &mut live.rollout {
            rollout.stage = Stage::RolledBack;
        }
        let why: String = why.chars().take(400).collect();
        match Attribution::new(&rollout.started_by, &why, self.ports.clock.now()) {
            Ok(by) => drop(self.go_back(live, (ROLLOUT_ROLLED_BACK, &by, None), |_| {})),
            Err(error) => tracing::error!(%error, "the end of a rollout has no event"),
        }
    }

    /// Ends a rollout that has nothing to go back to any more, whatever would be seen of it.
    fn let_be(&self, live: &mut Live, rollout: &Rollout) {
        let why = "after a restart the release before it does not load: there is no way back";
        let by = Attribution::new(&rollout.started_by, why, self.ports.clock.now());
        let ended = by.map_err(Error::from).and_then(|by| {
            let action = rollout.forward();
            self.forward(live, action, &by, None)
        });
        if let Err(error) = ended {
            tracing::error!(endpoint = %live.name, %error, "a rollout without a way back stays");
        }
    }

    fn loaded(&self, endpoint: &str, id: &ReleaseId) -> Result<Deployed, String> {
        let loaded = self.ports.shelf.load_to_serve(id);
        let loaded = loaded.map(|(release, _)| Deployed::new(Arc::new(release)));
        loaded.map_err(|error| {
            let why = crate::plane::chain(&error);
            tracing::error!(endpoint, release = %id, why, "a kept release does not load");
            why
        })
    }
}
