//! A ledger that is full: no answer without its record, so no answer.

use serde_json::Value;

use crate::export::{by_id, export};
use crate::project::{NAME, Project, but, row};
use crate::server::Server;

const SMALL: (&str, &str) =
    ("[limits]", "[ledger]\nmax_size = \"2 MiB\"\nsegment_size = \"1 MiB\"\n\n[limits]");

#[test]
fn when_the_ledger_is_full_nothing_is_answered_and_what_was_answered_stays() {
    let project = Project::with(&[SMALL]);
    let server = Server::start(&project);
    let rows: Vec<Value> =
        (0..100).map(|number| but(row(number), "card", "c".repeat(200))).collect();
    let mut told = Vec::new();
    let refused = loop {
        let response = server.predict(&rows);
        if response.status != 200 {
            break response;
        }
        let answer = response.json();
        let ids = answer["decision_ids"].as_array().unwrap().iter();
        told.extend(ids.map(|id| id.as_str().unwrap().to_owned()));
    };
    assert!(told.len() > 1_000, "2 MiB hold some");
    assert_eq!(refused.expect(503)["code"], "not_recorded");

    let afterwards = server.predict(&[row(1)]);
    assert_eq!(afterwards.expect(503)["code"], "not_ready");
    let ready = server.get("/v2/health/ready").expect(503);
    assert_eq!(ready["error"], "the ledger takes no records");
    server.get("/v2/health/live").expect(200);
    assert_eq!(server.get(&format!("/v2/models/{NAME}/ready")).expect(503)["ready"], false);
    audit_fails_for_the_cap(&project);

    let recorded = by_id(export(&project));
    assert_eq!(recorded.len(), told.len());
    assert!(told.iter().all(|id| recorded.contains_key(id)));
    server.terminate();
    assert_eq!(by_id(export(&project)).len(), told.len());

    let server = Server::start(&project);
    server.predict(&rows).expect(503);
    drop(server);
    project.edit("max_size = \"2 MiB\"", "max_size = \"4 MiB\"");
    let server = Server::start(&project);
    server.predict(&rows).expect(200);
    assert_eq!(export(&project).len(), told.len() + rows.len());
}

#[track_caller]
fn audit_fails_for_the_cap(project: &Project) {
    let checklist = project.run("checklist PROJECT --state STATE --json");
    checklist.expect(0);
    let checklist = checklist.json();
    let items = checklist["items"].as_array().unwrap();
    let audit = items.iter().find(|item| item["id"] == "audit").unwrap();
    assert_eq!(audit["state"], "failing");
    let evidence = audit["evidence"].as_str().unwrap();
    assert!(evidence.contains("the ledger has reached its cap"), "{evidence}");
    project.run("checklist PROJECT --state STATE --strict").expect(1);
}
