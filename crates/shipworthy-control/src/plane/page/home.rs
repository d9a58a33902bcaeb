//! The one page: what serves, what happened, and the checklist.

use maud::{Markup, html};
use shipworthy_core::checklist::{Item, State};
use shipworthy_rows::Timestamp;
use shipworthy_serving::Counter;
use shipworthy_store::Token;

use crate::plane::status::{EndpointStatus, LedgerStatus, SlotStatus, Status};

/// Hexadecimal digits that tell commits apart at a glance.
const SHORT_COMMIT_CHARS: usize = 12;

/// `sha256:` and as many digits.
const SHORT_RELEASE_CHARS: usize = 7 + SHORT_COMMIT_CHARS;

/// The page of this moment, for the holder of `token`.
pub(super) fn page(status: &Status, items: &[Item], token: &Token, now: Timestamp) -> Markup {
    html! {
        header.top {
            p.brand { "Shipworthy" }
            p.who { "signed in as " strong { (token.name) } ", " (token.role) }
        }
        main {
            (headline(status))
            (endpoints(&status.endpoints))
            (numbers(status))
            (checklist(items))
        }
        footer {
            p { "Version " (status.version) ". Read at " (moment(now)) "; load again for news." }
        }
    }
}

fn headline(status: &Status) -> Markup {
    let names = status.endpoints.iter().map(|endpoint| endpoint.name.as_str());
    let names = names.collect::<Vec<_>>().join(", ");
    html! {
        div.headline {
            h1 { @if names.is_empty() { "No endpoint yet" } @else { (names) } }
            @match &status.not_ready {
                None => p.pill.met { "Ready: decisions are answered" },
                Some(why) => p.pill.failing { "Not ready: " (why) },
            }
        }
    }
}

fn endpoints(endpoints: &[EndpointStatus]) -> Markup {
    html! {
        @for endpoint in endpoints {
            section.card aria-label={ "Releases of " (endpoint.name) } {
                h2 { "Releases at " (endpoint.name) }
                table {
                    thead { tr {
                        th scope="col" { "Slot" }
                        th scope="col" { "Release" }
                        th scope="col" { "Commit" }
                        th.number scope="col" { "Traffic" }
                    } }
                    tbody {
                        (slot("stable", endpoint.slots.stable.as_ref()))
                        (slot("candidate", endpoint.slots.candidate.as_ref()))
                        (slot("previous", endpoint.slots.previous.as_ref()))
                    }
                }
            }
        }
    }
}

fn slot(name: &str, release: Option<&SlotStatus>) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            @match release {
                None => td.quiet colspan="3" { "empty" },
                Some(slot) => {
                    td { code title=(slot.release) { (head(&slot.release, SHORT_RELEASE_CHARS)) } }
                    td { @match &slot.commit {
                        Some(commit) => code title=(commit) { (head(commit, SHORT_COMMIT_CHARS)) },
                        None => span.quiet { "none" },
                    } }
                    td.number { (slot.weight) " %" }
                }
            }
        }
    }
}

fn numbers(status: &Status) -> Markup {
    let counts = Counter::ALL.map(|(name, counter)| (name, status.counters.get(counter)));
    let (seen, unseen): (Vec<_>, Vec<_>) = counts.into_iter().partition(|(_, count)| *count > 0);
    html! {
        section.card aria-labelledby="numbers" {
            h2 id="numbers" { "Since the start" }
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
}

fn ledger(ledger: &LedgerStatus) -> Markup {
    html! {
        div { dt { "ledger entries, in all" } dd { (grouped(ledger.entries)) } }
        @if let Some(why) = &ledger.failure {
            div.wide { dt { "the ledger takes no records" } dd.failing { (why) } }
        }
    }
}

fn checklist(items: &[Item]) -> Markup {
    let met = items.iter().filter(|item| item.state == State::Met).count();
    let parts = items.chunk_by(|one, next| one.part == next.part);
    html! {
        section aria-labelledby="checklist" {
            div.headline {
                h2 id="checklist" { "From prototype to production" }
                p.progress {
                    meter min="0" max=(items.len()) value=(met) aria-hidden="true" {}
                    (met) " of " (items.len()) " met"
                }
            }
            div.parts {
                @for part in parts {
                    section.card {
                        h3 { (part[0].part) }
                        ul.items { @for item in part { (checklist_item(item)) } }
                    }
                }
            }
        }
    }
}

fn checklist_item(item: &Item) -> Markup {
    let (class, mark) = match item.state {
        State::Met => ("met", "✓"),
        State::Failing => ("failing", "✗"),
        State::NotSetUp => ("open", "·"),
    };
    html! {
        li class=(class) {
            span.mark aria-hidden="true" { (mark) }
            div {
                p.title { (item.title) " " span.state { (item.state.name()) } }
                p.evidence { (item.evidence) }
                @if item.state != State::Met {
                    p.next { "Next: " (commands(item.next)) }
                }
            }
        }
    }
}

/// Text with what stands between backticks as code.
fn commands(text: &str) -> Markup {
    html! {
        @for (index, piece) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (piece) } } @else { (piece) }
        }
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn head(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

/// Digits in groups of three, apart by a thin space that does not break.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A moment to the second, in UTC.
fn moment(at: Timestamp) -> Markup {
    let seconds = at.as_micros().div_euclid(1_000_000) * 1_000_000;
    let text = Timestamp::from_micros(seconds).to_string();
    let shown = text.replace('T', " ").replace('Z', " UTC");
    html! { time datetime=(text) { (shown) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(123_456), "123\u{202f}456");
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        let text = commands("commit, then `shipworthy up <x>`").into_string();
        assert_eq!(text, "commit, then <code>shipworthy up &lt;x&gt;</code>");
    }
}
