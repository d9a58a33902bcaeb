//! Plots as pictures that need nothing else: their colours are those of the page, light or dark.

mod axes;
mod confusion;
mod distribution;
mod reliability;
mod roc;
mod slices;

use maud::{Markup, PreEscaped, html};
use svg::node::element::SVG;

use crate::gate::plots::{Plot, Whose};

/// A figure with its caption.
pub(super) fn figure(plot: &Plot) -> Markup {
    match plot {
        Plot::Distribution(plot) => distribution::figure(plot),
        Plot::Reliability(plot) => reliability::figure(plot),
        Plot::Roc(curves) => roc::figure(curves),
        Plot::Confusion(table) => confusion::figure(table),
        Plot::Slices(parts) => slices::figure(parts),
    }
}

/// What a plot is called, how it is read, whose lines are which, and the plot.
fn captioned(title: &str, reading: &str, legend: &[(Whose, String)], picture: &SVG) -> Markup {
    html! {
        figure {
            figcaption {
                h3 { (title) }
                p { (reading) }
                @if !legend.is_empty() {
                    ul class="legend" {
                        @for (whose, name) in legend { li class=(whose.class()) { (name) } }
                    }
                }
            }
            (PreEscaped(picture.to_string()))
        }
    }
}

impl Whose {
    /// How it is drawn.
    const fn class(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Training => "training",
            Self::Stable => "stable",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Candidate => "this release",
            Self::Training => "this release, on rows that it learned from",
            Self::Stable => "the release that it is held against",
        }
    }
}

/// A number in few digits, with a thin space between thousands.
fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups = groups.map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join("\u{202f}")
}
