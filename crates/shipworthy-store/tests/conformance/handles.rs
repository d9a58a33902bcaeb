//! Several handles on one state: what one writes, the others see, also later.

use std::thread;

use shipworthy_store::{Store, store::Error};

use crate::{
    Open, by,
    changes::{delay, start, started, with_delay},
    told,
};

const ROUNDS: i64 = 20;

pub(crate) fn of_two_handles_one_changes_an_endpoint(open: &Open) {
    let (one, other) = (open(), open());
    with_delay(&*one);
    let events = told(&*one).len();
    for revision in 0..ROUNDS {
        let change = |store: &dyn Store| {
            store.change_endpoint(&start(revision), &started("delay"), &by("ana", 9))
        };
        let made = thread::scope(|scope| {
            let racers = [&one, &other].map(|store| scope.spawn(move || change(&**store)));
            racers.map(|racer| racer.join().expect("no panic"))
        });
        let (changed, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
        assert_eq!(changed.len(), 1, "{refused:?}");
        let moved = |found: &Error| {
            matches!(found, Error::EndpointMoved { expected, found, .. }
                if *expected == revision && *found == revision + 1)
        };
        assert!(refused.iter().all(|refused| refused.as_ref().is_err_and(moved)), "{refused:?}");
    }
    assert_eq!(told(&*other).len() - events, usize::try_from(ROUNDS).expect("a small number"));
}

pub(crate) fn a_changed_endpoint_and_its_events_survive_reopening(open: &Open) {
    let store = open();
    with_delay(&*store);
    store.change_endpoint(&start(0), &started("delay"), &by("ana", 9)).expect("changed");
    let kept = |store: &dyn Store| {
        let events = store.events_of(delay().as_str(), None, 9).expect("the events");
        (store.endpoints().expect("the endpoints"), events)
    };
    let before = kept(&*store);
    assert_eq!((before.0[0].revision, before.1.len()), (1, 2));
    drop(store);
    assert_eq!(kept(&*open()), before);
}
