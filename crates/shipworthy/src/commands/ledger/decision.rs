//! What a ledger entry says about a decision or a control action, in words for people.

use anyhow::{Context, Result};
use serde_json::Value;
use shipworthy_control::outbox::RecordedEvent;
use shipworthy_core::DecisionId;
use shipworthy_ledger::Kind;
use shipworthy_rows::Timestamp;
use shipworthy_serving::record::{Recorded, Status};

use super::entries::Entry;

/// The kinds that this version knows.
const KINDS: [Kind; 6] =
    [Kind::DECISION, Kind::REFUSAL, Kind::QUARANTINE, Kind::SUMMARY, Kind::EVENT, Kind::SHADOW];

impl Entry {
    /// Its kind, if this version knows it.
    pub(crate) fn kind(&self) -> Option<Kind> {
        KINDS.into_iter().find(|kind| kind.to_string() == self.kind)
    }

    /// Whether it is what a shadow made of a row, and nobody was told.
    pub(crate) fn is_shadow(&self) -> bool {
        self.kind() == Some(Kind::SHADOW)
    }

    /// How the row ended, as far as the kind tells: of a stopped endpoint's row only the content does.
    /// `None` when the entry is about no row, or about a shadow's that was erased.
    pub(crate) fn status(&self) -> Option<Status> {
        if self.is_shadow() {
            return self.recorded().ok().flatten().map(|recorded| recorded.status);
        }
        let kind = self.kind()?;
        Status::ALL.into_iter().find(|status| status.kind() == kind)
    }

    /// What was recorded of the row; `None` when it was erased.
    pub(crate) fn recorded(&self) -> Result<Option<Recorded>> {
        let Some(payload) = &self.payload else { return Ok(None) };
        let recorded = serde_json::from_str(payload.get()).with_context(|| {
            format!("entry {} is not recorded as this version records decisions", self.sequence)
        })?;
        Ok(Some(recorded))
    }

    /// The control action that it is a copy of, if it is one.
    pub(super) fn event(&self) -> Option<RecordedEvent> {
        let payload = self.payload.as_ref().filter(|_| self.kind() == Some(Kind::EVENT))?;
        serde_json::from_str(payload.get()).ok()
    }

    /// When it was made, by its id: a UUID of version 7 starts with its milliseconds.
    pub(crate) fn made_at(&self) -> Option<Timestamp> {
        let bytes = self.id.parse::<DecisionId>().ok()?.into_bytes();
        let millis = bytes[..6].iter().fold(0, |millis: i64, byte| millis << 8 | i64::from(*byte));
        Some(Timestamp::from_millis(millis))
    }
}

/// A moment to the millisecond, in UTC: `2026-07-01 09:30:00.250`.
pub(crate) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let (seconds, rest) = text.trim_end_matches('Z').split_at(text.len().min(19));
    let millis: String = rest.chars().skip(1).chain("000".chars()).take(3).collect();
    format!("{}.{millis}", seconds.replace('T', " "))
}

/// The first characters of a text, none of which moves a terminal's cursor.
pub(super) fn shortened(text: &str, max_chars: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(max_chars).map(plain).collect();
    if text.chars().nth(max_chars).is_some() {
        short.push('…');
    }
    short
}

/// A latency in the unit that suits it.
pub(crate) fn latency(us: u64) -> String {
    let tenths = |whole: u64, unit: &str| format!("{}.{} {unit}", whole / 10, whole % 10);
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => tenths(us / 100, "ms"),
        _ => tenths(us / 100_000, "s"),
    }
}

/// What was answered, in a few words: the class and its probability, a number, or why not.
pub(crate) fn answer(status: Status, output: &Value) -> String {
    if let Some(violations) = output.get("violations").and_then(Value::as_array) {
        return refusal(violations);
    }
    if let Some(code) = output.get("error").and_then(Value::as_str) {
        return format!("no answer: {code}");
    }
    let decision = output.get("decision").and_then(Value::as_str);
    if status == Status::Stopped {
        return format!("{} (stopped)", decision.unwrap_or("no answer"));
    }
    let prediction = output.get("prediction").map_or_else(String::new, number);
    match decision {
        Some(decision) => format!("{decision} ({prediction})"),
        None => prediction,
    }
}

fn refusal(violations: &[Value]) -> String {
    let Some(first) = violations.first() else {
        return "another row of its request broke the contract".to_owned();
    };
    let text = |key: &str| first[key].as_str().unwrap_or("?");
    let more = match violations.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    format!("{}: {}{more}", text("column"), text("rule"))
}

/// A number as short as it still says something; of several, all.
fn number(value: &Value) -> String {
    match value {
        Value::Array(values) => {
            let values = values.iter().map(number).collect::<Vec<_>>();
            format!("[{}]", values.join(", "))
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => format!("{float:.4}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_told_in_a_few_words() {
        let cases = [
            (json!({"prediction": 0.731_058_6, "decision": "late"}), "late (0.7311)"),
            (json!({"prediction": 12.5}), "12.5000"),
            (json!({"prediction": [0.25, 0.75], "decision": "b"}), "b ([0.2500, 0.7500])"),
            (json!({"violations": [{"column": "origin", "rule": "one_of"}]}), "origin: one_of"),
            (
                json!({"violations": [{"column": "a", "rule": "type"}, {}, {}]}),
                "a: type, and 2 more",
            ),
            (json!({"error": "timeout"}), "no answer: timeout"),
            (json!({"violations": []}), "another row of its request broke the contract"),
        ];
        for (output, expected) in cases {
            assert_eq!(answer(Status::Answered, &output), expected);
        }
        let stopped = json!({"prediction": null, "decision": "not_late"});
        assert_eq!(answer(Status::Stopped, &stopped), "not_late (stopped)");
        let stopped = json!({"prediction": null});
        assert_eq!(answer(Status::Stopped, &stopped), "no answer (stopped)");
    }

    #[test]
    fn a_text_is_shortened_to_one_plain_line() {
        assert_eq!(shortened("naïve", 5), "naïve");
        assert_eq!(shortened("naïve", 4), "naïv…");
        assert_eq!(shortened("a\n\u{1b}[2J", 9), "a  [2J");
    }

    #[test]
    fn latencies_have_the_unit_that_suits_them() {
        assert_eq!(latency(999), "999 µs");
        assert_eq!(latency(1_250), "1.2 ms");
        assert_eq!(latency(2_349_999), "2.3 s");
    }

    #[test]
    fn moments_are_shown_to_the_millisecond() {
        let shown = |text: &str| moment(text.parse().unwrap());
        assert_eq!(shown("2026-07-01T09:30:00Z"), "2026-07-01 09:30:00.000");
        assert_eq!(shown("2026-07-01T09:30:00.25Z"), "2026-07-01 09:30:00.250");
        assert_eq!(shown("2026-07-01T09:30:00.123456Z"), "2026-07-01 09:30:00.123");
    }
}
