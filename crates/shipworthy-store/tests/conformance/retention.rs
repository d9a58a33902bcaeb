//! Whose files stay, and whose can go.

use shipworthy_store::{EndpointName, Retention, Store, store::Error};

use crate::{by, id, insert_releases, refused, told, with_ana};

fn retention(store: &dyn Store) -> Retention {
    store.release(&id(1)).expect("an answer").expect("a release").retention
}

pub(crate) fn a_release_that_nothing_refers_to_can_be_pruned(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1]);
    store.prune_release(&id(1), &by("ana", 2)).expect("pruned");
    store.prune_release(&id(1), &by("ana", 3)).expect("no change");
    assert_eq!(retention(store), Retention::Pruned);
    let endpoint = EndpointName::parse("delay").expect("a name");
    let refused_slot = refused(store.set_stable(&endpoint, &id(1), &by("ana", 4)));
    assert!(matches!(refused_slot, Error::ReleasePruned { .. }));
    let refused_hold = refused(store.hold_release(&id(1), &by("ana", 4)));
    assert!(matches!(refused_hold, Error::ReleasePruned { .. }));
    store.restore_release(&id(1), &by("ana", 5)).expect("restored");
    store.restore_release(&id(1), &by("ana", 6)).expect("no change");
    assert_eq!(retention(store), Retention::Kept);
    assert_eq!(told(store).len(), 4, "token, release, pruned, restored");
    let nowhere = refused(store.prune_release(&id(9), &by("ana", 7)));
    assert!(matches!(nowhere, Error::NoSuchRelease { .. }));
}

pub(crate) fn a_held_release_stays_until_it_is_freed(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1]);
    store.hold_release(&id(1), &by("ana", 2)).expect("held");
    store.hold_release(&id(1), &by("ana", 3)).expect("no change");
    let stays = refused(store.prune_release(&id(1), &by("ana", 4)));
    assert!(matches!(stays, Error::ReleaseInUse { .. }));
    assert_eq!(retention(store), Retention::Held);
    store.free_release(&id(1), &by("ana", 5)).expect("freed");
    store.free_release(&id(1), &by("ana", 6)).expect("no change");
    store.prune_release(&id(1), &by("ana", 7)).expect("pruned");
    assert_eq!(told(store).len(), 5, "token, release, held, freed, pruned");
}

pub(crate) fn a_release_with_a_slot_stays(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1, 2]);
    let endpoint = EndpointName::parse("delay").expect("a name");
    for release in [1, 2] {
        store.set_stable(&endpoint, &id(release), &by("ana", 2)).expect("set");
    }
    for release in [1, 2] {
        let stays = refused(store.prune_release(&id(release), &by("ana", 3)));
        assert!(stays.to_string().contains("endpoint delay"), "{stays}");
    }
}
