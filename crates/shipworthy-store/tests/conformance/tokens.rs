//! Tokens: making, revoking, authenticating.

use shipworthy_rows::Timestamp;
use shipworthy_store::{Role, Store, store::Error};

use crate::{by, new_token, refused, secret_of, told, with_ana};

pub(crate) fn the_first_token_makes_itself(store: &dyn Store) {
    let stranger = store.create_token(&new_token("ana", Role::Operator, 1), &by("eve", 1));
    assert!(matches!(refused(stranger), Error::UnknownActor { actor } if actor == "eve"));

    let ana = with_ana(store);
    assert_eq!((ana.name.as_str(), ana.role), ("ana", Role::Operator));
    assert_eq!(ana.created_at, Timestamp::from_micros(1));
    assert_eq!(ana.revoked_at, None);
    assert_eq!(store.tokens().expect("the tokens"), [ana]);

    let second = store.create_token(&new_token("ben", Role::Caller, 1), &by("ben", 2));
    assert!(matches!(refused(second), Error::UnknownActor { actor } if actor == "ben"));
}

pub(crate) fn a_secret_is_authenticated_until_its_token_is_revoked(store: &dyn Store) {
    with_ana(store);
    let ben = new_token("ben", Role::Approver, 2);
    let ben = store.create_token(&ben, &by("ana", 2)).expect("a token");
    let secret = secret_of(2).reveal();
    assert_eq!(store.authenticate(&secret).expect("an answer"), Some(ben));

    let revoked = store.revoke_token("ben", &by("ana", 3)).expect("revoked");
    assert_eq!(revoked.revoked_at, Some(Timestamp::from_micros(3)));
    assert_eq!(store.authenticate(&secret).expect("an answer"), None);
    assert_eq!(store.tokens().expect("the tokens")[1], revoked);
}

pub(crate) fn secrets_that_are_unknown_or_malformed_are_nobodys(store: &dyn Store) {
    with_ana(store);
    let unknown = secret_of(9).reveal();
    let good = secret_of(0).reveal();
    for secret in ["", "swt_", "ana", &unknown, &good[..60], &good.to_uppercase()] {
        assert_eq!(store.authenticate(secret).expect("an answer"), None, "{secret}");
    }
}

pub(crate) fn a_name_is_taken_while_its_token_lives(store: &dyn Store) {
    with_ana(store);
    let first = store.create_token(&new_token("ben", Role::Caller, 2), &by("ana", 2));
    let first = first.expect("a token");
    let again = store.create_token(&new_token("ben", Role::Auditor, 3), &by("ana", 3));
    assert!(matches!(refused(again), Error::TokenNameTaken { name } if name == "ben"));

    store.revoke_token("ben", &by("ana", 4)).expect("revoked");
    let second = store.create_token(&new_token("ben", Role::Auditor, 3), &by("ana", 5));
    assert!(second.expect("a token").id > first.id);
}

pub(crate) fn a_secret_is_never_used_twice(store: &dyn Store) {
    with_ana(store);
    store.create_token(&new_token("ben", Role::Caller, 2), &by("ana", 2)).expect("a token");
    store.revoke_token("ben", &by("ana", 3)).expect("revoked");
    let again = store.create_token(&new_token("cyd", Role::Caller, 2), &by("ana", 4));
    assert!(matches!(refused(again), Error::SecretTaken));
}

pub(crate) fn only_a_live_token_can_be_revoked(store: &dyn Store) {
    with_ana(store);
    let unknown = store.revoke_token("ben", &by("ana", 2));
    assert!(matches!(refused(unknown), Error::NoSuchToken { name } if name == "ben"));
    store.revoke_token("ana", &by("ana", 3)).expect("revoked");
    let again = store.revoke_token("ana", &by("ana", 4));
    assert!(matches!(refused(again), Error::NoSuchToken { .. }));
}

pub(crate) fn nobody_unknown_acts(store: &dyn Store) {
    with_ana(store);
    let made = store.create_token(&new_token("ben", Role::Caller, 2), &by("eve", 2));
    assert!(matches!(refused(made), Error::UnknownActor { .. }));
    let revoked = store.revoke_token("ana", &by("eve", 3));
    assert!(matches!(refused(revoked), Error::UnknownActor { .. }));
    assert_eq!(store.tokens().expect("the tokens").len(), 1);
    assert_eq!(store.tokens().expect("the tokens")[0].revoked_at, None);
    assert_eq!(told(store), ["ana token.created ana"]);
}

pub(crate) fn a_revoked_actor_still_has_a_name(store: &dyn Store) {
    with_ana(store);
    store.revoke_token("ana", &by("ana", 2)).expect("revoked");
    crate::insert_releases(store, [1]);
    let last = told(store).pop();
    assert_eq!(last, Some(format!("ana release.created {}", crate::id(1))));
}
