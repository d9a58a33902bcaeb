use std::collections::BTreeSet;

use super::*;
use crate::Failure;
use crate::state::NotReady;

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi.json");

#[test]
#[allow(clippy::disallowed_methods, reason = "how a person asks for the file to be written anew")]
fn the_kept_document_is_this_one() {
    let made = document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(KEPT, format!("{made:#}\n")).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(KEPT).unwrap()).unwrap();
    let anew = "UPDATE=1 cargo test --package shipworthy-serving openapi";
    assert!(kept == made, "docs/reference/openapi.json is old; write it anew: {anew}");
}

#[test]
fn every_route_of_the_router_is_described() {
    let source = include_str!("../accept.rs");
    let routes = source.split(".route(\"").skip(1);
    let routes: BTreeSet<_> = routes.filter_map(|route| Some(route.split_once('"')?.0)).collect();
    let described = document();
    let described = described["paths"].as_object().unwrap();
    let described: BTreeSet<_> = described
        .keys()
        .map(|path| match path.strip_prefix("/v1/models/{model}") {
            // The router takes name and verb as one.
            Some(_) => "/v1/models/{*name_and_verb}".to_owned(),
            None => path.replace("{model}", "{name}"),
        })
        .collect();
    assert_eq!(routes, described.iter().map(String::as_str).collect());
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                members.values().for_each(|value| check(value, document));
            }
            Value::Array(values) => values.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}

#[test]
fn refusals_are_described_with_their_codes() {
    let text = String::new;
    for failure in [
        Failure::Malformed { line: 1, column: 1, message: text() },
        Failure::BadRequest { message: text(), hint: "" },
        Failure::BodyCut,
        Failure::Unauthenticated,
        Failure::Forbidden,
        Failure::UnauthenticatedChoice,
        Failure::ForbiddenChoice,
        Failure::UnknownModel { name: text(), known: text() },
        Failure::UnknownRoute { path: text() },
        Failure::BodyTooLarge { limit_bytes: 1 },
        Failure::TooManyRows { limit_rows: 1 },
        Failure::UnsupportedMediaType { found: text(), known: &[] },
        Failure::UnsupportedCoding { found: text() },
        Failure::Internal,
        Failure::NotReady(NotReady::Starting),
        Failure::Overloaded,
        Failure::NotRecorded,
        Failure::Timeout { limit_ms: 1 },
    ] {
        let of_status = schemas::FAILURES.iter().find(|(status, ..)| *status == failure.status());
        let (_, codes, _) = of_status.unwrap();
        assert!(codes.contains(&failure.code()), "{failure:?}");
    }
}
