//! An endpoint on the page: who answers, how far its rollout is, what happened, and the way back.

mod rollout;

use maud::{Markup, html};
use shipworthy_store::Event;

use super::live::Steered;
use super::text::{commands, commit, grouped, millis, moment, release, span, words};
use crate::traffic::{SlotView, View};

/// The longest reason that the form takes, in characters: whatever they are, they are no more than
/// an event's 2,000 bytes.
const MAX_REASON_CHARS: usize = 500;

/// The card of an endpoint, with the way back for who may take it.
pub(super) fn card(known: &Steered, may_act: bool) -> Markup {
    let name = &known.view.endpoint;
    html! {
        section.card.endpoint aria-labelledby={ "name-" (name) } {
            div.heading {
                div {
                    h2 id={ "name-" (name) } { (name) }
                    div.live id={ "now-" (name) } aria-live="polite" { (now(&known.view)) }
                }
                @if may_act { (way_back(&known.view)) }
            }
            div.live id={ "body-" (name) } { (body(known)) }
        }
    }
}

/// What of it changes by itself.
pub(super) fn live(known: &Steered) -> Markup {
    let name = &known.view.endpoint;
    html! {
        div id={ "now-" (name) } { (now(&known.view)) }
        div id={ "back-" (name) } { (back(&known.view)) }
        div id={ "body-" (name) } { (body(known)) }
    }
}

/// The button, and the confirmation that it opens. It needs no script.
fn way_back(view: &View) -> Markup {
    let (name, field) = (&view.endpoint, format!("reason-{}", view.endpoint));
    html! {
        details.back {
            summary { "Roll back" }
            form method="post" action="/rollback" id={ "form-" (name) } {
                div.live id={ "back-" (name) } { (back(view)) }
                label for=(field) { "Why? It stands in the record." }
                textarea name="reason" id=(field) rows="2" maxlength=(MAX_REASON_CHARS) required {}
                button type="submit" { "Roll " (name) " back" }
            }
        }
    }
}

/// What a rollback does now. The form sends what it takes the traffic from, so that a page that is
/// out of date, or a second click, undoes nothing else.
fn back(view: &View) -> Markup {
    let form = format!("form-{}", view.endpoint);
    let to = if view.slots.candidate.is_some() { "stable" } else { "the release before" };
    html! {
        input type="hidden" name="endpoint" value=(view.endpoint) form=(form);
        input type="hidden" name="from" value=(view.leaves().unwrap_or_default()) form=(form);
        p {
            @match view.returns_to() {
                Some(id) => { "All traffic goes to " (to) ", " (release(id)) ", at once." }
                None => "There is no release to go back to.",
            }
            @if view.slots.candidate.is_some() { " The rollout ends." }
        }
    }
}

/// In one sentence, which is read out when it changes.
fn now(view: &View) -> Markup {
    html! {
        @if view.stopped { p.pill.failing { "Stopped: no model is asked" } }
        @else { p.stage { (rollout::stage(view.rollout.as_ref())) } }
        @if let Some(drill) = &view.drill {
            p.quiet { "A drill is under way: " (release(&drill.returns_to)) " returns by itself" }
        }
        @if !view.saved {
            p.pill.failing { "What is served is not stored yet: look at the disk" }
        }
    }
}

fn body(known: &Steered) -> Markup {
    let view = &known.view;
    html! {
        (split(view))
        (slots(view))
        @if let Some(rollout) = &view.rollout { (rollout::progress(rollout)) }
        @if let Some(shadow) = &view.shadow { (rollout::shadow(shadow)) }
        @if view.cooling_seconds > 0 {
            p.quiet { "No rollout begins for another " (span(view.cooling_seconds)) "." }
        }
        (events(&known.events))
    }
}

/// The traffic as one bar. Who cannot see it has the table.
fn split(view: &View) -> Markup {
    let candidate = view.slots.candidate.as_ref().map_or(0, |slot| slot.weight);
    html! {
        svg.split viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true" {
            rect.stable width="100" height="2" {}
            rect.candidate x=(100 - candidate.min(100)) width=(candidate) height="2" {}
        }
    }
}

fn slots(view: &View) -> Markup {
    let numbers = ["Traffic", "Answered", "Refused", "Failed", "p50, ms", "p99, ms"];
    html! {
        div.scrolled { table.slots {
            thead { tr {
                th scope="col" { "Slot" }
                th scope="col" { "Release" }
                th scope="col" { "Commit" }
                @for name in numbers { th.number scope="col" { (name) } }
            } }
            tbody {
                (slot("stable", view.slots.stable.as_ref()))
                (slot("candidate", view.slots.candidate.as_ref()))
                (slot("previous", view.slots.previous.as_ref()))
            }
        } }
    }
}

fn slot(name: &str, held: Option<&SlotView>) -> Markup {
    html! {
        tr {
            th scope="row" { span.dot.(name) aria-hidden="true" {} (name) }
            @match held {
                None => td.quiet colspan="8" { "empty" },
                Some(slot) => {
                    td { (release(&slot.release)) }
                    td { (commit(slot.commit.as_deref())) }
                    td.number { (slot.weight) " %" }
                    td.number { (grouped(slot.answered)) }
                    td.number { (grouped(slot.refused)) }
                    td.number.failing[slot.failed > 0] { (grouped(slot.failed)) }
                    td.number { (millis(slot.p50_us)) }
                    td.number { (millis(slot.p99_us)) }
                }
            }
        }
    }
}

fn events(events: &[Event]) -> Markup {
    html! {
        h3 { "Last events" }
        ol.events {
            @for event in events {
                li {
                    (moment(event.at))
                    p {
                        strong { (words(&event.kind.replace('.', " "))) }
                        " by " (event.actor) ": " (commands(&event.reason))
                    }
                }
            }
            @if events.is_empty() { li.quiet { "none" } }
        }
    }
}
