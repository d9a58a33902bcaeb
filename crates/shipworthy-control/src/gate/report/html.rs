//! One page by itself: no script, no font and no picture from elsewhere.

use maud::{DOCTYPE, Markup, html as page};

use crate::gate::{Judged, Report};

/// Few words, wide rows; the colours follow the reader's light or dark.
const STYLE: &str = "\
:root{color-scheme:light dark;--good:light-dark(#1a7f37,#3fb950);--bad:light-dark(#cf222e,#f85149);
--line:light-dark(#d0d7de,#30363d);--dim:light-dark(#59636e,#9198a1)}
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}code{font-size:.85em;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;
padding:.5rem .6rem;border-bottom:1px solid var(--line)}
.passed{color:var(--good)}.failed{color:var(--bad)}.apart{color:var(--dim)}small{color:var(--dim)}
svg{display:block;width:100%;max-width:14rem;height:1rem;margin-top:.3rem}";

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
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 class=(if report.passed { "passed" } else { "failed" }) { (report.summary()) }
                p {
                    "Release " code { (report.candidate) }
                    @if let Some(against) = &report.against { ", held against " code { (against) } }
                    ", judged on rows that its training never saw."
                }
                table {
                    thead { tr { th { "Gate" } th { "Verdict" } th { "What was seen" } } }
                    tbody { @for gate in &report.gates { (row(gate)) } }
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
