//! Releases: stored once, never edited.

use shipworthy_rows::Timestamp;
use shipworthy_store::{NewRelease, ReleaseId, Reproducibility, Store, store::Error};

use crate::{by, id, insert_releases, new_release, refused, told, with_ana};

fn dirty() -> Reproducibility {
    Reproducibility::Unreproducible { reason: "uncommitted changes".into() }
}

pub(crate) fn a_release_is_kept_byte_for_byte(store: &dyn Store) {
    with_ana(store);
    let manifest = "{ \"b\": 1.0,\n\t\"a\": \"\u{e9}\" }\n";
    let release = NewRelease::new(id(1), manifest, dirty()).expect("a release");
    let stored = store.insert_release(&release, &by("ana", 5)).expect("stored");
    assert_eq!(stored.manifest, manifest);
    assert_eq!(stored.created_at, Timestamp::from_micros(5));
    assert_eq!(stored.reproducibility, dirty());
    assert_eq!(store.release(&id(1)).expect("an answer"), Some(stored));
    assert_eq!(store.release(&id(2)).expect("an answer"), None);
}

pub(crate) fn the_same_release_again_is_the_stored_one(store: &dyn Store) {
    with_ana(store);
    let first = store.insert_release(&new_release(1), &by("ana", 5)).expect("stored");
    let again = store.insert_release(&new_release(1), &by("ana", 6)).expect("there");
    assert_eq!(again, first);
    assert_eq!(told(store).len(), 2);
}

pub(crate) fn a_release_cannot_be_edited(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1]);
    let edited = NewRelease::new(id(1), "{}", dirty()).expect("a release");
    let conflict = refused(store.insert_release(&edited, &by("ana", 6)));
    assert!(matches!(conflict, Error::ReleaseConflict { id: culprit } if culprit == id(1)));
    let kept = store.release(&id(1)).expect("an answer").expect("a release");
    assert_eq!(kept.manifest, new_release(1).manifest());
}

pub(crate) fn releases_are_listed_newest_first(store: &dyn Store) {
    with_ana(store);
    // Neither ids nor times say which came last: 3, then 9, then 1, then 5.
    insert_releases(store, [3, 9, 1, 5]);
    let page = |before: Option<&ReleaseId>, limit| {
        let releases = store.latest_releases(before, limit).expect("a page");
        releases.into_iter().map(|release| release.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 10), [id(5), id(1), id(9), id(3)]);
    assert_eq!(page(None, 2), [id(5), id(1)]);
    assert_eq!(page(Some(&id(1)), 1), [id(9)]);
    assert_eq!(page(Some(&id(3)), 10), []);
    assert_eq!(page(Some(&id(7)), 10), []);
}

pub(crate) fn releases_are_found_by_the_first_digits(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [0x1f, 0x10, 0x20]);
    let found = |digits: &str| {
        let releases = store.releases_named(digits).expect("an answer");
        releases.into_iter().map(|release| release.id).collect::<Vec<_>>()
    };
    let (ten, one_f) = (id(0x10), id(0x1f));
    assert_eq!(found(ten.hex()), std::slice::from_ref(&ten));
    assert_eq!(found("1"), [ten, one_f]);
    assert_eq!(found("").len(), 3);
    for nothing in ["9", "1_", "%", "1G", "~", "'"] {
        assert_eq!(found(nothing), [], "{nothing}");
    }
}
