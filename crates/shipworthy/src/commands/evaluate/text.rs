//! The findings as tables for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use shipworthy_stats::interval::Interval;

use super::findings::{Findings, Line, Section, Test};

pub(super) fn render(findings: &Findings) -> String {
    let mut parts: Vec<String> = findings.sections.iter().map(section).collect();
    if !findings.tests.is_empty() {
        parts.push(tests(&findings.tests));
    }
    let missing = findings
        .reasons()
        .map(|(name, why)| format!("{name}: {}", why.as_str().unwrap_or_default()));
    let missing: Vec<String> = missing.collect();
    if !missing.is_empty() {
        parts.push(missing.join("\n"));
    }
    parts.join("\n\n")
}

fn section(section: &Section) -> String {
    let mut table = empty();
    table.set_header([section.name.as_str(), "value", "from", "to", ""]);
    section.lines.iter().for_each(|line| {
        table.add_row(row(line));
    });
    aligned(table, 1..4)
}

fn row(line: &Line) -> [String; 5] {
    let value = line.value.as_ref().map_or_else(|_| "-".to_owned(), |&value| number(value));
    let (from, to, method) = match &line.interval {
        Some((Ok(Interval { lower, upper }), method)) => (number(*lower), number(*upper), *method),
        _ => (String::new(), String::new(), ""),
    };
    [line.name.clone(), value, from, to, line.why().unwrap_or_else(|| method.to_owned())]
}

fn tests(tests: &[Test]) -> String {
    let mut table = empty();
    table.set_header(["a against b", "statistic", "p"]);
    for test in tests {
        table.add_row([test.name.to_owned(), number(test.statistic), number(test.p_value)]);
    }
    aligned(table, 1..3)
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn aligned(mut table: Table, numbers: std::ops::Range<usize>) -> String {
    for at in numbers {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Four digits after the point, or the power of ten where they would say nothing.
fn number(value: f64) -> String {
    let is_plain = value == 0.0 || (1e-3..1e9).contains(&value.abs());
    if is_plain { format!("{value:.4}") } else { format!("{value:.2e}") }
}
