//! The one page: what serves, what happened, and the checklist.
//!
//! What changes by itself stands in elements of the class `live`, each with an id of its own. The
//! script replaces what is in them, and nothing else: what somebody types stays.

use maud::{Markup, html};
use shipworthy_core::checklist::Item;
use shipworthy_rows::Timestamp;
use shipworthy_serving::Counter;
use shipworthy_store::{Permission, Token};

use super::checklist::checklist;
use super::live::Seen;
use super::text::{grouped, moment, words};
use super::{bare, endpoint};
use crate::plane::status::{LedgerStatus, Status};

/// The page of this moment, for the holder of `token`.
pub(super) fn page(seen: &Seen, items: &[Item], token: &Token, now: Timestamp) -> Markup {
    let may_act = token.role.may(Permission::Control);
    html! {
        header.top {
            p.brand { "Shipworthy" }
            p.who { "signed in as " strong { (token.name) } ", " (token.role) }
        }
        main {
            div.headline {
                h1 { (names(&seen.status)) }
                div.live #ready role="status" { (ready(&seen.status)) }
            }
            @for known in &seen.steered { (endpoint::card(known, may_act)) }
            (bare::cards(seen))
            section.card aria-labelledby="numbers" {
                h2 id="numbers" { "Since the start" }
                div.live #counters { (counters(&seen.status)) }
            }
            (checklist(items))
        }
        footer {
            p { "Version " (seen.status.version) ". "
                span #news { "Read at " (moment(now)) "; load again for news." } }
        }
    }
}

/// What changes by itself, and no more.
pub(super) fn live(seen: &Seen) -> Markup {
    html! {
        div #ready { (ready(&seen.status)) }
        @for known in &seen.steered { (endpoint::live(known)) }
        div #counters { (counters(&seen.status)) }
    }
}

fn names(status: &Status) -> String {
    let names = status.endpoints.iter().map(|endpoint| endpoint.name.as_str());
    match names.collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => "No endpoint yet".to_owned(),
        names => names,
    }
}

fn ready(status: &Status) -> Markup {
    html! {
        @match &status.not_ready {
            None => p.pill.met { "Ready: decisions are answered" },
            Some(why) => p.pill.failing { "Not ready: " (why) },
        }
    }
}

fn counters(status: &Status) -> Markup {
    let counts = Counter::ALL.map(|(name, counter)| (name, status.counters.get(counter)));
    let (seen, unseen): (Vec<_>, Vec<_>) = counts.into_iter().partition(|(_, count)| *count > 0);
    html! {
        dl.numbers {
            (ledger(&status.ledger))
            @for (name, count) in &seen {
                div { dt { (words(name)) } dd { (grouped(*count)) } }
            }
        }
        @if !unseen.is_empty() {
            @let names = unseen.iter().map(|(name, _)| words(name)).collect::<Vec<_>>();
            p.quiet { "None so far: " (names.join(", ")) "." }
        }
    }
}

fn ledger(ledger: &LedgerStatus) -> Markup {
    html! {
        div { dt { "ledger entries, in all" } dd { (grouped(ledger.entries)) } }
        @if let Some(why) = &ledger.failure {
            div.wide { dt { "the ledger takes no records" } dd.failing { (why) } }
        }
    }
}
