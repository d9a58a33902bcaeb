//! Drills of the way back, by a simulated clock.

mod schedule;

use std::sync::atomic::{AtomicU64, Ordering};

use shipworthy_core::attestation::predicate;
use shipworthy_core::drill::{Drill, MAX_SERVED_US};

use super::harm::BREAKS;
use super::*;

/// Signs nothing.
struct NoKey;

impl Signer for NoKey {
    fn key(&self) -> Result<SigningKey, Cause> {
        Err("the state directory has no key of its own".into())
    }
}

/// A clock that goes on whenever it is looked at.
#[derive(Default)]
struct Slow(AtomicU64);

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn monotonic_us(&self) -> u64 {
        self.0.fetch_add(MAX_SERVED_US + 1, Ordering::Relaxed)
    }
}

/// The good release is stable, and the one before it loaded.
fn drillable() -> Bench {
    let bench = Bench::new(RolloutPolicy { watch: Duration::ZERO, ..policy() });
    bench.becomes_stable(&bench.good);
    bench
}

impl Bench {
    fn becomes_stable(&self, release: &ReleaseId) {
        self.deploy(release, Strategy::Canary).unwrap();
        self.traffic.promote(NAME, &by("ana")).unwrap();
        self.traffic.promote(NAME, &by("ana")).unwrap();
        assert_eq!(self.later(1).rollout.unwrap().state, "done");
    }

    fn drill(&self) -> Awaited {
        self.traffic.drill(NAME, 5, &by("ana")).unwrap()
    }

    fn no_drill(&self) -> String {
        self.traffic.drill(NAME, 5, &by("ana")).unwrap_err().to_string()
    }

    fn stable(&self) -> String {
        self.view().slots.stable.unwrap().release
    }

    /// What the events of drills tell, oldest first.
    fn drills(&self) -> Vec<Drill> {
        let events = self.shelf.store.events_of(NAME, None, 100).unwrap().into_iter().rev();
        let bodies = events.filter(|event| event.kind == "endpoint.drilled");
        let bodies = bodies.map(|event| serde_json::from_str::<Value>(&event.body).unwrap());
        bodies.map(|body| serde_json::from_value(body["drilled"].clone()).unwrap()).collect()
    }

    /// The last events, oldest first, each with its reason.
    fn last(&self, count: u32) -> Vec<(String, String)> {
        let events = self.shelf.store.events_of(NAME, None, count).unwrap().into_iter().rev();
        events.map(|event| (event.kind, event.reason)).collect()
    }
}

fn over(awaited: &Awaited) -> Drilled {
    awaited.borrow().clone().expect("the drill is over")
}

#[tokio::test]
async fn a_drill_goes_back_serves_goes_forward_and_signs_what_it_saw() {
    let bench = drillable();
    let awaited = bench.drill();
    let drill = bench.view().drill.unwrap();
    assert_eq!((drill.returns_to.as_str(), drill.seconds_left), (bench.good.as_str(), 5));
    assert_eq!(bench.ask(20).await, BTreeMap::from([(bench.stable.to_string(), 20)]));
    assert_eq!(bench.later(4).slots.stable.unwrap().release, bench.stable.as_str());
    assert!(awaited.borrow().is_none());

    let view = bench.later(1);
    assert_eq!(view.slots.stable.unwrap().release, bench.good.as_str());
    assert_eq!(view.slots.previous.unwrap().release, bench.stable.as_str());
    assert!(view.drill.is_none());
    assert_eq!(view.rollout.unwrap().state, "done");
    assert_eq!(bench.ask(5).await, BTreeMap::from([(bench.good.to_string(), 5)]));
    let Drilled { drill, attestation, not_attested } = over(&awaited);
    assert!(drill.passed && not_attested.is_none(), "{drill:?}");
    assert_eq!(
        (&*drill.measured.from, &*drill.measured.to),
        (bench.good.as_str(), bench.stable.as_str())
    );
    assert_eq!(drill.measured.lasted_us, 5_000_000);
    let answered: Vec<u64> = drill.measured.rows.iter().map(|rows| rows.answered).collect();
    assert_eq!(answered, [0, 20]);

    let told = |kind: &str, why: &str| (kind.to_owned(), why.to_owned());
    let history = [
        told("endpoint.rolled_back", "a test"),
        told("endpoint.rolled_back", "the drill is over"),
        told("endpoint.drilled", "a test"),
    ];
    assert_eq!(bench.last(3), history);
    assert_eq!(bench.drills(), std::slice::from_ref(&drill));
    let said = bench.shelf.statements(&bench.stable).unwrap().pop().unwrap();
    assert_eq!(said.stored.predicate_type, predicate::ROLLBACK_DRILL);
    assert_eq!(Some(said.stored.event), attestation);
    assert_eq!(said.attested.statement.predicate, serde_json::to_value(&drill).unwrap());
    bench.shelf.verify(&bench.stable).unwrap();
}

#[tokio::test]
async fn a_drill_is_refused_where_it_would_say_nothing() {
    let fresh = Bench::new(policy());
    assert_eq!(fresh.no_drill(), "there is nothing to roll back to");
    fresh.deploy(&fresh.good, Strategy::Canary).unwrap();
    assert_eq!(fresh.no_drill(), "a rollout is under way");
    fresh.traffic.promote(NAME, &by("ana")).unwrap();
    fresh.traffic.promote(NAME, &by("ana")).unwrap();
    assert_eq!(fresh.state(), "watching");
    assert_eq!(fresh.no_drill(), "a rollout is under way");

    let bench = drillable();
    bench.traffic.stop(NAME, &by("ana")).unwrap();
    assert!(bench.no_drill().starts_with("the endpoint is stopped"));
    bench.traffic.resume(NAME, &by("ana")).unwrap();
    let _awaited = bench.drill();
    assert_eq!(bench.no_drill(), "a drill is under way already");
    assert!(bench.traffic.drill("nobody", 5, &by("ana")).is_err());
}

#[tokio::test]
async fn who_rolls_back_or_stops_during_a_drill_has_the_last_word() {
    let bench = drillable();
    let awaited = bench.drill();
    bench.traffic.rollback(NAME, None, &by("cem")).unwrap();
    assert_eq!(bench.stable(), bench.good.to_string());
    bench.later(6);
    assert_eq!(bench.stable(), bench.good.to_string(), "the drill does nothing more");
    let drill = over(&awaited).drill;
    assert!(!drill.passed && drill.measured.back.is_none());
    assert_eq!(drill.why, "`cem` acted meanwhile: endpoint.rolled_back");

    let awaited = bench.drill();
    bench.traffic.stop(NAME, &by("cem")).unwrap();
    let view = bench.later(6);
    assert!(view.stopped && view.drill.is_none());
    assert_eq!(view.slots.stable.unwrap().release, bench.stable.as_str(), "as it was stopped");
    assert_eq!(over(&awaited).drill.why, "`cem` acted meanwhile: endpoint.stopped");
    let kinds: Vec<_> = bench.last(3).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["endpoint.rolled_back", "endpoint.stopped", "endpoint.drilled"]);
}

#[tokio::test]
async fn a_deploy_during_a_drill_begins_beside_the_release_that_was_stable() {
    let bench = drillable();
    let awaited = bench.drill();
    bench.deploy(&bench.strict, Strategy::Canary).unwrap();
    let view = bench.later(6);
    assert_eq!(view.rollout.unwrap().state, "canary");
    assert_eq!(view.slots.stable.unwrap().release, bench.good.as_str());
    assert_eq!(view.slots.candidate.unwrap().release, bench.strict.as_str());
    let drill = over(&awaited).drill;
    assert_eq!(drill.why, "`ana` deployed a release meanwhile");
    assert!(!drill.passed && drill.measured.back.is_some());
}

#[tokio::test]
async fn a_crash_in_a_drill_is_told_and_the_release_from_before_serves_again() {
    let mut bench = drillable();
    let _lost = bench.drill();
    let stored = bench.shelf.store.endpoint(NAME).unwrap().unwrap();
    assert_eq!(stored.stable.as_ref(), Some(&bench.stable), "a crash now leaves this");
    bench.restart();
    assert_eq!(bench.ask(10).await, BTreeMap::from([(bench.good.to_string(), 10)]));
    let stored = bench.shelf.store.endpoint(NAME).unwrap().unwrap();
    assert_eq!(stored.stable.as_ref(), Some(&bench.good));
    let drill = bench.drills().pop().unwrap();
    assert_eq!((drill.passed, drill.why.as_str()), (false, "a restart cut it short"));
    assert_eq!(
        (&*drill.measured.from, &*drill.measured.to),
        (bench.good.as_str(), bench.stable.as_str())
    );
    bench.later(1);
    let said = bench.shelf.statements(&bench.stable).unwrap().pop().unwrap();
    assert_eq!(said.attested.statement.predicate["passed"], false);
    bench.restart();
    assert_eq!((bench.stable(), bench.drills().len()), (bench.good.to_string(), 1));
}

#[tokio::test]
async fn a_server_that_ends_ends_its_drill() {
    let bench = drillable();
    let awaited = bench.drill();
    bench.traffic.end_drills();
    assert_eq!(bench.stable(), bench.good.to_string());
    let drilled = over(&awaited);
    assert_eq!(drilled.drill.why, "the server was stopped");
    assert!(drilled.attestation.is_some());
}

#[tokio::test]
async fn a_drill_that_is_not_stored_goes_back_at_once_and_does_not_pass() {
    let bench = drillable();
    // The store takes nothing of somebody whom it does not know.
    let awaited = bench.traffic.drill(NAME, 5, &by("dan")).unwrap();
    assert_eq!(bench.stable(), bench.stable.to_string(), "it is served all the same");
    let view = bench.later(0);
    assert_eq!((view.slots.stable.unwrap().release, view.saved), (bench.good.to_string(), false));
    let drilled = over(&awaited);
    assert!(!drilled.drill.passed);
    let why = "the way there could not be stored at once; the way back could not be stored at once";
    assert_eq!(drilled.drill.why, why);
    assert!(drilled.not_attested.unwrap().contains("no token is called `dan`"));
    assert_eq!(bench.no_drill(), "what was done last is served, and could not be stored yet");

    bench.knows("dan");
    assert!(bench.later(0).saved);
    let kinds: Vec<_> = bench.last(3).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["endpoint.rolled_back", "endpoint.rolled_back", "endpoint.drilled"]);
}

#[tokio::test]
async fn a_drill_that_is_slow_does_not_pass() {
    let mut bench = drillable();
    bench.restart_with(|ports| ports.clock = Arc::new(Slow::default()));
    let awaited = bench.drill();
    while awaited.borrow().is_none() {
        bench.traffic.look();
    }
    let drill = over(&awaited).drill;
    assert!(!drill.passed && drill.why.starts_with("the way there took "), "{}", drill.why);
}

#[tokio::test]
async fn a_drill_to_a_release_that_fails_on_rows_does_not_pass() {
    let bench = Bench::new(RolloutPolicy { watch: Duration::ZERO, ..policy() });
    bench.becomes_stable(&bench.harmed);
    bench.becomes_stable(&bench.good);
    bench.harm.begin(BREAKS);
    let awaited = bench.drill();
    bench.ask(20).await;
    bench.later(5);
    let drill = over(&awaited).drill;
    let rows: Vec<_> =
        drill.measured.rows.iter().map(|rows| (rows.answered, rows.failed)).collect();
    assert_eq!((drill.passed, rows), (false, vec![(0, 0), (0, 20)]));
    assert_eq!(drill.why, "the model failed on 20 rows meanwhile");
    assert_eq!(bench.stable(), bench.good.to_string());
}

#[tokio::test]
async fn without_a_key_the_event_stands_alone_and_that_is_told() {
    let mut bench = drillable();
    bench.restart_with(|ports| ports.signer = Arc::new(NoKey));
    let awaited = bench.drill();
    bench.later(5);
    let drilled = over(&awaited);
    assert!(drilled.drill.passed && drilled.attestation.is_none());
    assert_eq!(drilled.not_attested.unwrap(), "the state directory has no key of its own");
    assert_eq!(bench.drills().len(), 1);
}
