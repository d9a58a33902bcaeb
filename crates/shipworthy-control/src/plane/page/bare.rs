//! Endpoints whose traffic cannot be steered: those of bare model files.

use maud::{Markup, html};

use super::live::Seen;
use super::text::{commit, release};
use crate::plane::status::{EndpointStatus, SlotStatus};

/// A card for each.
pub(super) fn cards(seen: &Seen) -> Markup {
    let is_steered = |name: &str| seen.steered.iter().any(|known| known.view.endpoint == name);
    let bare = seen.status.endpoints.iter().filter(|endpoint| !is_steered(&endpoint.name));
    html! { @for endpoint in bare { (card(endpoint)) } }
}

fn card(endpoint: &EndpointStatus) -> Markup {
    html! {
        section.card aria-label={ "Releases of " (endpoint.name) } {
            h2 { "Releases at " (endpoint.name) }
            div.scrolled { table {
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
            } }
        }
    }
}

fn slot(name: &str, held: Option<&SlotStatus>) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            @match held {
                None => td.quiet colspan="3" { "empty" },
                Some(slot) => {
                    td { (release(&slot.release)) }
                    td { (commit(slot.commit.as_deref())) }
                    td.number { (slot.weight) " %" }
                }
            }
        }
    }
}
