//! What an endpoint's events tell about how releases came to callers, and back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use shipworthy_core::checklist::{Bypass, DeploymentFacts, DrillFacts, Finished, Shadowed};
use shipworthy_core::drill::Drill;
use shipworthy_core::rollout::{Paired, Stage, Strategy};
use shipworthy_rows::Timestamp;
use shipworthy_store::event::{
    ENDPOINT_DRILLED, ENDPOINT_STABLE_SET, ROLLOUT_ADVANCED, ROLLOUT_FINISHED,
};
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Event, Store, store};

use crate::project::Rollout as Declaration;

/// What the events of an endpoint have that the checklist asks about.
#[derive(Deserialize)]
struct Body {
    stable: Option<String>,
    previous: Option<String>,
    rollout: Option<OfRollout>,
    #[serde(default)]
    verdict: Value,
    drilled: Option<Drill>,
}

#[derive(Deserialize)]
struct OfRollout {
    id: String,
    strategy: Strategy,
    stage: Stage,
    candidate: String,
    #[serde(default)]
    steps: Vec<u8>,
    paired: Option<Paired>,
}

/// What the checklist asks of an endpoint's traffic: what its last 500 events tell, held against
/// what is declared.
///
/// # Errors
/// When control state cannot be reached.
pub fn deployment_facts(
    store: &dyn Store,
    endpoint: &str,
    declared: &Declaration,
    now: Timestamp,
) -> Result<DeploymentFacts, store::Error> {
    let stable = store.endpoint(endpoint)?.and_then(|endpoint| endpoint.stable);
    let stable = stable.as_ref().map(|id| id.as_str());
    let mut facts = DeploymentFacts {
        declared: declared.declares_anything().then_some(declared.strategy),
        drill_every: declared.drill_every,
        ..DeploymentFacts::default()
    };
    let mut promotions = BTreeMap::<String, usize>::new();
    // Oldest first: what comes later takes the place of what came before.
    for event in store.events_of(endpoint, None, MAX_PAGE_ROWS)?.into_iter().rev() {
        let Ok(body) = serde_json::from_str::<Body>(&event.body) else { continue };
        if let Some(drill) = body.drilled.clone().filter(|_| event.kind == ENDPOINT_DRILLED) {
            let age = Duration::from_micros(now.micros_since(event.at));
            facts.drill = Some(DrillFacts { drill, age });
        }
        if event.kind == ENDPOINT_STABLE_SET {
            facts.bypass = bypass(&event, &body, stable);
        }
        if let Some(rollout) = &body.rollout {
            of_rollout(&event, &body, rollout, (&mut facts, &mut promotions));
        }
    }
    facts.finished.reverse();
    Ok(facts)
}

/// Whether stable came without a rollout in the place of another release. The first release of an
/// endpoint has none to be held against.
fn bypass(event: &Event, body: &Body, stable: Option<&str>) -> Option<Bypass> {
    let release = body.stable.clone().filter(|release| Some(release.as_str()) == stable)?;
    body.previous.as_ref()?;
    Some(Bypass { release, actor: event.actor.clone(), at: event.at })
}

fn of_rollout(
    event: &Event,
    body: &Body,
    rollout: &OfRollout,
    (facts, promotions): (&mut DeploymentFacts, &mut BTreeMap<String, usize>),
) {
    let OfRollout { id, strategy, stage, candidate, steps, paired } = rollout;
    if let Some(Paired { rows, disagreed }) = *paired {
        // Events long after it still tell of it.
        let is_told = |told: &Shadowed| told.release == *candidate && told.rows == rows;
        if !facts.shadowed.as_ref().is_some_and(is_told) {
            let (release, at) = (candidate.clone(), event.at);
            facts.shadowed = Some(Shadowed { release, at, rows, disagreed });
        }
    }
    let goes_on = event.kind == ROLLOUT_ADVANCED || event.kind == ROLLOUT_FINISHED;
    if goes_on && *stage != Stage::Done && body.verdict.is_null() {
        *promotions.entry(id.clone()).or_default() += 1;
    }
    if event.kind == ROLLOUT_FINISHED && *stage == Stage::Watching {
        facts.bypass = None;
        facts.finished.retain(|finished| finished.strategy != *strategy);
        facts.finished.push(Finished {
            strategy: *strategy,
            release: candidate.clone(),
            at: event.at,
            steps: steps.clone(),
            by_hand: promotions.get(id).copied().unwrap_or(0),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shipworthy_store::{
        Attribution, EndpointName, NewEvent, NewRelease, NewToken, ReleaseId, Reproducibility,
        Role, Secret, SqliteStore,
    };

    use super::*;

    const NAME: &str = "late";

    fn by(at: Timestamp) -> Attribution {
        Attribution::new("ana", "a test", at).unwrap()
    }

    /// Two releases, the second of which was made stable over the first.
    fn store() -> (tempfile::TempDir, SqliteStore, [String; 2]) {
        let kept = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&kept.path().join("state.db")).unwrap();
        let token = NewToken::new("ana", Role::Operator, &Secret::from_random([1; 32])).unwrap();
        let by = by(Timestamp::from_millis(0));
        store.create_token(&token, &by).unwrap();
        let ids = [1, 2].map(|byte| {
            let id = ReleaseId::from_sha256(&[byte; 32]);
            let release = NewRelease::new(id.clone(), "{}", Reproducibility::Reproducible).unwrap();
            store.insert_release(&release, &by).unwrap();
            store.set_stable(&EndpointName::parse(NAME).unwrap(), &id, &by).unwrap();
            id.to_string()
        });
        (kept, store, ids)
    }

    fn facts(store: &SqliteStore, declared: &Declaration) -> DeploymentFacts {
        deployment_facts(store, NAME, declared, Timestamp::from_millis(5_000)).unwrap()
    }

    #[test]
    fn a_release_that_was_set_over_another_came_past_a_rollout() {
        let (_kept, store, [_, second]) = store();
        let bypass = facts(&store, &Declaration::default()).bypass.unwrap();
        assert_eq!((bypass.release, bypass.actor.as_str()), (second, "ana"));
        assert_eq!(facts(&store, &Declaration::default()).declared, None);
        let strategy = Strategy::BlueGreen;
        let declared = Declaration { strategy, ..Declaration::default() };
        assert_eq!(facts(&store, &declared).declared, Some(strategy));
        let nobody = deployment_facts(&store, "nobody", &declared, Timestamp::from_millis(0));
        assert_eq!(nobody.unwrap().bypass, None);
    }

    #[test]
    fn what_rollouts_did_is_read_from_their_events() {
        let (_kept, store, [first, second]) = store();
        let tell = |kind: &str, seconds: i64, (id, stage, verdict): (&str, Value, Value)| {
            let body = json!({
                "stable": second, "verdict": verdict,
                "rollout": {"id": id, "strategy": "canary", "stage": stage, "candidate": second,
                    "steps": [5, 100], "paired": {"rows": 7, "disagreed": 1}},
            });
            let event = NewEvent::new(kind, NAME, &body).unwrap();
            store.record_event(&event, &by(Timestamp::from_millis(seconds * 1_000))).unwrap();
        };
        tell(ROLLOUT_ADVANCED, 1, ("a", json!({"step": 1}), Value::Null));
        tell(ROLLOUT_FINISHED, 2, ("a", json!("watching"), json!({"action": "finish"})));
        tell(ROLLOUT_FINISHED, 3, ("a", json!("done"), json!({"action": "finish"})));
        let found = facts(&store, &Declaration::default());
        assert_eq!(found.bypass, None, "it came by a rollout since");
        let [finished] = found.finished.as_slice() else { panic!("{:?}", found.finished) };
        assert_eq!((finished.by_hand, finished.at), (1, Timestamp::from_millis(2_000)));
        assert_eq!((&finished.release, finished.steps.as_slice()), (&second, [5, 100].as_slice()));
        let shadowed = found.shadowed.unwrap();
        assert_eq!((shadowed.rows, shadowed.at), (7, Timestamp::from_millis(1_000)));
        assert_ne!(first, second);
    }
}
