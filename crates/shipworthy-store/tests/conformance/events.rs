//! Events: recorded with their effects, read in their order.

use proptest::{
    prelude::{any, prop},
    prop_assert_eq,
    test_runner::{Config, TestCaseError, TestRunner},
};
use shipworthy_rows::Timestamp;
use shipworthy_store::{
    EndpointName, Event, NewEvent, Role, Store,
    store::{Error, MAX_PAGE_ROWS},
};

use crate::{by, id, insert_releases, new_release, new_token, refused, told, with_ana};

pub(crate) fn every_effect_has_its_event(store: &dyn Store) {
    with_ana(store);
    store.create_token(&new_token("ben", Role::Caller, 2), &by("ana", 2)).expect("a token");
    store.revoke_token("ben", &by("ana", 3)).expect("revoked");
    insert_releases(store, [1]);
    let endpoint = EndpointName::parse("delay").expect("a name");
    store.set_stable(&endpoint, &id(1), &by("ana", 5)).expect("promoted");
    let known = [
        "ana token.created ana".into(),
        "ana token.created ben".into(),
        "ana token.revoked ben".into(),
        format!("ana release.created {}", id(1)),
        "ana endpoint.stable_set delay".into(),
    ];
    assert_eq!(told(store), known);
    let last = store.latest_events(None, 1).expect("the last event").remove(0);
    assert_eq!((last.reason.as_str(), last.at), ("test at 5", Timestamp::from_micros(5)));
    let body: serde_json::Value = serde_json::from_str(&last.body).expect("JSON");
    assert_eq!(body["stable"], id(1).as_str());
}

pub(crate) fn a_refused_action_leaves_no_event(store: &dyn Store) {
    with_ana(store);
    refused(store.create_token(&new_token("ana", Role::Caller, 2), &by("ana", 2)));
    refused(store.revoke_token("ben", &by("ana", 3)));
    refused(store.insert_release(&new_release(1), &by("eve", 4)));
    assert_eq!(store.release(&id(1)).expect("an answer"), None);
    assert_eq!(told(store), ["ana token.created ana"]);
}

pub(crate) fn an_event_is_recorded_as_given(store: &dyn Store) {
    with_ana(store);
    let body = serde_json::json!({ "p99_ms": 180.5, "who": "\u{1f6a2} 'quoted'" });
    let event = NewEvent::new("gate.passed", "delay", &body).expect("an event");
    let recorded = store.record_event(&event, &by("ana", -7)).expect("recorded");
    assert_eq!(recorded.at, Timestamp::from_micros(-7));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&recorded.body).ok(), Some(body));
    assert_eq!(store.latest_events(None, 1).expect("the last event"), [recorded]);

    let unknown = store.record_event(&event, &by("eve", 8));
    assert!(matches!(refused(unknown), Error::UnknownActor { .. }));
}

pub(crate) fn pages_are_bounded(store: &dyn Store) {
    with_ana(store);
    let event = NewEvent::new("test", "page", &serde_json::json!({})).expect("an event");
    for at_us in 0..=i64::from(MAX_PAGE_ROWS) {
        store.record_event(&event, &by("ana", at_us)).expect("recorded");
    }
    let longest = usize::try_from(MAX_PAGE_ROWS).expect("a small number");
    assert_eq!(store.events_after(0, u32::MAX).expect("a page").len(), longest);
    assert_eq!(store.latest_events(None, u32::MAX).expect("a page").len(), longest);
    assert_eq!(store.events_of("page", None, u32::MAX).expect("a page").len(), longest);
    assert!(store.events_after(0, 0).expect("a page").is_empty());
    assert!(store.events_after(i64::MAX, 5).expect("a page").is_empty());
    assert!(store.latest_events(Some(i64::MIN), 5).expect("a page").is_empty());
}

pub(crate) fn events_of_a_subject_come_newest_first(store: &dyn Store) {
    with_ana(store);
    let mut recorded = Vec::new();
    // Neither times nor other subjects matter; names are compared whole.
    for (at_us, subject) in (0..12).zip(["delay", "churn", "delay-2", "Delay"].iter().cycle()) {
        let event = NewEvent::new("test", subject, &serde_json::json!({})).expect("an event");
        recorded.push(store.record_event(&event, &by("ana", -at_us)).expect("recorded"));
    }
    recorded.reverse();
    recorded.retain(|event| event.subject == "delay");
    let page = |before, limit| store.events_of("delay", before, limit).expect("a page");
    assert_eq!(page(None, u32::MAX), recorded);
    assert_eq!(page(None, 2), recorded[..2]);
    assert_eq!(page(Some(recorded[1].id), 2), recorded[2..]);
    assert_eq!(page(Some(recorded[2].id), 2), []);
    assert_eq!(page(None, 0), []);
    assert_eq!(store.events_of("nobody", None, 5).expect("a page"), []);
}

/// Whatever the clocks said and however long the pages are.
pub(crate) fn events_come_back_in_order(store: &dyn Store) {
    with_ana(store);
    let subjects = prop::collection::vec(("[a-z]{1,8}", any::<i64>()), 1..24);
    let mut runner =
        TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(subjects, 1_u32..9), |(given, limit)| {
        let before = last_id(store);
        let mut recorded = Vec::new();
        for (subject, at_us) in &given {
            let event = NewEvent::new("test", subject, &serde_json::json!({})).expect("an event");
            recorded.push(store.record_event(&event, &by("ana", *at_us)).expect("recorded"));
        }
        check_order(store, before, &recorded, limit)
    });
    outcome.expect("events in their order");
}

fn check_order(
    store: &dyn Store,
    before: i64,
    recorded: &[Event],
    limit: u32,
) -> Result<(), TestCaseError> {
    let mut forward = Vec::new();
    let mut after = before;
    loop {
        let page = store.events_after(after, limit).expect("a page");
        let Some(last) = page.last() else { break };
        after = last.id;
        forward.extend(page);
    }
    prop_assert_eq!(&forward, recorded);

    let mut backward = Vec::new();
    let mut from = None;
    while backward.len() < recorded.len() {
        let page = store.latest_events(from, limit).expect("a page");
        from = page.last().map(|event| event.id);
        backward.extend(page);
    }
    backward.truncate(recorded.len());
    backward.reverse();
    prop_assert_eq!(&backward, recorded);
    Ok(())
}

fn last_id(store: &dyn Store) -> i64 {
    store.latest_events(None, 1).expect("the last event").first().map_or(0, |event| event.id)
}
