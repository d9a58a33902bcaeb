//! The description of the data plane, held against the data plane.

use serde_json::Value;

use crate::http;
use crate::project::{NAME, Project};
use crate::server::{Server, admin};

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi.json");

#[test]
fn the_served_description_is_the_kept_one() {
    let project = Project::new();
    let server = Server::start(&project);
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(KEPT).unwrap()).unwrap();
    assert_eq!(server.get("/openapi.json").expect(200), kept);
}

#[test]
fn every_described_method_is_there_and_no_other() {
    let project = Project::new();
    let server = Server::start(&project);
    let release = server.release();
    let described = server.get("/openapi.json").expect(200);
    for (path, methods) in described["paths"].as_object().unwrap() {
        let path = path.replace("{model}", NAME).replace("{version}", &release);
        for method in ["get", "post", "put", "delete", "patch"] {
            let response = server.ask(&http::request(&method.to_uppercase(), &path, &[], "{}"));
            let is_described = methods.get(method).is_some();
            assert_eq!(response.status != 405, is_described, "{method} {path}: {response:?}");
            assert_ne!(response.status, 404, "{method} {path}");
            if !is_described {
                let allowed = response.header("allow").unwrap_or_default().to_lowercase();
                let mut methods = methods.as_object().unwrap().keys();
                assert!(methods.all(|method| allowed.contains(method)), "{path}: {allowed}");
            }
        }
    }
}

#[test]
fn the_control_plane_is_as_it_is_described_too() {
    let project = Project::new();
    let _server = Server::start(&project);
    let token = std::fs::read_to_string(project.state().join("token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let ask = |method: &str, path: &str| {
        let request = http::request(method, path, &[("Authorization", &bearer)], "{}");
        http::Connection::open(admin(&project)).unwrap().ask(&request).unwrap()
    };
    let kept = KEPT.replace("openapi.json", "openapi-control.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(kept).unwrap()).unwrap();
    let described = ask("GET", "/openapi.json").expect(200);
    assert_eq!(described, kept);
    for (path, methods) in described["paths"].as_object().unwrap() {
        let release = format!("{NAME}@stable");
        let path = path.replace("{endpoint}", NAME).replace("{release}", &release);
        let path = path.replace("{token}", "x").replace("{id}", "x");
        for method in ["get", "post", "put", "delete", "patch"] {
            let response = ask(&method.to_uppercase(), &path);
            let is_described = methods.get(method).is_some();
            assert_eq!(response.status != 405, is_described, "{method} {path}: {response:?}");
            assert_ne!(response.status, 404, "{method} {path}");
            if !is_described {
                let allowed = response.header("allow").unwrap_or_default().to_lowercase();
                let mut methods = methods.as_object().unwrap().keys();
                assert!(methods.all(|method| allowed.contains(method)), "{path}: {allowed}");
            }
        }
    }
}
