//! Endpoints: what serves, and the way back.

use shipworthy_store::{Endpoint, EndpointName, Store, store::Error};

use crate::{by, id, insert_releases, refused, told, with_ana};

fn name(text: &str) -> EndpointName {
    EndpointName::parse(text).expect("a name")
}

fn promote(store: &dyn Store, release: u8) -> Endpoint {
    store.set_stable(&name("delay"), &id(release), &by("ana", 9)).expect("promoted")
}

pub(crate) fn the_stable_release_becomes_previous(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1, 2, 3]);
    assert_eq!(store.endpoint("delay").expect("an answer"), None);
    let first = promote(store, 1);
    assert_eq!((first.stable, first.candidate, first.previous), (Some(id(1)), None, None));
    let second = promote(store, 2);
    assert_eq!((&second.stable, &second.previous), (&Some(id(2)), &Some(id(1))));
    let third = promote(store, 3);
    assert_eq!((&third.stable, &third.previous), (&Some(id(3)), &Some(id(2))));
    assert_eq!(store.endpoint("delay").expect("an answer"), Some(third));
}

pub(crate) fn a_rollback_swaps_stable_and_previous(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1, 2]);
    promote(store, 1);
    promote(store, 2);
    let back = promote(store, 1);
    assert_eq!((back.stable, back.previous), (Some(id(1)), Some(id(2))));
}

pub(crate) fn repeating_a_promotion_keeps_the_way_back(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1, 2]);
    promote(store, 1);
    let once = promote(store, 2);
    let events = told(store).len();
    assert_eq!(promote(store, 2), once);
    assert_eq!(told(store).len(), events);
}

pub(crate) fn an_unknown_release_cannot_be_stable(store: &dyn Store) {
    with_ana(store);
    let unknown = store.set_stable(&name("delay"), &id(1), &by("ana", 9));
    assert!(matches!(refused(unknown), Error::NoSuchRelease { id: missing } if missing == id(1)));
    assert_eq!(store.endpoint("delay").expect("an answer"), None);
    assert_eq!(told(store).len(), 1);
}

pub(crate) fn endpoints_are_listed_by_name(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1]);
    for text in ["churn", "arrivals", "delay"] {
        store.set_stable(&name(text), &id(1), &by("ana", 9)).expect("promoted");
    }
    let endpoints = store.endpoints().expect("the endpoints");
    let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    assert_eq!(names, ["arrivals", "churn", "delay"]);
}
