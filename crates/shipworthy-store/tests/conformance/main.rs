//! What every [`Store`] does. A backend is one entry in the brackets below: a
//! name, and a function that makes an empty state and gives what opens it.

mod attestations;
mod changes;
mod concurrency;
mod endpoints;
mod events;
mod handles;
mod outbox;
mod releases;
mod retention;
mod search;
mod tokens;

use shipworthy_rows::Timestamp;
use shipworthy_store::{
    Attribution, NewRelease, NewToken, ReleaseId, Reproducibility, Role, Secret, SqliteStore,
    Store, Token, store::Error,
};

/// Opens another handle on one state.
type Open = dyn Fn() -> Box<dyn Store>;

/// One test per case, each with a state of its own: cases that get a store, and cases that open it.
macro_rules! conformance {
    ([$($backend:ident: $make:path),+] $of_store:tt $of_handles:tt) => {
        $(mod $backend {
            conformance!(@cases $make, with_store, $of_store);
            conformance!(@cases $make, with_handles, $of_handles);
        })+
    };
    (@cases $make:path, $with:ident, { $($area:ident::{ $($case:ident),+ $(,)? })+ }) => {
        $(mod $area {
            $(#[test]
            fn $case() {
                crate::$with(&$make(), crate::$area::$case);
            })+
        })+
    };
}

conformance! {
    [sqlite: crate::sqlite]
    {
        tokens::{
            the_first_token_makes_itself,
            a_secret_is_authenticated_until_its_token_is_revoked,
            secrets_that_are_unknown_or_malformed_are_nobodys,
            a_name_is_taken_while_its_token_lives,
            a_secret_is_never_used_twice,
            only_a_live_token_can_be_revoked,
            nobody_unknown_acts,
            a_revoked_actor_still_has_a_name,
        }
        events::{
            every_effect_has_its_event,
            a_refused_action_leaves_no_event,
            an_event_is_recorded_as_given,
            pages_are_bounded,
            events_come_back_in_order,
            events_of_a_subject_come_newest_first,
        }
        outbox::{
            the_outbox_stands_nowhere_at_first,
            the_outbox_stands_where_it_was_moved_last,
            a_position_that_contradicts_itself_is_refused,
        }
        releases::{
            a_release_is_kept_byte_for_byte,
            the_same_release_again_is_the_stored_one,
            a_release_cannot_be_edited,
            releases_are_listed_newest_first,
            releases_are_found_by_the_first_digits,
        }
        attestations::{
            statements_are_kept_byte_for_byte_in_their_order,
            a_release_comes_with_its_statements,
            the_statements_about_a_release_are_bounded,
            a_retired_key_counts_for_what_it_signed_before,
            a_key_is_replaced_whole,
        }
        retention::{
            a_release_that_nothing_refers_to_can_be_pruned,
            a_held_release_stays_until_it_is_freed,
            a_release_with_a_slot_stays,
        }
        search::{
            what_is_found_is_what_was_asked_for_newest_first,
            a_manifest_that_says_nothing_is_found_by_its_time,
        }
        endpoints::{
            the_stable_release_becomes_previous,
            a_rollback_swaps_stable_and_previous,
            repeating_a_promotion_keeps_the_way_back,
            an_unknown_release_cannot_be_stable,
            endpoints_are_listed_by_name,
        }
        changes::{
            a_change_writes_the_whole_endpoint_and_its_event,
            a_change_whose_event_cannot_be_recorded_is_undone,
            who_has_not_seen_the_latest_revision_changes_nothing,
            an_endpoint_that_is_not_there_cannot_be_changed,
            a_new_stable_release_makes_a_revision,
            a_release_has_one_slot,
            only_releases_that_can_serve_get_a_slot,
            a_rollout_is_bounded_and_json,
            a_release_in_any_slot_stays,
        }
        concurrency::{
            writers_do_not_lose_each_others_work,
            of_two_tokens_with_one_name_one_is_made,
            a_reader_that_follows_misses_nothing,
        }
    }
    {
        handles::{
            of_two_handles_one_changes_an_endpoint,
            a_changed_endpoint_and_its_events_survive_reopening,
        }
    }
}

fn sqlite() -> Box<Open> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    Box::new(move || {
        Box::new(SqliteStore::open(&directory.path().join("state.db")).expect("a store"))
    })
}

fn with_store(open: &Open, case: fn(&dyn Store)) {
    case(&*open());
}

fn with_handles(open: &Open, case: fn(&Open)) {
    case(open);
}

/// Acts as `actor` at `at_us`, which is the reason as well.
fn by(actor: &str, at_us: i64) -> Attribution {
    let at = Timestamp::from_micros(at_us);
    Attribution::new(actor, &format!("test at {at_us}"), at).expect("a valid attribution")
}

fn new_token(name: &str, role: Role, secret: u8) -> NewToken {
    NewToken::new(name, role, &secret_of(secret)).expect("a valid token")
}

fn secret_of(byte: u8) -> Secret {
    Secret::from_random([byte; 32])
}

/// Makes `ana`, the operator who acts in most cases.
fn with_ana(store: &dyn Store) -> Token {
    let token = new_token("ana", Role::Operator, 0);
    store.create_token(&token, &by("ana", 1)).expect("the first token")
}

fn id(byte: u8) -> ReleaseId {
    ReleaseId::from_sha256(&[byte; 32])
}

fn new_release(byte: u8) -> NewRelease {
    let manifest = format!("{{ \"model\": {byte} }}\n");
    NewRelease::new(id(byte), &manifest, Reproducibility::Reproducible).expect("a valid release")
}

fn insert_releases(store: &dyn Store, bytes: impl IntoIterator<Item = u8>) {
    for byte in bytes {
        let at_us = 100 + i64::from(byte);
        store.insert_release(&new_release(byte), &by("ana", at_us)).expect("a new release");
    }
}

/// What the events say, oldest first: `actor kind subject`.
fn told(store: &dyn Store) -> Vec<String> {
    let events = store.events_after(0, 500).expect("the events");
    events.iter().map(|event| format!("{} {} {}", event.actor, event.kind, event.subject)).collect()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    result.expect_err("a refusal")
}
