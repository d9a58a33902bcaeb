//! Changes of an endpoint: all of it with its event, by who has seen its latest revision.

use shipworthy_store::{
    Endpoint, EndpointChange, EndpointName, NewEvent, ReleaseId, Store,
    endpoint::MAX_ROLLOUT_BYTES, event::ROLLOUT_STARTED, store::Error,
};

use crate::{by, id, insert_releases, refused, told, with_ana};

/// Makes `delay`, where release 1 is stable; 2 to 4 are there.
pub(crate) fn with_delay(store: &dyn Store) -> Endpoint {
    with_ana(store);
    insert_releases(store, [1, 2, 3, 4]);
    store.set_stable(&delay(), &id(1), &by("ana", 9)).expect("an endpoint")
}

pub(crate) fn delay() -> EndpointName {
    EndpointName::parse("delay").expect("a name")
}

/// Starts the rollout of release 2, after `revision`.
pub(crate) fn start(revision: i64) -> EndpointChange {
    EndpointChange {
        name: delay(),
        expected_revision: revision,
        stable: id(1),
        candidate: Some(id(2)),
        previous: Some(id(3)),
        rollout: Some("{ \"step\": 1.0,\n\"of\": \"\u{e9}\" }".to_owned()),
        stopped: true,
    }
}

pub(crate) fn started(subject: &str) -> NewEvent {
    let body = serde_json::json!({ "step": 5 });
    NewEvent::new(ROLLOUT_STARTED, subject, &body).expect("an event")
}

/// Refused, and nothing has changed.
fn refused_change(store: &dyn Store, change: &EndpointChange) -> Error {
    let before = (store.endpoints().expect("the endpoints"), told(store));
    let error = refused(store.change_endpoint(change, &started("delay"), &by("ana", 9)));
    assert_eq!((store.endpoints().expect("the endpoints"), told(store)), before);
    error
}

pub(crate) fn a_change_writes_the_whole_endpoint_and_its_event(store: &dyn Store) {
    with_delay(store);
    let events = told(store).len();
    let change = start(0);
    let changed = store.change_endpoint(&change, &started("delay"), &by("ana", 9));
    let changed = changed.expect("changed");
    let slots = (&changed.stable, &changed.candidate, &changed.previous);
    assert_eq!(slots, (&Some(id(1)), &Some(id(2)), &Some(id(3))));
    assert_eq!((changed.revision, changed.stopped), (1, true));
    assert_eq!(changed.rollout, change.rollout, "byte for byte");
    assert_eq!(store.endpoint("delay").expect("an answer"), Some(changed));
    assert_eq!(told(store)[events..], ["ana rollout.started delay"]);
    let last = store.latest_events(None, 1).expect("the last event").remove(0);
    assert_eq!((last.reason.as_str(), last.body.as_str()), ("test at 9", "{\"step\":5}"));

    let ended = EndpointChange {
        expected_revision: 1,
        candidate: None,
        previous: None,
        rollout: None,
        stopped: false,
        ..change
    };
    let ended = store.change_endpoint(&ended, &started("delay"), &by("ana", 9)).expect("changed");
    let slots = (ended.stable, ended.candidate, ended.previous);
    assert_eq!(slots, (Some(id(1)), None, None));
    assert_eq!((ended.rollout, ended.stopped, ended.revision), (None, false, 2));
}

pub(crate) fn a_change_whose_event_cannot_be_recorded_is_undone(store: &dyn Store) {
    let before = with_delay(store);
    let events = told(store);
    let by_eve = refused(store.change_endpoint(&start(0), &started("delay"), &by("eve", 9)));
    assert!(matches!(by_eve, Error::UnknownActor { .. }));
    let elsewhere = store.change_endpoint(&start(0), &started("churn"), &by("ana", 9));
    let elsewhere = refused(elsewhere);
    assert!(matches!(elsewhere, Error::EventOfAnother { subject, .. } if subject == "churn"));
    assert_eq!(store.endpoint("delay").expect("an answer"), Some(before));
    assert_eq!(told(store), events);
}

pub(crate) fn who_has_not_seen_the_latest_revision_changes_nothing(store: &dyn Store) {
    with_delay(store);
    store.change_endpoint(&start(0), &started("delay"), &by("ana", 9)).expect("changed");
    let late = refused_change(store, &start(0));
    assert!(matches!(late, Error::EndpointMoved { expected: 0, found: 1, .. }));
    assert!(late.to_string().contains("somebody else changed endpoint delay"), "{late}");
    assert!(matches!(refused_change(store, &start(2)), Error::EndpointMoved { .. }));
}

pub(crate) fn an_endpoint_that_is_not_there_cannot_be_changed(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1, 2, 3]);
    let nowhere = refused_change(store, &start(0));
    assert!(matches!(nowhere, Error::NoSuchEndpoint { name } if name == delay()));
}

pub(crate) fn a_new_stable_release_makes_a_revision(store: &dyn Store) {
    assert_eq!(with_delay(store).revision, 0);
    store.change_endpoint(&start(0), &started("delay"), &by("ana", 9)).expect("changed");
    let set = store.set_stable(&delay(), &id(2), &by("ana", 9)).expect("set");
    assert_eq!((set.revision, &set.candidate, &set.previous), (2, &None, &Some(id(1))));
    assert_eq!((&set.rollout, set.stopped), (&start(0).rollout, true), "these stay");
    let again = store.set_stable(&delay(), &id(2), &by("ana", 9)).expect("no change");
    assert_eq!(again, set);
}

/// `start`, with these releases in its slots.
fn slots(stable: u8, candidate: Option<u8>, previous: Option<u8>) -> EndpointChange {
    let (candidate, previous) = (candidate.map(id), previous.map(id));
    EndpointChange { stable: id(stable), candidate, previous, ..start(0) }
}

pub(crate) fn a_release_has_one_slot(store: &dyn Store) {
    with_delay(store);
    for (stable, candidate, previous, twice) in
        [(1, Some(1), None, 1), (1, None, Some(1), 1), (1, Some(2), Some(2), 2)]
    {
        let collide = refused_change(store, &slots(stable, candidate, previous));
        assert!(matches!(collide, Error::SlotsCollide { id: found, .. } if found == id(twice)));
    }
}

pub(crate) fn only_releases_that_can_serve_get_a_slot(store: &dyn Store) {
    with_delay(store);
    store.prune_release(&id(4), &by("ana", 9)).expect("pruned");
    let all_with = |release| {
        [
            slots(release, None, None),
            slots(1, Some(release), None),
            slots(1, Some(2), Some(release)),
        ]
    };
    let is = |found: &ReleaseId, release| *found == id(release);
    for change in all_with(4) {
        let pruned = refused_change(store, &change);
        assert!(matches!(pruned, Error::ReleasePruned { id } if is(&id, 4)));
    }
    for change in all_with(9) {
        let unknown = refused_change(store, &change);
        assert!(matches!(unknown, Error::NoSuchRelease { id } if is(&id, 9)));
    }
}

pub(crate) fn a_rollout_is_bounded_and_json(store: &dyn Store) {
    with_delay(store);
    let rollout = |text: String| EndpointChange { rollout: Some(text), ..start(0) };
    let of_bytes = |bytes: usize| rollout(format!("\"{}\"", "x".repeat(bytes - 2)));
    let long = refused_change(store, &of_bytes(MAX_ROLLOUT_BYTES + 1));
    assert!(matches!(long, Error::RolloutTooLong { bytes, .. } if bytes == MAX_ROLLOUT_BYTES + 1));
    let no_json = refused_change(store, &rollout("{".to_owned()));
    assert!(matches!(no_json, Error::Backend { .. }));
    let longest = of_bytes(MAX_ROLLOUT_BYTES);
    store.change_endpoint(&longest, &started("delay"), &by("ana", 9)).expect("changed");
}

pub(crate) fn a_release_in_any_slot_stays(store: &dyn Store) {
    with_delay(store);
    store.change_endpoint(&start(0), &started("delay"), &by("ana", 9)).expect("changed");
    for release in [1, 2, 3] {
        let stays = refused(store.prune_release(&id(release), &by("ana", 9)));
        assert!(stays.to_string().contains("endpoint delay"), "{stays}");
    }
    store.prune_release(&id(4), &by("ana", 9)).expect("has no slot");
}
