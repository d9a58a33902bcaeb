//! `shipworthy drill rollback`: the way back, tried for real.

use anyhow::{Context, Result};
use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

use super::view::short;
use super::{Endpoint, no_server};
use crate::cli::Outcome;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Roll back to the release before stable for a few seconds, and forward again.
    ///
    /// It is real: the release before answers live requests meanwhile. What was measured is an
    /// event of the endpoint, and a signed statement about the release that was gone back to.
    /// Exit code 1 when it did not pass.
    #[command(after_help = "Examples:\n  shipworthy drill rollback flight-delay --reason \
        'before the holidays'\n  shipworthy drill rollback flight-delay --for 30s --reason \
        'every shard is to be asked'")]
    Rollback {
        #[command(flatten)]
        endpoint: Endpoint,

        /// How long the release before answers: 1s to 60s.
        #[arg(long = "for", value_name = "TIME", default_value = "5s", value_parser = seconds)]
        span: u64,

        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A drill that is over, as far as it is told in words.
#[derive(Deserialize)]
struct Drilled {
    endpoint: String,
    from: String,
    to: String,
    there: Option<Way>,
    back: Option<Way>,
    rows: Vec<Rows>,
    passed: bool,
    why: String,
    attestation: Option<i64>,
    not_attested: Option<String>,
}

#[derive(Deserialize)]
struct Way {
    served_us: u64,
    stored_us: Option<u64>,
}

#[derive(Deserialize)]
struct Rows {
    release: String,
    answered: u64,
    refused: u64,
    failed: u64,
}

pub(super) fn run(command: &Command) -> Result<Outcome> {
    let Command::Rollback { endpoint: Endpoint { endpoint, acting }, span, json } = command;
    let Some(client) = acting.server()? else { return no_server(&acting.state) };
    let seen: Value =
        acting.ask(&client, ("endpoints", endpoint, "drill"), json!({ "seconds": span }))?;
    let drilled: Drilled = serde_json::from_value(seen.clone())
        .context("the server's answer is not what this version expects; the versions may differ")?;
    if *json {
        output::json(&seen)?;
    } else {
        output::line(&drilled.told())?;
    }
    if let Some(why) = &drilled.not_attested {
        output::note(&format!(
            "warning: nothing is signed about this drill: {why}\n  give the server a key that is \
             trusted, and drill again; the drill itself is in `shipworthy history`"
        ));
    }
    Ok(if drilled.passed { Outcome::Done } else { Outcome::Failed })
}

impl Drilled {
    /// For people: the verdict, the ways, the rows, and where it is written down.
    fn told(&self) -> String {
        let verdict = if self.passed { "passed" } else { "failed" };
        let mut lines = vec![format!("{}: the drill {verdict}: {}", self.endpoint, self.why)];
        let (from, to) = (short(&self.from), short(&self.to));
        let ways = [("there", &to, &self.there), ("back", &from, &self.back)];
        lines.extend(ways.iter().filter_map(|(name, release, way)| {
            let Way { served_us, stored_us } = way.as_ref()?;
            let stored = match stored_us {
                Some(us) => format!("stored after {us} µs"),
                None => "not stored at once".to_owned(),
            };
            Some(format!("  {name:<6}{release} served after {served_us} µs, {stored}"))
        }));
        lines.extend(self.rows.iter().map(|rows| {
            let Rows { release, answered, refused, failed } = rows;
            let release = short(release);
            format!("  rows  {release} answered {answered}, refused {refused}, failed {failed}")
        }));
        lines.extend(self.attestation.map(|event| {
            format!("  said  attestation {event} of {to}: `shipworthy release attestations {to}`")
        }));
        lines.join("\n")
    }
}

/// A time in whole seconds: `5s`, `1m`.
fn seconds(text: &str) -> Result<u64, String> {
    let unit = |unit: char, scale: u64| {
        text.strip_suffix(unit).and_then(|number| number.parse::<u64>().ok()?.checked_mul(scale))
    };
    let seconds = unit('s', 1).or_else(|| unit('m', 60)).filter(|span| (1..=60).contains(span));
    seconds.ok_or_else(|| "expected a time in seconds such as 5s, from 1s to 60s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_lasts_a_second_to_a_minute() {
        assert_eq!(["1s", "5s", "60s", "1m"].map(|text| seconds(text).unwrap()), [1, 5, 60, 60]);
        for text in ["", "5", "0s", "61s", "2m", "5ms", "-1s", "99999999999999999999m"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_drill_is_told_in_words() {
        let id = |digit: &str| format!("sha256:{}", digit.repeat(64));
        let rows =
            |digit: &str| json!({"release": id(digit), "answered": 3, "refused": 1, "failed": 0});
        let drilled: Drilled = serde_json::from_value(json!({
            "endpoint": "late", "from": id("a"), "to": id("b"), "passed": false,
            "there": {"served_us": 40, "stored_us": null}, "back": null,
            "rows": [rows("a"), rows("b")], "why": "it was stopped", "attestation": 7,
            "not_attested": null,
        }))
        .unwrap();
        let told = "late: the drill failed: it was stopped\n\
            \x20 there sha256:bbbbbbbbbbbb served after 40 µs, not stored at once\n\
            \x20 rows  sha256:aaaaaaaaaaaa answered 3, refused 1, failed 0\n\
            \x20 rows  sha256:bbbbbbbbbbbb answered 3, refused 1, failed 0\n\
            \x20 said  attestation 7 of sha256:bbbbbbbbbbbb: `shipworthy release attestations \
            sha256:bbbbbbbbbbbb`";
        assert_eq!(drilled.told(), told);
    }
}
