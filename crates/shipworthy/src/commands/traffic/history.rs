//! `shipworthy history`: what was done to an endpoint, by whom and why.

use anyhow::Result;
use clap::Args as ClapArgs;
use comfy_table::{ContentArrangement, Table, presets};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Place;
use super::view::short;
use crate::cli::Outcome;
use crate::client::segment;
use crate::output;

/// Show what was done to an endpoint, the newest first.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:\n  shipworthy history flight-delay\n  shipworthy history \
    flight-delay --limit 100 --json | jq '.events[].reason'")]
pub(crate) struct Args {
    /// The endpoint.
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,

    #[command(flatten)]
    place: Place,

    /// How much of it.
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,

    /// Print JSON, with the evidence of each verdict.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize, Serialize)]
struct Page {
    events: Vec<Event>,
    /// Where older events go on.
    next: Option<i64>,
}

#[derive(Deserialize, Serialize)]
struct Event {
    id: i64,
    at: String,
    actor: String,
    reason: String,
    kind: String,
    subject: String,
    body: Value,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let (endpoint, limit) = (segment(&args.endpoint), args.limit);
    let client = args.place.server()?;
    let page: Page = client.get(&format!("/v1/endpoints/{endpoint}/history?limit={limit}"))?;
    if args.json {
        output::json(&page)?;
    } else if page.events.is_empty() {
        output::note("nothing was done to this endpoint yet");
    } else {
        output::line(&table(&page.events))?;
        if page.next.is_some() {
            output::note("there may be more; --limit shows it");
        }
    }
    Ok(Outcome::Done)
}

fn table(events: &[Event]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["TIME", "BY", "WHAT", "NOW", "WHY"]);
    for event in events {
        let now = now(&event.body);
        let what = what(event);
        table.add_row([&event.at, &event.actor, &what, &now, &plain(&event.reason)]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// What was done; of a drill also how it went.
fn what(event: &Event) -> String {
    let Event { kind, body, .. } = event;
    match (body["drill"].as_str(), body["drilled"]["passed"].as_bool()) {
        (Some(_), _) => format!("{kind} (drill)"),
        (None, Some(true)) => format!("{kind}: passed"),
        (None, Some(false)) => format!("{kind}: failed"),
        (None, None) => kind.clone(),
    }
}

/// Where an event left the endpoint.
fn now(body: &Value) -> String {
    let release = |slot: &str| body[slot].as_str().map(short);
    let share = body["rollout"]["share"].as_u64().unwrap_or(0);
    if body["stopped"] == true {
        return "no model is asked".to_owned();
    }
    match (release("candidate"), release("stable")) {
        (Some(candidate), _) if share == 0 => format!("{candidate} unseen"),
        (Some(candidate), _) => format!("{candidate} {share} %"),
        (None, Some(stable)) => format!("{stable} everything"),
        (None, None) => String::new(),
    }
}

/// A text that moves no terminal's cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_of_a_drill_says_so() {
        let said = |kind: &str, body: Value| {
            let (at, actor, reason) = (String::new(), String::new(), String::new());
            let (kind, subject) = (kind.to_owned(), String::new());
            what(&Event { id: 1, at, actor, reason, kind, subject, body })
        };
        let back = "endpoint.rolled_back";
        assert_eq!(said(back, json!({})), back);
        assert_eq!(said(back, json!({"drill": "there"})), "endpoint.rolled_back (drill)");
        let drilled = json!({"drilled": {"passed": false}});
        assert_eq!(said("endpoint.drilled", drilled), "endpoint.drilled: failed");
    }

    #[test]
    fn an_event_says_where_it_left_the_endpoint() {
        let id = |digit: &str| format!("sha256:{}", digit.repeat(64));
        let (stable, candidate) = (id("a"), id("b"));
        let at = |share: u8| {
            now(&json!({"stable": stable, "candidate": candidate, "rollout": {"share": share}}))
        };
        assert_eq!(at(25), "sha256:bbbbbbbbbbbb 25 %");
        assert_eq!(at(0), "sha256:bbbbbbbbbbbb unseen");
        let back = json!({"stable": stable, "candidate": null, "rollout": {"share": 0}});
        assert_eq!(now(&back), "sha256:aaaaaaaaaaaa everything");
        assert_eq!(now(&json!({"stable": stable, "stopped": true})), "no model is asked");
        assert_eq!(now(&json!({})), "");
        assert_eq!(plain("a\u{1b}[2J\nb"), "a [2J b");
    }
}
