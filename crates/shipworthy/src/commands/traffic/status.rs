//! `shipworthy status`: what an endpoint does now.

use anyhow::Result;
use clap::Args as ClapArgs;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

use super::view::{Finding, NOT_SAVED, Rollout, Shadow, Slot, View, short};
use super::{Place, watch};
use crate::cli::Outcome;
use crate::client::{Client, segment};
use crate::output;

/// Digits of a commit that tell it apart.
const COMMIT_DIGITS: usize = 12;

/// Show what an endpoint does: its releases, their shares and counts, and its rollout.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:\n  shipworthy status\n  shipworthy status flight-delay --watch\
    \n  shipworthy status flight-delay --json | jq .rollout.state")]
pub(crate) struct Args {
    /// The endpoint; all of them when none is named.
    #[arg(value_name = "ENDPOINT")]
    endpoint: Option<String>,

    #[command(flatten)]
    place: Place,

    /// Show it again every second, until Ctrl-C; where standard output is no terminal, a line
    /// whenever something changes.
    #[arg(long, conflicts_with = "json")]
    watch: bool,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let client = args.place.server()?;
    let path = match &args.endpoint {
        Some(name) => format!("/v1/endpoints/{}", segment(name)),
        None => "/v1/endpoints".to_owned(),
    };
    if args.watch {
        watch::run(client, path)?;
        return Ok(Outcome::Done);
    }
    let seen: Value = client.get(&path)?;
    if args.json {
        output::json(&seen)?;
    } else {
        output::line(&render(&read(seen)?))?;
    }
    Ok(Outcome::Done)
}

/// The endpoints at a path of the control plane.
pub(super) fn ask(client: &Client, path: &str) -> Result<Vec<View>> {
    read(client.get(path)?)
}

/// One endpoint, or the list of all.
fn read(mut seen: Value) -> Result<Vec<View>> {
    match seen.get_mut("endpoints").map(Value::take) {
        Some(Value::Array(all)) => all.into_iter().map(View::read).collect(),
        _ => Ok(vec![View::read(seen)?]),
    }
}

/// Endpoints for people.
pub(super) fn render(views: &[View]) -> String {
    if views.is_empty() {
        return "no endpoint here has traffic to steer: bare model files have no releases to \
                choose from"
            .to_owned();
    }
    views.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

fn one(view: &View) -> String {
    let mut lines = vec![view.endpoint.clone(), table(view)];
    let mut say = |label: &str, text: String| lines.push(format!("  {label:<9}  {text}"));
    if view.stopped {
        let resume = format!("`shipworthy resume {}` lets it answer again", view.endpoint);
        say("stopped", format!("no model is asked; {resume}"));
    }
    if !view.saved {
        say("not saved", NOT_SAVED.to_owned());
    }
    match &view.rollout {
        None => say("rollout", "none yet".to_owned()),
        Some(rollout) => told(rollout).into_iter().for_each(|(label, text)| say(label, text)),
    }
    if let Some(shadow) = &view.shadow {
        say("shadow", paired(shadow));
    }
    if view.cooling_seconds > 0 {
        let left = span(view.cooling_seconds);
        say("cooling", format!("it went back by itself; for {left} no rollout begins"));
    }
    lines.join("\n")
}

fn table(view: &View) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "SLOT", "RELEASE", "COMMIT", "WEIGHT", "ANSWERED", "REFUSED", "FAILED", "P50 MS", "P99 MS",
    ]);
    let slots = &view.slots;
    let slots =
        [("stable", &slots.stable), ("candidate", &slots.candidate), ("previous", &slots.previous)];
    for (name, slot) in slots {
        if let Some(slot) = slot {
            table.add_row(row(name, slot));
        }
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if at == 0 { 2 } else { 0 }, 2));
        if at >= 3 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn row(name: &str, slot: &Slot) -> [String; 9] {
    let commit = slot.commit.as_deref().unwrap_or("none");
    [
        name.to_owned(),
        short(&slot.release),
        commit.chars().take(COMMIT_DIGITS).collect(),
        format!("{} %", slot.weight),
        slot.answered.to_string(),
        slot.refused.to_string(),
        slot.failed.to_string(),
        milliseconds(slot.p50_us),
        milliseconds(slot.p99_us),
    ]
}

fn milliseconds(us: Option<u64>) -> String {
    let tenths = |us: u64| us.saturating_add(50) / 100;
    us.map_or_else(|| "-".to_owned(), |us| format!("{}.{}", tenths(us) / 10, tenths(us) % 10))
}

fn told(rollout: &Rollout) -> Vec<(&'static str, String)> {
    let here = rollout.seconds_here.map(|seconds| format!(", for {}", span(seconds)));
    let mut told = vec![
        ("rollout", rollout.place() + &here.unwrap_or_default()),
        ("started", format!("{} by {}", rollout.started_at, rollout.started_by)),
    ];
    told.extend(rollout.why.clone().map(|why| ("last look", why)));
    let labels = std::iter::once("guards").chain(std::iter::repeat(""));
    told.extend(labels.zip(rollout.findings.iter().map(found)));
    told
}

fn found(finding: &Finding) -> String {
    let mark = match finding.reading.as_str() {
        "within" => "within",
        "beyond" => "BEYOND",
        "too_few" => "too few",
        other => other,
    };
    format!("{mark:<8} {}", finding.why)
}

fn paired(shadow: &Shadow) -> String {
    let Shadow { paired, shed, agreement } = shadow;
    let agreement = agreement.map(|share| format!(", {:.2} % of them agree", share * 100.0));
    format!("{paired} rows paired with stable's{}; {shed} shed", agreement.unwrap_or_default())
}

/// A time span in its two largest units.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::view::tests::canary;
    use super::*;

    #[test]
    fn a_rollout_is_shown_with_what_it_waits_for() {
        let shown = render(&read(canary()).unwrap());
        for text in [
            "sha256:aaaaaaaaaaaa  0c43dd10c43d    75 %      1000        2       0     0.9       -",
            "  rollout    canary, step 2 of 4 (25 %), for 1 min 2 s",
            "  started    2026-11-27T06:00:00Z by ana",
            "  last look  the candidate was asked for 10 rows of 1000",
            "  guards     within   error_rate is 0.00 %, at most 1.00 % is allowed",
        ] {
            assert!(shown.contains(text), "no {text:?} in\n{shown}");
        }
        assert!(!shown.contains("previous"), "{shown}");
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let mut seen = canary();
        seen["stopped"] = true.into();
        seen["saved"] = false.into();
        seen["cooling_seconds"] = 3_700.into();
        seen["shadow"] = json!({"paired": 8, "shed": 1, "disagreed": 1, "agreement": 0.875});
        let shown = render(&read(json!({"endpoints": [seen]})).unwrap());
        for text in [
            "  stopped    no model is asked; `shipworthy resume late`",
            "  not saved  this is served, but could not be stored yet",
            "for 1 h 1 min no rollout begins",
            "8 rows paired with stable's, 87.50 % of them agree; 1 shed",
        ] {
            assert!(shown.contains(text), "no {text:?} in\n{shown}");
        }
        assert!(render(&[]).contains("bare model files"));
    }
}
