//! The comment under a pull request: what a change does to what serves.

use std::fmt::Write;

use serde_json::Value;
use shipworthy_contract::Change as ContractChange;

use super::markdown::cell;
use crate::comparison::{Comparison, Pair};
use crate::gate::{Change, Moved, MovedSlice, Pace, Reading, Report};

/// GitHub takes no longer comment; GitLab takes more.
const MAX_CHARACTERS: usize = 65_536;
/// What ends a comment that is cut, and what others add to mark it as theirs.
const SPARE_CHARACTERS: usize = 1_024;
/// The most lines of one table.
const MAX_LINES: usize = 20;
/// The longest text in a cell.
const MAX_CELL_CHARACTERS: usize = 300;

/// What a comment tells.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'a> {
    /// The project.
    pub project: &'a str,
    /// What came of the gates.
    pub report: &'a Report,
    /// What the change does; `None` when both are the same release.
    pub change: Option<&'a Change>,
    /// What callers notice of the contract.
    pub contract: &'a [ContractChange],
    /// What else the releases are made of.
    pub compared: &'a Comparison,
    /// Commands that make it again.
    pub reproduce: &'a [String],
}

/// As Markdown, of at most 65,536 characters.
#[must_use]
pub fn comment(told: &Comment<'_>) -> String {
    let mut out = format!("### {}\n\n{}\n", verdict(told), subject(told));
    if let Some(change) = told.change {
        out.push_str(&metrics(change));
        out.push_str(&slices(change));
    }
    out.push_str(&contract(told.contract));
    out.push_str(&gates(told.report));
    if let Some(change) = told.change {
        out.push_str(&latency(change));
    }
    out.push_str(&rest(told.compared));
    out.push_str(&reproduce(told.reproduce));
    bounded(out)
}

/// The line that is read first.
fn verdict(told: &Comment<'_>) -> String {
    let project = cell(told.project);
    let (passed, failed, _) = told.report.counts();
    let breaking = told.contract.iter().filter(|change| change.breaking).count();
    let gates = match (passed, failed) {
        (0, 0) => "no gate decides".to_owned(),
        (_, 0) => "no gate fails".to_owned(),
        (passed, failed) => format!("{failed} of {} gates fail", passed + failed),
    };
    let contract = match breaking {
        0 => String::new(),
        1 => ", 1 change of the contract breaks callers".to_owned(),
        count => format!(", {count} changes of the contract break callers"),
    };
    let mark = match (failed, breaking, passed) {
        (1.., _, _) => "❌",
        (0, 1.., _) => "⚠️",
        (0, 0, 0) => "➖",
        (0, 0, _) => "✅",
    };
    let Some(change) = told.change else {
        return format!("{mark} {project}: the same release as the one that serves, {gates}");
    };
    format!("{mark} {project}: {gates}{contract}{}", moves(&change.metrics))
}

/// The first metric, and how many of all moved.
fn moves(metrics: &[Moved]) -> String {
    let count = |reading| metrics.iter().filter(|moved| moved.reading == reading).count();
    let Some(first) = metrics.first() else { return String::new() };
    let (all, worse, better) = (metrics.len(), count(Reading::Worse), count(Reading::Better));
    if count(Reading::Same) == all {
        return ", the answers are the same".to_owned();
    }
    let Moved { metric, difference, reading, .. } = first;
    let mut out = match reading {
        Reading::Same | Reading::Unclear => format!(", {metric} may be the same"),
        reading => format!(", {metric} is {} by {:.4}", reading.name(), difference.abs()),
    };
    match (worse, better) {
        (0, 0) => {}
        (worse, 0) => write!(out, ", {worse} of {all} metrics worse").expect(TAKES_ALL),
        (0, better) => write!(out, ", {better} of {all} metrics better").expect(TAKES_ALL),
        (worse, better) => {
            write!(out, ", of {all} metrics {worse} worse and {better} better").expect(TAKES_ALL);
        }
    }
    out
}

fn subject(told: &Comment<'_>) -> String {
    let Report { candidate, against, rows, .. } = told.report;
    let mut out = named(candidate, told.compared.rest.get("commit"), |pair| &pair.b);
    if let (Some(against), Some(_)) = (against, told.change) {
        let commit = told.compared.rest.get("commit");
        write!(out, " against {}", named(against, commit, |pair| &pair.a)).expect(TAKES_ALL);
    }
    write!(out, ", on {rows} rows that its training never saw.").expect(TAKES_ALL);
    let others = told.change.and_then(|change| change.other_decisions);
    if let Some(others) = others {
        let share = percent(others, *rows);
        write!(out, " {others} of them ({share}) are decided otherwise.").expect(TAKES_ALL);
    }
    out
}

const TAKES_ALL: &str = "a string takes everything";

/// A release by its beginning, and its commit where that is another than the other's.
fn named(id: &str, commit: Option<&Pair>, side: fn(&Pair) -> &Option<Value>) -> String {
    let commit = commit.and_then(|pair| side(pair).as_ref()?.as_str());
    let commit = commit.map(|commit| format!(" (commit {})", code(short(commit, 12))));
    format!("{}{}", code(short(id, 19)), commit.unwrap_or_default())
}

fn metrics(change: &Change) -> String {
    let rows = change.metrics.iter().map(|moved| {
        let Moved { metric, before, after, difference, interval, reading } = moved;
        let interval = interval.map(|[low, high]| format!(" ({low:+.4} … {high:+.4})"));
        let interval = interval.unwrap_or_default();
        let reading = marked(*reading);
        format!("| {metric} | {before:.4} | {after:.4} | {difference:+.4}{interval} | {reading} |")
    });
    let head = "| metric | before | after | difference (95 %) | |\n|---|--:|--:|--:|---|";
    section("Metrics", &table(head, rows.collect()))
}

const fn marked(reading: Reading) -> &'static str {
    match reading {
        Reading::Same => "the same",
        Reading::Better => "🟢 better",
        Reading::Worse => "🔴 worse",
        Reading::Unclear => "unclear",
    }
}

fn slices(change: &Change) -> String {
    let Change { loss, slices, moved, .. } = change;
    if moved.is_empty() {
        let told = format!("None of {slices} slices is sure to have moved (mean {loss}).\n");
        return section("Slices", &told);
    }
    let rows = moved.iter().map(|slice| {
        let MovedSlice { name, rows, before, after, .. } = slice;
        let reading = if slice.change() > 0.0 { Reading::Worse } else { Reading::Better };
        let (name, change, reading) = (code(name), slice.change(), marked(reading));
        format!("| {name} | {rows} | {before:.4} | {after:.4} | {change:+.4} | {reading} |")
    });
    let told = format!("{} of {slices} slices moved, by their mean {loss}:\n\n", moved.len());
    let head = "| slice | rows | before | after | difference | |\n|---|--:|--:|--:|--:|---|";
    section("Slices", &(told + &table(head, rows.collect())))
}

fn contract(changes: &[ContractChange]) -> String {
    if changes.is_empty() {
        return section("Contract", "The same.\n");
    }
    // What breaks callers first.
    let (breaking, rest): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.breaking);
    let rows = breaking.into_iter().chain(rest).map(|change| {
        let mark = if change.breaking { "⚠️ breaks callers" } else { "" };
        format!("| {} | {} | {mark} |", code(&change.column), plain(&change.change))
    });
    section("Contract", &table("| column | change | |\n|---|---|---|", rows.collect()))
}

fn gates(report: &Report) -> String {
    let failed = report.gates.iter().filter(|gate| gate.passed == Some(false));
    let rows = failed.map(|gate| format!("| ❌ {} | {} |", plain(&gate.name), plain(&gate.why)));
    let rows: Vec<_> = rows.collect();
    match (rows.is_empty(), report.gates.len()) {
        (_, 0) => section("Gates", "None is declared: add a `[[gate]]` to the project file.\n"),
        (true, _) => section("Gates", &format!("{}.\n", report.summary())),
        (false, _) => {
            let told = format!("{}.\n\n", report.summary());
            section("Gates", &(told + &table("| gate | what was seen |\n|---|---|", rows)))
        }
    }
}

fn latency(change: &Change) -> String {
    let row = |what: String, pace: &Pace| {
        let Pace { before_us, after_us, ratio, low, high, .. } = pace;
        format!(
            "| {what} | {before_us:.1} µs | {after_us:.1} µs | {ratio:.2} ({low:.2} … {high:.2}) |"
        )
    };
    let rows = vec![
        row("one row at a time".to_owned(), &change.one_row),
        row(format!("{} rows at once", change.batch.rows), &change.batch),
    ];
    let head = "| a row of | before | after | times as long |\n|---|--:|--:|--:|";
    let told = "\nMedians, and the quartiles of the ratio, of both in turn on the machine that made \
                this comment. Only a gate judges it.\n";
    section("Latency", &(table(head, rows) + told))
}

/// What else is different, folded away.
fn rest(compared: &Comparison) -> String {
    let Comparison { parameters, data, rest, .. } = compared;
    let parts = [("parameter", parameters), ("data", data), ("release", rest)];
    let pairs = parts.iter().flat_map(|(part, pairs)| pairs.iter().map(move |pair| (part, pair)));
    let rows = pairs.map(|(part, (name, Pair { a, b }))| {
        format!("| {part} | {} | {} | {} |", code(name), value(a.as_ref()), value(b.as_ref()))
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let other = if rows.len() == 1 { "other difference" } else { "other differences" };
    let summary = format!("{} {other}: of parameters, data or release", rows.len());
    folded(&summary, &table("| | | before | after |\n|---|---|---|---|", rows))
}

fn reproduce(commands: &[String]) -> String {
    let lines: String =
        commands.iter().map(|line| format!("{}\n", line.replace('`', ""))).collect();
    folded("How to reproduce", &format!("```sh\n{lines}```\n"))
}

fn section(title: &str, body: &str) -> String {
    match body.starts_with('|') {
        true => format!("\n**{title}**\n\n{body}"),
        false => format!("\n**{title}.** {body}"),
    }
}

fn folded(summary: &str, body: &str) -> String {
    format!("\n<details><summary>{summary}</summary>\n\n{body}\n</details>\n")
}

/// A table of a bounded length.
fn table(head: &str, rows: Vec<String>) -> String {
    let more = rows.len().saturating_sub(MAX_LINES);
    let mut out = format!("{head}\n");
    for row in rows.into_iter().take(MAX_LINES) {
        out.push_str(&row);
        out.push('\n');
    }
    if more > 0 {
        write!(out, "\n… and {more} more.\n").expect(TAKES_ALL);
    }
    out
}

fn value(value: Option<&Value>) -> String {
    match value {
        None => "–".to_owned(),
        Some(Value::String(text)) => code(text),
        Some(other) => code(&other.to_string()),
    }
}

/// Text in a cell that means nothing to Markdown: a name out of somebody's data is no mention, no
/// link and no tag.
fn code(text: &str) -> String {
    let text = shortened(text).replace('`', "'").replace(['\n', '\r'], " ").replace('|', "\\|");
    format!("`{text}`")
}

/// Words in a cell, which mention nobody and link to nothing.
fn plain(text: &str) -> String {
    const NOTHING: &str = "\u{200b}";
    let text = cell(&shortened(text)).replace('@', &format!("@{NOTHING}"));
    text.replace('#', &format!("#{NOTHING}")).replace('[', "\\[").replace("://", ":\u{200b}//")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CELL_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn short(text: &str, characters: usize) -> &str {
    text.get(..characters).unwrap_or(text)
}

#[expect(clippy::cast_precision_loss, reason = "a share in percent")]
fn percent(part: usize, of: usize) -> String {
    format!("{:.1} %", part as f64 / of.max(1) as f64 * 100.0)
}

/// Cut at a line, where it would be too long.
fn bounded(mut text: String) -> String {
    let most = MAX_CHARACTERS - SPARE_CHARACTERS;
    // Characters are counted as UTF-16 somewhere, and as bytes elsewhere: bytes are never fewer.
    if text.len() > most {
        let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= most).last();
        let end = text[..end.unwrap_or(0)].rfind('\n').unwrap_or(0);
        text.truncate(end);
        text.push_str(
            "\n\n… the rest has no room in a comment: `shipworthy ci comment` shows it.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::gate::Judged;

    fn report(gates: &[(&str, Option<bool>)]) -> Report {
        let judged = gates.iter().map(|(name, passed)| Judged {
            name: (*name).to_owned(),
            kind: "metric",
            passed: *passed,
            observed: None,
            bound: None,
            why: "ask @ana, see #7 or https://x.example | <b>".to_owned(),
        });
        Report {
            candidate: format!("sha256:{}", "0a".repeat(32)),
            against: Some(format!("sha256:{}", "1b".repeat(32))),
            rows: 200,
            passed: gates.iter().all(|(_, passed)| *passed != Some(false)),
            gates: judged.collect(),
            plots: Vec::new(),
        }
    }

    fn change(slices: usize) -> Change {
        let pace =
            Pace { rows: 40, before_us: 10.0, after_us: 12.0, ratio: 1.2, low: 1.1, high: 1.3 };
        let moved = |number| MovedSlice {
            name: format!("city = \"`@{number}|\n\""),
            rows: 60,
            before: 0.2,
            after: 0.25,
            p_value: 0.001,
        };
        Change {
            rows: 200,
            other_decisions: Some(9),
            metrics: vec![Moved {
                metric: "roc_auc",
                before: 0.8,
                after: 0.83,
                difference: 0.03,
                interval: Some([0.01, 0.05]),
                reading: Reading::Better,
            }],
            loss: "brier_score",
            slices,
            moved: (0..slices).map(moved).collect(),
            one_row: pace,
            batch: Pace { rows: 200, ..pace },
        }
    }

    fn compared() -> Comparison {
        let pair = Pair { a: Some(json!("c0ffee")), b: Some(json!("decaf")) };
        Comparison {
            metrics: BTreeMap::new(),
            parameters: BTreeMap::new(),
            contract: BTreeMap::new(),
            data: BTreeMap::new(),
            rest: BTreeMap::from([("commit".to_owned(), pair)]),
        }
    }

    fn written(report: &Report, change: Option<&Change>, contract: &[ContractChange]) -> String {
        let (compared, reproduce) = (compared(), ["shipworthy ci comment .".to_owned()]);
        let compared = &compared;
        let reproduce = &reproduce;
        comment(&Comment { project: "late", report, change, contract, compared, reproduce })
    }

    #[test]
    fn the_first_line_is_the_verdict() {
        let first = |gates: &[(&str, Option<bool>)], breaking: bool| {
            let contract =
                [ContractChange { column: "a".into(), change: "is required now".into(), breaking }];
            let text = written(&report(gates), Some(&change(0)), &contract);
            text.lines().next().unwrap().to_owned()
        };
        let good = "### ✅ late: no gate fails, roc_auc is better by 0.0300, 1 of 1 metrics better";
        assert_eq!(first(&[("a", Some(true))], false), good);
        let broken =
            "### ⚠️ late: no gate fails, 1 change of the contract breaks callers, roc_auc is";
        assert!(first(&[("a", Some(true))], true).starts_with(broken));
        let gates = [("a", Some(true)), ("b", Some(false)), ("c", None)];
        assert!(first(&gates, false).starts_with("### ❌ late: 1 of 2 gates fail"));
        assert!(first(&[], false).starts_with("### ➖ late: no gate decides"));
        let same = written(&report(&[("a", Some(true))]), None, &[]);
        assert!(same.starts_with("### ✅ late: the same release as the one that serves"), "{same}");
    }

    #[test]
    fn what_comes_out_of_data_means_nothing_to_markdown() {
        let text = written(&report(&[("a", Some(false))]), Some(&change(1)), &[]);
        assert!(text.contains("| `city = \"'@0\\| \"` | 60 | 0.2000 | 0.2500 |"), "{text}");
        let words = "ask @\u{200b}ana, see #\u{200b}7 or https:\u{200b}//x.example \\| &lt;b>";
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn a_comment_has_room_for_everything_but_not_for_more() {
        let gates: Vec<_> = (0..64).map(|_| ("gate", Some(false))).collect();
        let text = written(&report(&gates), Some(&change(3_000)), &[]);
        assert!(text.contains("3000 of 3000 slices moved"), "{text}");
        assert!(text.contains("… and 2980 more."), "{text}");
        assert!(text.len() < MAX_CHARACTERS / 2, "{}", text.len());
        let long = bounded("é\n".repeat(60_000));
        assert!(long.len() < MAX_CHARACTERS && long.ends_with("shows it.\n"));
    }
}
