//! The way back while the store takes nothing.

use super::failing::{Failing, Ill};
use super::*;

/// The good release is stable and the one before it loaded, over a store that may fail.
fn failing() -> (Bench, Arc<Failing>) {
    let mut bench = Bench::new(RolloutPolicy { watch: Duration::ZERO, ..policy() });
    let store = Failing::new(Arc::clone(&bench.shelf.store));
    bench.shelf.store = store.clone();
    bench.restart();
    bench.deploy(&bench.good, Strategy::Canary).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    assert_eq!(bench.later(1).rollout.unwrap().state, "done");
    (bench, store)
}

fn is_blocked(done: Result<(), Error>) {
    let Err(Error::Refused { message, hint }) = done else { panic!("{done:?}") };
    assert_eq!(message, "what was done last is served, and could not be stored yet");
    assert_eq!(hint, "look at the state directory's disk; it is tried again by itself");
}

#[tokio::test]
async fn a_rollback_that_is_not_stored_is_served_blocks_the_way_on_and_is_stored_by_itself() {
    let (mut bench, store) = failing();
    store.becomes(Ill::Away);
    assert!(!bench.traffic.rollback(NAME, None, &by("cem")).unwrap(), "it says that it is not");
    assert_eq!(bench.ask(20).await, BTreeMap::from([(bench.stable.to_string(), 20)]));
    let view = bench.later(1);
    assert_eq!((view.saved, view.slots.stable.unwrap().release), (false, bench.stable.to_string()));

    let steer = &bench.traffic;
    is_blocked(steer.drill(NAME, 5, &by("ana")).map(drop));
    assert!(!steer.stop(NAME, &by("cem")).unwrap(), "a way back is open all the same");
    is_blocked(steer.resume(NAME, &by("ana")));
    assert!(bench.serving.plan().endpoints[NAME].is_stopped);

    store.becomes(Ill::Not);
    assert!(bench.later(0).saved);
    bench.traffic.resume(NAME, &by("ana")).unwrap();
    let (kinds, _) = bench.history();
    let last = ["endpoint.rolled_back", "endpoint.stopped", "endpoint.resumed"];
    assert_eq!(kinds[kinds.len() - 3..], last);
    bench.restart();
    assert_eq!(bench.ask(5).await, BTreeMap::from([(bench.stable.to_string(), 5)]));
}

#[tokio::test]
async fn a_rollout_goes_nowhere_while_the_way_back_is_not_stored() {
    let (bench, store) = failing();
    bench.traffic.rollback(NAME, None, &by("cem")).unwrap();
    bench.deploy(&bench.strict, Strategy::Canary).unwrap();
    store.becomes(Ill::Away);
    bench.traffic.stop(NAME, &by("cem")).unwrap();
    let steer = &bench.traffic;
    is_blocked(steer.promote(NAME, &by("ana")));
    is_blocked(steer.hold(NAME, &by("ana")));
    is_blocked(steer.resume(NAME, &by("ana")));
    assert!(!steer.rollback(NAME, None, &by("cem")).unwrap());
    assert_eq!(bench.view().rollout.unwrap().state, "rolled_back");

    // What the store tells again is not yet what it took.
    let asked = bench.traffic.deploy(NAME, bench.good.as_str(), None, &by("ana"));
    assert!(matches!(asked, Err(Error::Release(_))), "{asked:?}");
    store.becomes(Ill::Not);
    is_blocked(bench.deploy(&bench.good, Strategy::Canary));
    assert!(bench.later(0).saved);
    bench.deploy(&bench.good, Strategy::Canary).unwrap();
}

#[tokio::test]
async fn what_was_stored_unseen_is_found_and_nothing_is_blocked_by_it() {
    let (mut bench, store) = failing();
    store.becomes(Ill::Silent);
    assert!(bench.traffic.rollback(NAME, None, &by("cem")).unwrap());
    bench.deploy(&bench.strict, Strategy::Canary).unwrap();
    bench.traffic.hold(NAME, &by("ana")).unwrap();
    store.becomes(Ill::Not);
    bench.traffic.rollback(NAME, None, &by("cem")).unwrap();
    let (kinds, _) = bench.history();
    let last = ["endpoint.rolled_back", "rollout.started", "rollout.held", "rollout.rolled_back"];
    assert_eq!(kinds[kinds.len() - 4..], last, "each once");
    bench.restart();
    assert_eq!(bench.view().slots.stable.unwrap().release, bench.stable.as_str());
}

#[tokio::test]
async fn a_way_on_that_is_not_stored_did_not_happen() {
    let (bench, store) = failing();
    bench.deploy(&bench.strict, Strategy::Canary).unwrap();
    store.becomes(Ill::Away);
    assert!(matches!(bench.traffic.promote(NAME, &by("ana")), Err(Error::Store(_))));
    let view = bench.view();
    assert_eq!((view.saved, view.rollout.unwrap().step), (true, Some(0)));
    assert_eq!(bench.serving.plan().endpoints[NAME].candidate.as_ref().unwrap().percent, 25);
    store.becomes(Ill::Not);
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    assert_eq!(bench.view().rollout.unwrap().step, Some(1));
}
