//! Markdown, as the summary of a job or a comment under a pull request has it.

use std::fmt::Write;

use crate::gate::Report;

/// A report as Markdown: a headline and a table.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mark = if report.passed { "✅" } else { "❌" };
    let mut text = format!("### {mark} {}\n\n`{}`", report.summary(), report.candidate);
    if let Some(against) = &report.against {
        write!(text, " against `{against}`").expect("a string takes everything");
    }
    text.push_str("\n\n| | gate | what was seen |\n|---|---|---|\n");
    for gate in &report.gates {
        let mark = match gate.passed {
            Some(true) => "✅",
            Some(false) => "❌",
            None => "➖",
        };
        let (name, why) = (cell(&gate.name), cell(&gate.why));
        writeln!(text, "| {mark} | {name} | {why} |").expect("a string takes everything");
    }
    text
}

/// Text that ends no cell and begins no tag.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}
