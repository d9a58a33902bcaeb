//! What is said about releases, and whose word counts.

use shipworthy_core::signing::{PublicKey, SigningKey};
use shipworthy_store::{KeyEnd, NewAttestation, Store, store::Error};

use crate::{by, id, insert_releases, new_release, refused, told, with_ana};

fn said(text: &str) -> NewAttestation {
    NewAttestation::new("a:b", text.to_owned()).expect("a statement")
}

fn key(byte: u8) -> PublicKey {
    SigningKey::from_random(&[byte; 32]).public()
}

pub(crate) fn statements_are_kept_byte_for_byte_in_their_order(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1, 2]);
    let first = store.attest(&id(1), &said("{ \"\u{e9}\" }"), &by("ana", 9)).expect("kept");
    let second = store.attest(&id(1), &said("later"), &by("ana", 3)).expect("kept");
    assert_eq!(store.attestations(&id(1)).expect("an answer"), [first.clone(), second]);
    assert_eq!((first.envelope.as_str(), first.actor.as_str()), ("{ \"\u{e9}\" }", "ana"));
    assert_eq!(store.attestations(&id(2)).expect("an answer"), []);
    let nowhere = refused(store.attest(&id(9), &said("x"), &by("ana", 9)));
    assert!(matches!(nowhere, Error::NoSuchRelease { id: missing } if missing == id(9)));
}

pub(crate) fn a_release_comes_with_its_statements(store: &dyn Store) {
    with_ana(store);
    let metrics = vec![("test.roc_auc".to_owned(), 0.75)];
    let release = new_release(1).attested(vec![said("one"), said("two")], metrics);
    store.insert_release(&release, &by("ana", 5)).expect("stored");
    store.insert_release(&release, &by("ana", 6)).expect("there");
    let kept = store.attestations(&id(1)).expect("an answer");
    let texts: Vec<_> = kept.iter().map(|kept| kept.envelope.as_str()).collect();
    assert_eq!(texts, ["one", "two"]);
    assert_eq!(told(store).len(), 4, "token, release, two statements");
}

pub(crate) fn the_statements_about_a_release_are_bounded(store: &dyn Store) {
    with_ana(store);
    let many = (0..shipworthy_store::attestation::MAX_ATTESTATIONS).map(|_| said("x")).collect();
    let release = new_release(1).attested(many, Vec::new());
    store.insert_release(&release, &by("ana", 5)).expect("stored");
    let refused = refused(store.attest(&id(1), &said("y"), &by("ana", 6)));
    assert!(matches!(refused, Error::TooManyAttestations { .. }));
    assert!(NewAttestation::new("", "x".to_owned()).is_err());
    assert!(NewAttestation::new("a:b", "x".repeat(256 * 1024 + 1)).is_err());
}

pub(crate) fn a_retired_key_counts_for_what_it_signed_before(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1]);
    let trusted = store.trust_key(&key(1), &by("ana", 2)).expect("trusted");
    assert!(trusted.is_live());
    assert_eq!(store.trust_key(&key(1), &by("ana", 3)).expect("trusted"), trusted);
    let before = store.attest(&id(1), &said("x"), &by("ana", 4)).expect("kept").event;
    let retired = store.end_key(&key(1).id(), KeyEnd::Retired, &by("ana", 5)).expect("retired");
    let after = store.attest(&id(1), &said("y"), &by("ana", 6)).expect("kept").event;
    assert_eq!((retired.counts_at(before), retired.counts_at(after)), (true, false));
    assert_eq!(store.keys().expect("an answer"), [retired]);
    let back = refused(store.trust_key(&key(1), &by("ana", 7)));
    assert!(matches!(back, Error::KeyEnded { .. }));
    let revoked = store.end_key(&key(1).id(), KeyEnd::Revoked, &by("ana", 8)).expect("revoked");
    assert!(!revoked.counts_at(before));
    let again = store.end_key(&key(1).id(), KeyEnd::Retired, &by("ana", 9)).expect("no change");
    assert_eq!(again, revoked);
    let nobody = refused(store.end_key("no such key", KeyEnd::Revoked, &by("ana", 9)));
    assert!(matches!(nobody, Error::NoSuchKey { .. }));
}

pub(crate) fn a_key_is_replaced_whole(store: &dyn Store) {
    with_ana(store);
    store.trust_key(&key(1), &by("ana", 2)).expect("trusted");
    let nobody = refused(store.replace_key("no such key", &key(2), &by("ana", 3)));
    assert!(matches!(nobody, Error::NoSuchKey { .. }));
    assert_eq!(store.keys().expect("an answer").len(), 1, "neither or both");
    store.replace_key(&key(1).id(), &key(2), &by("ana", 4)).expect("replaced");
    let live = |key: &shipworthy_store::Key| (key.public.clone(), key.is_live());
    let keys: Vec<_> = store.keys().expect("an answer").iter().map(live).collect();
    assert_eq!(keys, [(key(1), false), (key(2), true)]);
}
