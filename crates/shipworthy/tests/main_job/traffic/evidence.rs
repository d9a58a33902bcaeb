//! The checklist's items of deployment, and what they are judged by.

use serde_json::Value;

use super::{act, ask_until, serving};
use crate::project::{NAME, Project};
use crate::server::{ANY_PORTS, Server};

/// State and evidence of an item.
fn item(project: &Project, id: &str) -> (String, String) {
    let ran = project.run("checklist PROJECT --state STATE --json");
    ran.expect(0);
    let items = ran.json()["items"].as_array().unwrap().clone();
    let found = items.iter().find(|item| item["id"] == id).unwrap();
    let text = |name: &str| found[name].as_str().unwrap().to_owned();
    (text("state"), text("evidence"))
}

#[track_caller]
fn expect(project: &Project, id: &str, state: &str, evidence: &str) {
    let (found, told) = item(project, id);
    assert_eq!(found, state, "{id}: {told}");
    assert!(told.contains(evidence), "{id}: {told}");
}

#[test]
fn the_checklist_tells_how_releases_came_and_went() {
    let (project, server, candidate) = serving("steps = [5, 100]\nwatch = \"0s\"\n");
    for id in ["shadow", "canary", "blue_green", "rollback"] {
        assert_eq!(item(&project, id).0, "not_set_up", "{id}");
    }
    act(&project, &format!("deploy {candidate} --strategy shadow")).expect(0);
    let is_paired = |seen: &Value| seen["shadow"]["paired"].as_u64().is_some_and(|rows| rows >= 20);
    ask_until(&project, &server, is_paired);
    act(&project, &format!("deploy {candidate} --strategy canary")).expect(0);
    let name = &candidate[..19];
    expect(&project, "shadow", "met", &format!("{name} answered "));
    expect(&project, "canary", "not_set_up", "no release became stable by a canary yet");
    for _ in 0..2 {
        act(&project, "promote").expect(0);
    }
    ask_until(&project, &server, |seen| seen["rollout"]["state"] == "done");
    expect(&project, "canary", "met", &format!("{name} became stable that way"));
    expect(&project, "canary", "met", "promoted by hand 2 times, in steps of 5, 100 %");

    let drilled = project
        .run(&format!("drill rollback {NAME} --for 1s --state STATE --reason because --json"));
    let passed = drilled.json()["passed"] == true;
    let state = if passed { "met" } else { "failing" };
    expect(&project, "rollback", state, drilled.json()["why"].as_str().unwrap());

    act(&project, "rollback").expect(0);
    act(&project, &format!("deploy {candidate} --strategy blue_green")).expect(0);
    act(&project, "promote").expect(0);
    expect(&project, "blue_green", "met", &format!("{name} became stable that way"));
    server.terminate();
    expect(&project, "blue_green", "met", "promoted by hand once");

    project.edit("rounds = 9", "rounds = 8");
    project.commit();
    let _server = Server::start_with(&project, &format!("--new-release {ANY_PORTS}"));
    expect(&project, "canary", "failing", "was made stable without a rollout by operator");
    expect(&project, "blue_green", "met", name);
}
