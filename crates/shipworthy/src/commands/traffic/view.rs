//! An endpoint as the control plane tells of it, and in words.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// What it means that an action is not stored.
pub(super) const NOT_SAVED: &str = "this is served, but could not be stored yet, so a restart would \
    forget it; it is tried again by itself: look at the state directory's disk";

/// An endpoint at one moment.
#[derive(Debug, Deserialize)]
pub(super) struct View {
    pub(super) endpoint: String,
    pub(super) slots: Slots,
    pub(super) rollout: Option<Rollout>,
    pub(super) shadow: Option<Shadow>,
    pub(super) drill: Option<Drill>,
    pub(super) stopped: bool,
    pub(super) saved: bool,
    pub(super) cooling_seconds: u64,
}

/// Its releases.
#[derive(Debug, Deserialize)]
pub(super) struct Slots {
    pub(super) stable: Option<Slot>,
    pub(super) candidate: Option<Slot>,
    pub(super) previous: Option<Slot>,
}

/// A release in a slot, its share in percent, and its rows since it is loaded there.
#[derive(Debug, Deserialize)]
pub(super) struct Slot {
    pub(super) release: String,
    pub(super) commit: Option<String>,
    pub(super) weight: u8,
    pub(super) answered: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    pub(super) p50_us: Option<u64>,
    pub(super) p99_us: Option<u64>,
}

/// The rollout that is under way, or the last one.
#[derive(Debug, Deserialize)]
pub(super) struct Rollout {
    pub(super) strategy: String,
    pub(super) state: String,
    pub(super) step: Option<usize>,
    pub(super) steps: Vec<u8>,
    pub(super) started_by: String,
    pub(super) started_at: String,
    pub(super) seconds_here: Option<u64>,
    pub(super) needs_approval: bool,
    pub(super) why: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// The way back, while it is drilled.
#[derive(Debug, Deserialize)]
pub(super) struct Drill {
    pub(super) returns_to: String,
}

/// What a guard found.
#[derive(Debug, Deserialize)]
pub(super) struct Finding {
    pub(super) reading: String,
    pub(super) why: String,
}

/// The rows that a shadow answered beside stable.
#[derive(Debug, Deserialize)]
pub(super) struct Shadow {
    pub(super) paired: u64,
    pub(super) shed: u64,
    pub(super) agreement: Option<f64>,
}

impl View {
    /// Reads what a control plane answered.
    ///
    /// # Errors
    /// When it is of another version.
    pub(super) fn read(seen: Value) -> Result<Self> {
        serde_json::from_value(seen).context(
            "the server's answer is not what this version expects; the versions may differ",
        )
    }

    /// What the endpoint does, in one line; it changes when that does.
    pub(super) fn headline(&self) -> String {
        let serving = self.serving();
        let rollout = self.rollout.as_ref().map(|rollout| format!("; {}", rollout.place()));
        let unsaved = if self.saved { "" } else { "; not stored yet" };
        let drill = self.drill.as_ref().map(|Drill { returns_to }| {
            format!("; a drill is under way, {} returns by itself", short(returns_to))
        });
        let (rollout, drill) = (rollout.unwrap_or_default(), drill.unwrap_or_default());
        format!("{}: {serving}{rollout}{drill}{unsaved}", self.endpoint)
    }

    /// Who answers.
    fn serving(&self) -> String {
        if self.stopped {
            return "stopped, no model is asked".to_owned();
        }
        let Some(stable) = &self.slots.stable else { return "nothing is served".to_owned() };
        let stable_name = short(&stable.release);
        match &self.slots.candidate {
            None => format!("{stable_name} answers everything"),
            Some(candidate) if candidate.weight == 0 => format!(
                "{stable_name} answers everything, {} unseen beside it",
                short(&candidate.release)
            ),
            Some(candidate) => format!(
                "{stable_name} answers {} %, {} {} %",
                stable.weight,
                short(&candidate.release),
                candidate.weight
            ),
        }
    }
}

impl Rollout {
    /// Where it is.
    pub(super) fn place(&self) -> String {
        let strategy = match self.strategy.as_str() {
            "blue_green" => "blue-green",
            other => other,
        };
        let mut place = match (self.step, self.state.as_str()) {
            (Some(step), state) => {
                let share = self.steps.get(step).copied().unwrap_or(100);
                let held = if state == "held" { "held in " } else { "" };
                format!("{strategy}, {held}step {} of {} ({share} %)", step + 1, self.steps.len())
            }
            (None, "watching") => format!("{strategy}, the candidate is stable and watched"),
            (None, "done") => format!("{strategy}, done"),
            (None, "rolled_back") => format!("{strategy}, rolled back"),
            (None, other) => format!("{strategy}, {}", other.replace('_', " ")),
        };
        if self.needs_approval {
            place.push_str(", needs an approval to go on");
        }
        place
    }
}

/// Enough of a release's name to tell it apart.
pub(super) fn short(release: &str) -> String {
    release.chars().take(19).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A canary in its second step.
    pub(in super::super) fn canary() -> Value {
        let slot = |digit: &str, weight: u8| {
            json!({"release": format!("sha256:{}", digit.repeat(64)), "commit": "0c43dd1".repeat(5),
                "weight": weight, "answered": 1_000, "refused": 2, "failed": 0, "p50_us": 850,
                "p99_us": null})
        };
        json!({
            "endpoint": "late",
            "slots": {"stable": slot("a", 75), "candidate": slot("b", 25), "previous": null},
            "rollout": {"id": "0", "strategy": "canary", "state": "canary", "step": 1,
                "steps": [5, 25, 50, 100], "candidate": "sha256:b", "started_by": "ana",
                "started_at": "2026-11-27T06:00:00Z", "seconds_here": 62, "needs_approval": false,
                "why": "the candidate was asked for 10 rows of 1000",
                "findings": [{"name": "error_rate", "reading": "within", "observed": 0.0,
                    "bound": 0.01, "why": "error_rate is 0.00 %, at most 1.00 % is allowed"}]},
            "shadow": null, "drill": null, "stopped": false, "saved": true, "cooling_seconds": 0,
        })
    }

    fn headline(change: impl FnOnce(&mut Value)) -> String {
        let mut seen = canary();
        change(&mut seen);
        View::read(seen).unwrap().headline()
    }

    #[test]
    fn a_headline_says_who_answers_and_where_the_rollout_is() {
        let shares = "late: sha256:aaaaaaaaaaaa answers 75 %, sha256:bbbbbbbbbbbb 25 %; ";
        assert_eq!(headline(|_| ()), format!("{shares}canary, step 2 of 4 (25 %)"));
        let held = headline(|seen| seen["rollout"]["state"] = "held".into());
        assert_eq!(held, format!("{shares}canary, held in step 2 of 4 (25 %)"));
        let waits = headline(|seen| seen["rollout"]["needs_approval"] = true.into());
        assert!(waits.ends_with("(25 %), needs an approval to go on"), "{waits}");
        let stopped = headline(|seen| seen["stopped"] = true.into());
        assert!(stopped.starts_with("late: stopped, no model is asked; canary"), "{stopped}");
        let drilled = headline(|seen| {
            seen["drill"] = json!({"returns_to": "sha256:cccccccccccccc", "seconds_left": 3});
        });
        let returns = "; a drill is under way, sha256:cccccccccccc returns by itself";
        assert!(drilled.ends_with(returns), "{drilled}");
        let unsaved = headline(|seen| seen["saved"] = false.into());
        assert!(unsaved.ends_with("; not stored yet"), "{unsaved}");
    }

    #[test]
    fn what_changes_with_every_request_is_in_no_headline() {
        let busy = headline(|seen| {
            seen["slots"]["stable"]["answered"] = 2_000.into();
            seen["rollout"]["seconds_here"] = 63.into();
            seen["rollout"]["why"] = "the candidate was asked for 11 rows of 1000".into();
        });
        assert_eq!(busy, headline(|_| ()));
    }
}
