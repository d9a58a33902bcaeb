use std::collections::BTreeSet;

use super::*;

const KEPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi-control.json");

#[test]
#[allow(clippy::disallowed_methods, reason = "how a person asks for the file to be written anew")]
fn the_kept_document_is_this_one() {
    let made = document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(KEPT, format!("{made:#}\n")).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(KEPT).unwrap()).unwrap();
    let anew = "UPDATE=1 cargo test --package shipworthy-control openapi";
    assert!(kept == made, "docs/reference/openapi-control.json is old; write it anew: {anew}");
}

#[test]
fn every_route_of_the_router_is_described() {
    let routes = include_str!("../../plane.rs").split(".route(\"").skip(1);
    let routes: BTreeSet<_> = routes.filter_map(|route| Some(route.split_once('"')?.0)).collect();
    let described = document();
    let described = described["paths"].as_object().unwrap().keys().map(|path| {
        let Some((route, rest)) = path.split_once('{') else { return path.clone() };
        let (parameter, rest) = rest.split_once('}').unwrap();
        // The router takes name and verb as one.
        let name = match (route, parameter, rest) {
            ("/v1/endpoints/", ..) => "name",
            (.., rest) if rest.starts_with(':') => "name_and_verb",
            ("/v1/releases/", _, "") => "name_and_verb",
            (_, parameter, _) => parameter,
        };
        let rest = if rest.starts_with(':') { "" } else { rest };
        format!("{route}{{{name}}}{rest}")
    });
    assert_eq!(routes.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), described.collect());
}

#[test]
fn every_verb_is_described_with_who_may_say_it() {
    let described = document();
    let security = |route: &str, verb: &str| {
        let paths = described["paths"].as_object().unwrap();
        let suffix = format!("}}:{verb}");
        let path =
            paths.iter().find(|(path, _)| path.starts_with(route) && path.ends_with(&suffix));
        path.map(|(_, item)| item["post"]["security"].clone())
    };
    let only = |permission| {
        let mut roles = shipworthy_store::Role::ALL.iter().filter(|role| role.may(permission));
        let role = roles.next().unwrap().as_str();
        assert!(roles.next().is_none());
        Some(json!([{"token": [role]}, {"session": [role]}]))
    };
    for (verb, permission) in super::super::endpoints::verbs() {
        assert_eq!(security("/v1/endpoints/", verb), only(permission), "{verb}");
    }
    for (verb, permission) in super::super::releases::verbs() {
        assert_eq!(security("/v1/releases/", verb), only(permission), "{verb}");
    }
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
fn every_refusal_is_described_by_an_example_of_its_own() {
    let source = include_str!("../error.rs");
    let codes = source.split_once("fn code(&self)").unwrap().1.split_once("\n    }\n").unwrap().0;
    let known: BTreeSet<_> = codes.split('"').skip(1).step_by(2).collect();
    let described = failures::codes();
    assert_eq!(described.len(), known.len());
    assert_eq!(described.into_iter().collect::<BTreeSet<_>>(), known);
    let document = document();
    for error in failures::examples().iter().filter(|error| error.status() != 405) {
        let pointer = format!(
            "/components/responses/{}/content/application~1json/examples/{}/value",
            error.status().as_u16(),
            error.code()
        );
        let example = document.pointer(&pointer).unwrap_or_else(|| panic!("no {pointer}"));
        assert_eq!(example["error"], error.to_string());
    }
}
