//! `shipworthy ledger tail`.

use std::time::Duration;

use anyhow::Result;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::Value;
use shipworthy_control::outbox::RecordedEvent;

use super::decision::{answer, latency, moment, shortened};
use super::entries::{Entry, Ledger};
use crate::output;

/// How often a followed ledger is asked for more.
const POLL: Duration = Duration::from_secs(1);

const COLUMNS: [&str; 6] = ["TIME (UTC)", "ID", "ENDPOINT", "STATUS", "ANSWER", "LATENCY"];

/// The least widths, so that the tables of a followed ledger stand in line.
const WIDTHS: [u16; 6] = [23, 36, 16, 11, 28, 8];

/// As much of an event's subject as of a release's name.
const SUBJECT_CHARS: usize = 19;

/// As much of an event's reason as leaves the table a table; `ledger show` has the rest.
const REASON_CHARS: usize = 48;

/// Shows the newest entries, and those to come.
pub(super) fn tail(ledger: &Ledger, count: u64, follow: bool, json: bool) -> Result<()> {
    let mut from = ledger.end()?.saturating_sub(count);
    let mut is_first = true;
    loop {
        let entries = ledger.entries(from).collect::<Result<Vec<_>>>()?;
        from = entries.last().map_or(from, |entry| entry.sequence + 1);
        print(&entries, is_first, json)?;
        if !follow {
            return Ok(());
        }
        if !ledger.is_live() {
            output::note("no server runs, so nothing follows");
            return Ok(());
        }
        is_first = false;
        wait_for_more(ledger, from)?;
    }
}

fn wait_for_more(ledger: &Ledger, from: u64) -> Result<()> {
    while ledger.end()? <= from {
        std::thread::sleep(POLL);
    }
    Ok(())
}

fn print(entries: &[Entry], is_first: bool, json: bool) -> Result<()> {
    if json {
        return entries.iter().try_for_each(|entry| output::line(&serde_json::to_string(entry)?));
    }
    if entries.is_empty() && is_first {
        output::note("the ledger has no entries yet");
        return Ok(());
    }
    output::line(&table(entries, is_first)?)
}

/// Entries, one a line.
pub(super) fn table(entries: &[Entry], with_header: bool) -> Result<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if with_header {
        table.set_header(COLUMNS);
    }
    for entry in entries {
        table.add_row(row(entry)?);
    }
    let widths = WIDTHS.map(|width| ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    table.set_constraints(widths);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    Ok(table.trim_fmt())
}

fn row(entry: &Entry) -> Result<[String; 6]> {
    if let Some(RecordedEvent { at, actor, reason, kind, subject, .. }) = entry.event() {
        let told = format!("{kind} by {actor}: {}", shortened(&reason, REASON_CHARS));
        let (id, status) = (entry.id.clone(), entry.kind.clone());
        let subject = shortened(&subject, SUBJECT_CHARS);
        return Ok([moment(at), id, subject, status, told, String::new()]);
    }
    let made_at = entry.made_at().map_or_else(String::new, moment);
    let id = entry.id.clone();
    if entry.status().is_none() {
        return Ok([made_at, id, String::new(), entry.kind.clone(), other(entry), String::new()]);
    }
    let Some(recorded) = entry.recorded()? else {
        let erased = "(erased)".to_owned();
        return Ok([made_at, id, String::new(), entry.kind.clone(), erased, String::new()]);
    };
    let output: Value = serde_json::from_str(recorded.output.get())?;
    Ok([
        moment(recorded.received_at),
        id,
        recorded.endpoint,
        if entry.is_shadow() { entry.kind.clone() } else { recorded.status.name().to_owned() },
        answer(recorded.status, &output),
        latency(recorded.latency_us),
    ])
}

/// What an entry says that is about no row: of a summary, what was counted.
fn other(entry: &Entry) -> String {
    let payload = entry.payload.as_ref();
    let payload: Value = payload
        .map_or(Value::Null, |payload| serde_json::from_str(payload.get()).unwrap_or_default());
    let counts = payload.get("undecided").and_then(Value::as_object).into_iter().flatten();
    let counts = counts.map(|(name, count)| format!("{count} {}", name.replace('_', " ")));
    counts.collect::<Vec<_>>().join(", ")
}
