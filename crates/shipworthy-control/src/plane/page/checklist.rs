//! The checklist: from prototype to production.

use maud::{Markup, html};
use shipworthy_core::checklist::{Item, State};

use super::text::commands;

/// All items, by part.
pub(super) fn checklist(items: &[Item]) -> Markup {
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
