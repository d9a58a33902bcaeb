//! `shipworthy ledger show`.

use std::fmt;

use anyhow::Result;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use shipworthy_control::outbox::{RecordedEvent, entry_id};
use shipworthy_core::DecisionId;
use shipworthy_ledger::commit;
use shipworthy_store::event::MAX_REASON_BYTES;

use super::decision::{answer, latency, shortened};
use super::entries::{Entry, Ledger};
use crate::output;

/// What names an event by its number.
const EVENT_PREFIX: &str = "event:";

/// Reads the name of an entry: a decision's id, or `event:` and the number of an event.
pub(super) fn parse_id(text: &str) -> Result<DecisionId, String> {
    let Some(number) = text.strip_prefix(EVENT_PREFIX) else {
        return text.parse::<DecisionId>().map_err(|error| error.to_string());
    };
    match number.parse::<i64>() {
        Ok(number @ 1..) => Ok(DecisionId::from_bytes(entry_id(number))),
        _ => Err(format!("`{number}` is not the number of an event; the first is {EVENT_PREFIX}1")),
    }
}

/// Shows everything about one decision or event.
pub(super) fn show(ledger: &Ledger, id: DecisionId, json: bool) -> Result<()> {
    let entry = ledger.find(id)?;
    if json {
        return output::json(&entry);
    }
    output::line(&pretty(&entry)?)?;
    match &entry.shadow {
        Some(shadow) => output::line(&format!("\nin the shadow\n\n{}", pretty(shadow)?)),
        None => Ok(()),
    }
}

/// An entry for people.
pub(super) fn pretty(entry: &Entry) -> Result<String> {
    let mut out = String::new();
    let mut say = |name: &str, value: &str| out.push_str(&format!("{name:<12}{value}\n"));
    say("id", &entry.id);
    say("kind", &entry.kind);
    say("sequence", &entry.sequence.to_string());
    if let Some(event) = entry.event() {
        let RecordedEvent { id, at, actor, reason, kind, subject, body } = event;
        say("event", &id.to_string());
        say("at", &at.to_string());
        say("actor", &actor);
        say("reason", &shortened(&reason, MAX_REASON_BYTES));
        say("action", &kind);
        say("subject", &subject);
        say("commitment", &commitment(entry));
        out.push_str(&section("body", body.get()));
        return Ok(out.trim_end().to_owned());
    }
    match (entry.status(), entry.recorded()) {
        (Some(_), Ok(Some(recorded))) => {
            let output: Value = serde_json::from_str(recorded.output.get())?;
            say("received", &recorded.received_at.to_string());
            say("endpoint", &recorded.endpoint);
            say("release", &recorded.release);
            say("slot", &recorded.slot);
            say("status", recorded.status.name());
            say("answer", &answer(recorded.status, &output));
            say("latency", &latency(recorded.latency_us));
            if let Some(trace_id) = &recorded.trace_id {
                say("trace", trace_id);
            }
            say("commitment", &commitment(entry));
            out.push_str(&section("input", recorded.input.get()));
            out.push_str(&section("output", recorded.output.get()));
        }
        (_, Ok(None)) => {
            say("commitment", &commitment(entry));
            out.push_str("\nThe content was erased; its commitment remains.\n");
        }
        _ => {
            say("commitment", &commitment(entry));
            let payload = entry.payload.as_ref().map_or("null", |payload| payload.get());
            out.push_str(&section("payload", payload));
        }
    }
    Ok(out.trim_end().to_owned())
}

/// A JSON object as lines of name and value, in its own order.
fn section(name: &str, json: &str) -> String {
    let mut out = format!("\n{name}\n");
    let Ok(Fields(fields)) = serde_json::from_str(json) else {
        out.push_str(&format!("  {json}\n"));
        return out;
    };
    let width = fields.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in fields {
        let items: Option<Vec<Box<RawValue>>> = serde_json::from_str(value.get()).ok();
        match items {
            Some(items) if items.iter().any(|item| item.get().starts_with('{')) => {
                out.push_str(&format!("  {name}\n"));
                items.iter().for_each(|item| out.push_str(&format!("    {item}\n")));
            }
            _ => out.push_str(&format!("  {name:<width$}  {value}\n")),
        }
    }
    out
}

/// The fields of a JSON object, as they stand there.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The commitment, and whether it is that of the content.
fn commitment(entry: &Entry) -> String {
    let verdict = match holds(entry) {
        Some(true) => "holds",
        Some(false) => "does NOT hold: the content is not what was recorded",
        None => "cannot be checked: the content was erased or is of a later version",
    };
    format!("{} ({verdict})", entry.commitment)
}

/// Whether the commitment is that of the content, as it came here.
fn holds(entry: &Entry) -> Option<bool> {
    let mut salt = [0; 16];
    hex::decode_to_slice(entry.salt.as_ref()?, &mut salt).ok()?;
    let id = entry.id.parse::<DecisionId>().ok()?.into_bytes();
    let payload = entry.payload.as_ref()?.get();
    let found = commit(entry.kind()?, &id, &salt, payload.as_bytes());
    Some(hex::encode(found) == entry.commitment)
}
