//! An endpoint's traffic, as it is answered.

use serde_json::{Value, json};

use super::schemas::{count, list, object, or_null, reference, text};

/// A share of the traffic.
pub(super) fn percent() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": 100})
}

/// An endpoint and what it is made of.
pub(super) fn schemas() -> Value {
    let slot = || or_null(reference("Slot"));
    let yes_or_no = |about: &str| json!({"type": "boolean", "description": about});
    json!({
        "Strategy": {"enum": ["shadow", "canary", "blue_green"]},
        "EndpointList": object(json!({"endpoints": list(reference("Endpoint"))})),
        "Endpoint": object(json!({
            "endpoint": text(),
            "slots": object(json!({
                "stable": slot(), "candidate": slot(), "previous": slot(),
            })),
            "rollout": or_null(reference("Rollout")),
            "shadow": or_null(reference("Shadow")),
            "drill": or_null(object(json!({
                "returns_to": reference("Release"), "seconds_left": count(),
            }))),
            "stopped": yes_or_no("Whether the kill switch is on."),
            "saved": yes_or_no("Whether what is served is stored, too."),
            "cooling_seconds": count(),
        })),
        "Drilled": drilled(),
        "Slot": slot_schema(),
        "Rollout": rollout(),
        "Finding": object(json!({
            "name": text(),
            "reading": {"enum": ["within", "beyond", "unclear", "too_few"]},
            "observed": {"type": ["number", "null"], "description": "A share, or microseconds."},
            "bound": {"type": ["number", "null"]},
            "why": text(),
        })),
        "Shadow": shadow(),
    })
}

/// What came of a drill.
fn drilled() -> Value {
    let text_or_null = || or_null(text());
    let way = || {
        or_null(object(json!({
            "served_us": count(),
            "stored_us": or_null(count()),
        })))
    };
    let mut schema = object(json!({
        "endpoint": text(),
        "from": reference("Release"),
        "to": reference("Release"),
        "actor": text(),
        "reason": text(),
        "scheduled": {"type": "boolean"},
        "started_at": {"type": "string", "format": "date-time"},
        "seconds": count(),
        "lasted_us": count(),
        "there": way(),
        "back": way(),
        "cut_short": text_or_null(),
        "rows": list(object(json!({
            "release": reference("Release"),
            "answered": count(),
            "refused": count(),
            "failed": count(),
        }))),
        "passed": {"type": "boolean"},
        "why": text(),
        "attestation": or_null(count()),
        "not_attested": text_or_null(),
    }));
    schema["description"] = "What was measured, whether it passed, and the id of the event of the \
        signed statement, or why there is none."
        .into();
    schema
}

fn slot_schema() -> Value {
    let latency = || json!({"type": ["integer", "null"], "minimum": 0});
    object(json!({
        "release": reference("Release"),
        "commit": reference("Commit"),
        "weight": percent(),
        "answered": count(),
        "refused": count(),
        "failed": count(),
        "p50_us": latency(),
        "p99_us": latency(),
    }))
}

fn rollout() -> Value {
    object(json!({
        "id": text(),
        "strategy": reference("Strategy"),
        "state": {"enum": ["shadow", "canary", "held", "watching", "done", "rolled_back"]},
        "step": {
            "type": ["integer", "null"], "minimum": 0,
            "description": "From 0; null when it is in none.",
        },
        "steps": list(percent()),
        "candidate": reference("Release"),
        "started_by": text(),
        "started_at": reference("Moment"),
        "seconds_here": {"type": ["integer", "null"], "minimum": 0},
        "needs_approval": {"type": "boolean"},
        "why": {"type": ["string", "null"], "description": "What the last look said."},
        "findings": list(reference("Finding")),
    }))
}

fn shadow() -> Value {
    let number = || json!({"type": "number"});
    let share = || json!({"type": "number", "minimum": 0, "maximum": 1});
    let difference = object(json!({
        "mean": number(),
        "mean_absolute": number(),
        "max_absolute": number(),
        "p50_absolute": number(),
        "p90_absolute": number(),
        "p99_absolute": number(),
    }));
    object(json!({
        "paired": count(),
        "shed": count(),
        "refused_by_shadow": count(),
        "refused_by_live": count(),
        "refused_by_both": count(),
        "failed": count(),
        "disagreed": count(),
        "agreement": or_null(share()),
        "flips": list(object(json!({"from": text(), "to": text(), "rows": count()}))),
        "difference": or_null(difference),
        "slices": list(object(json!({
            "column": text(),
            "value": text(),
            "pairs": count(),
            "disagreements": count(),
            "disagreement": share(),
            "at_least": share(),
        }))),
    }))
}
