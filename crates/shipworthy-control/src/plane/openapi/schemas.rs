//! What the routes have in common: parameters, and bodies of requests and answers.

use serde_json::{Map, Value, json};
use shipworthy_serving::Counter;
use shipworthy_store::Role;
use shipworthy_store::event::MAX_REASON_BYTES;
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::token::MAX_NAME_BYTES;

use super::{failures, traffic};
use crate::plane::ledger::MAX_LIMIT;
use crate::traffic::{SECONDS, USUAL_SECONDS};

/// Parameters of requests.
pub(super) fn parameters() -> Value {
    let path = |name: &str, pattern: &str, about: &str| {
        json!({
            "name": name, "in": "path", "required": true, "description": about,
            "schema": {"type": "string", "minLength": 1, "pattern": pattern},
        })
    };
    let query = |name: &str, (minimum, maximum): (i64, u64), about: &str| {
        json!({
            "name": name, "in": "query", "required": false, "description": about,
            "schema": {"type": "integer", "minimum": minimum, "maximum": maximum},
        })
    };
    let event = (i64::MIN, i64::MAX.unsigned_abs());
    let entries = (0, MAX_LIMIT);
    json!({
        "endpoint": path("endpoint", "^[^/:]+$", "The name of an endpoint."),
        "release": path("release", "^[^/]+$", "An id, whole or its first digits; or ENDPOINT@SLOT."),
        "token": path("token", "^[^/:]+$", "The name of a token."),
        "id": path("id", "^[^/]+$", "One of an answer's `decision_ids`."),
        "before": query("before", event, "Events before this one: `next` of the page before."),
        "after": query("after", event, "Events after this one: `next` of the page before."),
        "limit": query("limit", (0, u32::MAX.into()), &format!(
            "The most events of the page, 100 unless given; never more than {MAX_PAGE_ROWS}.")),
        "from": query("from", (0, u64::MAX), "The first sequence: `next` of the page before."),
        "entries": query("limit", entries, "The most entries of the page; 100 unless given."),
        "last": query("last", entries, "The last so many entries; without `from` and `limit`."),
        "reason": {
            "name": "reason", "in": "query", "required": true,
            "description": "Why; it stands in the record of this action.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 2000},
        },
        "code": {
            "name": "code", "in": "query", "required": true, "description": "What the link has.",
            "schema": {"type": "string"},
        },
    })
}

/// Bodies of requests and answers.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    for schemas in [shared(), requests(), record(), server(), releases(), traffic::schemas()] {
        if let Value::Object(schemas) = schemas {
            all.extend(schemas);
        }
    }
    Value::Object(all)
}

pub(super) fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

pub(super) fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

/// What may be null.
pub(super) fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

/// An object that has all of these fields and no other.
pub(super) fn object(properties: Value) -> Value {
    let required: Vec<_> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({
        "type": "object", "required": required, "properties": properties,
        "additionalProperties": false,
    })
}

/// An object that need not have some of its fields.
fn object_without(optional: &[&str], properties: Value) -> Value {
    let mut schema = object(properties);
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| name.as_str().is_none_or(|name| !optional.contains(&name)));
    }
    schema
}

fn shared() -> Value {
    json!({
        "Failure": object(json!({
            "error": {"type": "string", "description": "What was wrong, and where."},
            "code": {"enum": failures::codes(), "description": "The stable name for programs."},
            "hint": {"type": "string", "description": "What to do."},
        })),
        "Release": {
            "type": "string", "pattern": "^sha256:[0-9a-f]{64}$",
            "description": "The digest of the release's manifest.",
        },
        "Commit": or_null(json!({
            "type": "string", "description": "The commit that the release follows from.",
        })),
        "Moment": {"type": "string", "format": "date-time"},
        "Reason": {
            "type": "string", "minLength": 1, "pattern": "\\S",
            "description": format!(
                "Why; it stands in the record. At most {MAX_REASON_BYTES} bytes of UTF-8."),
            "example": "the error rate of the partner's rows has doubled",
        },
        "Role": {"enum": Role::ALL.map(Role::as_str)},
    })
}

fn requests() -> Value {
    let reason = || reference("Reason");
    let named = || json!({"type": "string", "minLength": 1, "example": "flight-delay@candidate"});
    let mut rollback =
        object_without(&["to", "from"], json!({"to": named(), "from": text(), "reason": reason()}));
    rollback["not"] = json!({"required": ["to", "from"]});
    let about = "Another kept release, which is loaded and verified first.";
    rollback["properties"]["to"]["description"] = json!(about);
    let about = "Only if this release is the one that the traffic is taken from: asking twice goes \
                 back once.";
    rollback["properties"]["from"]["description"] = json!(about);
    json!({
        "Reasoned": object(json!({"reason": reason()})),
        "Deploy": object_without(&["strategy"], json!({
            "release": named(), "strategy": reference("Strategy"), "reason": reason(),
        })),
        "Drill": object_without(&["seconds"], json!({
            "seconds": {
                "type": "integer", "minimum": SECONDS.start(), "maximum": SECONDS.end(),
                "default": USUAL_SECONDS,
            },
            "reason": reason(),
        })),
        "Rollback": rollback,
        "RollbackForm": object(json!({
            "endpoint": text(), "from": text(), "reason": reason(),
        })),
        "Attest": object(json!({
            "type": {"type": "string", "description": "`gate-report`, or the URI of a type."},
            "predicate": {"type": "object"},
            "reason": reason(),
        })),
        "CreateToken": object(json!({
            "name": {
                "type": "string", "maxLength": MAX_NAME_BYTES,
                "pattern": "^[A-Za-z0-9][A-Za-z0-9._@-]*$",
            },
            "role": reference("Role"),
            "reason": reason(),
        })),
    })
}

/// What was recorded.
fn record() -> Value {
    let digits = |chars| json!({"type": "string", "pattern": format!("^[0-9a-f]{{{chars}}}$")});
    let erased = "Null when the entry was erased.";
    json!({
        "Event": object(json!({
            "id": {"type": "integer"},
            "at": reference("Moment"),
            "actor": {"type": "string", "description": "The name of a token."},
            "reason": text(),
            "kind": {"type": "string", "example": "rollout.rolled_back"},
            "subject": {"type": "string", "description": "What it was done to."},
            "body": {"type": "object", "description": "What it made of it."},
        })),
        "EventPage": object(json!({
            "events": list(reference("Event")),
            "next": {"type": "integer", "description": "What to ask for as `after` to go on."},
        })),
        "History": object(json!({
            "events": list(reference("Event")),
            "next": {
                "type": ["integer", "null"],
                "description": "What to ask for as `before` to go on; null at the end.",
            },
        })),
        "LedgerEntry": object_without(&["shadow"], json!({
            "sequence": count(),
            "kind": {"type": "string", "example": "decision"},
            "id": {"type": "string", "format": "uuid"},
            "salt": or_null(digits("32")),
            "commitment": digits("64"),
            "payload": {"description": format!("As it was recorded. {erased}")},
            "shadow": reference("LedgerEntry"),
        })),
        "LedgerPage": object(json!({
            "entries": list(reference("LedgerEntry")),
            "next": {"type": "integer", "description": "What to ask for as `from` to go on."},
            "end": {"type": "integer", "description": "The sequence of the entry to come."},
        })),
    })
}

/// The server and its tokens.
fn server() -> Value {
    let counters: Map<_, _> =
        Counter::ALL.iter().map(|(name, _)| ((*name).to_owned(), count())).collect();
    let slot = || or_null(reference("StatusSlot"));
    json!({
        "Status": object(json!({
            "version": text(),
            "ready": {"type": "boolean"},
            "not_ready": {"type": ["string", "null"], "description": "Why not."},
            "endpoints": list(object(json!({
                "name": text(),
                "slots": object(json!({
                    "stable": slot(), "candidate": slot(), "previous": slot(),
                })),
            }))),
            "counters": object(Value::Object(counters)),
            "ledger": object(json!({
                "entries": count(),
                "healthy": {"type": "boolean"},
                "failure": {"type": ["string", "null"]},
            })),
        })),
        "StatusSlot": object(json!({
            "release": text(), "commit": reference("Commit"), "weight": traffic::percent(),
        })),
        "Checklist": object(json!({"items": list(object(json!({
            "id": text(),
            "part": text(),
            "title": {"type": "string", "description": "What must hold."},
            "state": {"enum": ["met", "failing", "not_set_up"]},
            "evidence": {"type": "string", "description": "Why the state is what it is."},
            "next": {"type": "string", "description": "What moves it on."},
        })))})),
        "Reloaded": object(json!({
            "changed": {
                "type": "array", "items": text(), "description": "The sections that changed.",
            },
        })),
        "Token": object(json!({
            "name": text(),
            "role": reference("Role"),
            "created_at": reference("Moment"),
            "revoked_at": or_null(reference("Moment")),
        })),
        "TokenList": object(json!({"tokens": list(reference("Token"))})),
        "NewToken": object(json!({
            "name": text(), "role": reference("Role"), "secret": text(),
        })),
        "SignInLink": object(json!({"link": {"type": "string", "format": "uri"}})),
    })
}

/// Releases, as they come and as they are shown.
fn releases() -> Value {
    json!({
        "Uploaded": object(json!({
            "release": reference("Release"),
            "project": {"type": "string"},
            "was_here": {"type": "boolean"},
            "left_out": {
                "description": "What keys say of it that are not trusted here.",
                "type": "array", "items": {"type": "string"},
            },
        })),
        "ReleaseShown": object(json!({
            "release": reference("Release"),
            "created_at": reference("Moment"),
            "reproducible": {"type": "boolean"},
            "unreproducible_reason": {"type": ["string", "null"]},
            "retention": {"enum": ["kept", "held", "pruned"]},
            "manifest": {
                "type": "object",
                "description": "As it is kept: the SHA-256 of its text is the release's id.",
            },
            "statements": list(object(json!({
                "event": {"type": "integer"},
                "at": reference("Moment"),
                "actor": text(),
                "key": {"type": "string", "description": "The id of the key that signed it."},
                "type": {"type": "string", "description": "Its predicate type."},
                "predicate": {"type": "object", "description": "What is said."},
                "envelope": {"type": "object", "description": "DSSE, as it was signed."},
            }))),
        })),
        "ReleaseDone": object(json!({
            "release": reference("Release"),
            "done": {"enum": ["approved", "attested", "held", "freed"]},
        })),
    })
}
