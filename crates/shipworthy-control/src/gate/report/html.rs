//! One page by itself: no script, no font and no picture from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html as page};

use super::plot;
use crate::gate::{Judged, Report};

/// The colours follow the reader's light or dark; figures stand beside each other where there is room.
const STYLE: &str = include_str!("page.css");

/// A report as a page.
#[must_use]
pub fn html(report: &Report) -> String {
    let title = format!("Gates of {}", &report.candidate);
    let page = page! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 class=(if report.passed { "passed" } else { "failed" }) { (report.summary()) }
                p {
                    "Release " code { (report.candidate) }
                    @if let Some(against) = &report.against { ", held against " code { (against) } }
                    ", judged on rows that its training never saw."
                }
                table class="gates" {
                    thead { tr { th { "Gate" } th { "Verdict" } th { "What was seen" } } }
                    tbody { @for gate in &report.gates { (row(gate)) } }
                }
                @if !report.plots.is_empty() {
                    h2 { "What the answers look like" }
                    div class="plots" { @for plot in &report.plots { (plot::figure(plot)) } }
                }
            }
        }
    };
    page.into_string()
}

fn row(gate: &Judged) -> Markup {
    let class = match gate.passed {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "apart",
    };
    page! {
        tr {
            td { (gate.name) br; small { (gate.kind) } }
            td class=(class) { (gate.verdict()) }
            td { (gate.why) }
        }
    }
}
