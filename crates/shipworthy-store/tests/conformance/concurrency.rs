//! Several threads at once.

use std::thread;

use shipworthy_store::{Event, NewEvent, Role, Store, store::Error};

use crate::{by, insert_releases, new_token, told, with_ana};

const WRITERS: u8 = 4;
const EVENTS_PER_WRITER: i64 = 40;

pub(crate) fn writers_do_not_lose_each_others_work(store: &dyn Store) {
    with_ana(store);
    thread::scope(|scope| {
        scope.spawn(|| insert_releases(store, 0..40));
        scope.spawn(|| insert_releases(store, 40..80));
    });
    let releases = store.latest_releases(None, 100).expect("the releases");
    assert_eq!(releases.len(), 80);
    assert_eq!(told(store).len(), 81);
}

pub(crate) fn of_two_tokens_with_one_name_one_is_made(store: &dyn Store) {
    with_ana(store);
    let made = thread::scope(|scope| {
        let race = |secret| {
            scope.spawn(move || {
                store.create_token(&new_token("ben", Role::Caller, secret), &by("ana", 2))
            })
        };
        [race(2), race(3)].map(|racer| racer.join().expect("no panic"))
    });
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    let taken = |made: &Result<_, Error>| matches!(made, Err(Error::TokenNameTaken { .. }));
    assert_eq!(made.iter().filter(|made| taken(made)).count(), 1);
}

pub(crate) fn a_reader_that_follows_misses_nothing(store: &dyn Store) {
    with_ana(store);
    let followed = thread::scope(|scope| {
        let writer = |writer| scope.spawn(move || record_events(store, writer));
        let writers: Vec<_> = (0..WRITERS).map(writer).collect();
        follow(store, || writers.iter().all(|writer| writer.is_finished()))
    });
    assert_eq!(followed, store.events_after(1, 500).expect("the events"));
    for writer in 0..WRITERS {
        let own = followed.iter().filter(|event| event.subject == subject(writer));
        let times: Vec<i64> = own.map(|event| event.at.as_micros()).collect();
        assert_eq!(times, (0..EVENTS_PER_WRITER).collect::<Vec<_>>());
    }
}

fn subject(writer: u8) -> String {
    format!("writer {writer}")
}

fn record_events(store: &dyn Store, writer: u8) {
    let event = NewEvent::new("test", &subject(writer), &serde_json::json!({}));
    let event = event.expect("an event");
    for at_us in 0..EVENTS_PER_WRITER {
        store.record_event(&event, &by("ana", at_us)).expect("recorded");
    }
}

/// Reads what comes after the first event until nothing comes any more.
fn follow(store: &dyn Store, done: impl Fn() -> bool) -> Vec<Event> {
    let mut followed: Vec<Event> = Vec::new();
    loop {
        let was_done = done();
        let after = followed.last().map_or(1, |event| event.id);
        let page = store.events_after(after, 7).expect("a page");
        if page.is_empty() && was_done {
            return followed;
        }
        followed.extend(page);
        thread::yield_now();
    }
}
