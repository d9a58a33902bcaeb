//! The refusals, as they read: each example is made by the error that it is of.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Map, Value, json};
use shipworthy_ledger::ReadError;
use shipworthy_store::{Role, store};

use crate::plane::{Error, ReloadError};

/// Each status, and when it comes.
const ABOUT: [(u16, &str); 9] = [
    (400, "Not the request that this route takes."),
    (401, "No token, or one that does not live."),
    (403, "A token whose role may not do this, or a page of another origin."),
    (404, "No such thing here."),
    (409, "What stands in the way; nothing has changed."),
    (413, "Above the limit for bodies."),
    (421, "A loopback server that is called by another name."),
    (500, "A fault of the server; its log says more."),
    (503, "Not now: control state is away, or as many pages are live as may be."),
];

/// Refusals by status.
pub(super) fn responses() -> Value {
    let mut by_status = BTreeMap::<u16, Map<String, Value>>::new();
    for error in examples() {
        let value = json!({"error": error.to_string(), "code": error.code(), "hint": error.hint()});
        let of_status = by_status.entry(error.status().as_u16()).or_default();
        of_status.insert(error.code().to_owned(), json!({"value": value}));
    }
    let responses = ABOUT.iter().map(|(status, about)| {
        let examples = by_status.remove(status).unwrap_or_default();
        let codes = examples.keys().cloned().collect::<Vec<_>>();
        let mut response = json!({
            "description": about,
            "content": {"application/json": {
                "schema": {
                    "$ref": "#/components/schemas/Failure",
                    "properties": {"code": {"enum": codes}},
                },
                "examples": examples,
            }},
        });
        if *status == 401 {
            let header = json!({"$ref": "#/components/headers/WWW-Authenticate"});
            response["headers"] = json!({"WWW-Authenticate": header});
        }
        (status.to_string(), response)
    });
    Value::Object(responses.collect())
}

/// All codes, in their order here.
pub(super) fn codes() -> Vec<&'static str> {
    examples().iter().map(Error::code).collect()
}

/// One of each code that a described route can answer with, and that of a wrong method.
pub(super) fn examples() -> Vec<Error> {
    let mut all = of_requests();
    all.extend(of_state());
    all
}

/// What is wrong with a request, whatever the server's state is.
fn of_requests() -> Vec<Error> {
    vec![
        Error::BodyCut,
        Error::Malformed { message: "missing field `reason` at line 1 column 2".to_owned() },
        Error::BadRequest {
            message: "deploy needs a release".to_owned(),
            hint: "for example {\"release\": \"sha256:…\", \"reason\": \"why\"}",
        },
        Error::Unauthenticated,
        Error::Forbidden { role: Role::Auditor },
        Error::CrossOrigin,
        Error::UnknownRoute { path: "/v1/endpoints/flight-delay:bless".to_owned() },
        Error::WrongMethod { method: Method::PUT, path: "/v1/status".to_owned(), allowed: None },
        Error::BodyTooLarge { limit_bytes: 65_536 },
        Error::WrongHost { host: "models.example".to_owned() },
    ]
}

/// What the server's state does not allow.
fn of_state() -> Vec<Error> {
    vec![
        Error::NoSuchToken { name: "ci".to_owned() },
        Error::TokenNameTaken { name: "ci".to_owned() },
        Error::LastOperator { name: "operator".to_owned() },
        Error::NoSuchRelease { message: "`0123456789` names no release here".to_owned() },
        Error::ReleaseRefused { message: "model.json is not what it was".to_owned() },
        Error::NoSuchEndpoint {
            message: "there is no endpoint `delay` whose traffic can be steered: this server has \
                      flight-delay"
                .to_owned(),
        },
        Error::TrafficRefused {
            message: "no rollout is under way here".to_owned(),
            hint: "`shipworthy deploy ENDPOINT RELEASE` begins one",
        },
        Error::ReloadRefused(ReloadError {
            message: "line 3: unknown field `treshold`".to_owned(),
            hint: "did you mean `threshold`?".to_owned(),
        }),
        Error::NoSuchEntry { id: "01999999-0000-7000-8000-000000000000".to_owned() },
        Error::TooManyPages { limit: crate::plane::page::MAX_STREAMS },
        Error::State(store::Error::NoSuchToken { name: String::new() }),
        Error::Ledger(ReadError::NoLedger),
        Error::Internal("the log has it".into()),
    ]
}
