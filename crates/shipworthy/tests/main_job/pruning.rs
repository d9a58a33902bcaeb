//! Which releases can be pruned, and which never are.

use serde_json::{Value, json};

use crate::project::{NAME, Project, row};
use crate::server::Server;

/// Makes a release that differs by its number of rounds.
fn release(project: &Project, rounds: (u32, u32)) -> String {
    project.edit(&format!("rounds = {}", rounds.0), &format!("rounds = {}", rounds.1));
    let made = project.run("release PROJECT --state STATE --allow-dirty --json");
    made.expect(0);
    made.json()["release"].as_str().unwrap().to_owned()
}

fn prune(project: &Project, options: &str) -> Vec<Value> {
    let line = format!("release prune --state STATE --reason space --json {options}");
    let pruned = project.run(&line);
    pruned.expect(0);
    pruned.json()["pruned"].as_array().unwrap().clone()
}

#[test]
fn only_what_nothing_refers_to_is_pruned() {
    let project = Project::new();
    let decided = {
        let server = Server::start(&project);
        server.post(&format!("/v1/models/{NAME}:predict"), &json!({"instances": [row(1)]}));
        server.release()
    };
    let held = release(&project, (10, 9));
    let unused = release(&project, (9, 8));
    // Takes the slots of the first one, which the ledger goes on to name.
    for rounds in [(8, 7), (7, 6)] {
        project.edit(&format!("rounds = {}", rounds.0), &format!("rounds = {}", rounds.1));
        Server::start_with(&project, "--listen 127.0.0.1:0 --admin 127.0.0.1:0 --new-release")
            .terminate();
    }
    let endpoint = project.run("release list --state STATE --json").json();
    assert_eq!(endpoint["releases"].as_array().unwrap().len(), 5);
    project.run(&format!("release hold {held} --state STATE --reason audit")).expect(0);

    assert_eq!(prune(&project, "--dry-run --keep 0"), [unused.as_str()]);
    assert_eq!(prune(&project, "--keep 5"), [] as [Value; 0]);
    assert_eq!(prune(&project, "--keep 0"), [unused.as_str()]);
    assert_eq!(prune(&project, "--keep 0"), [] as [Value; 0]);
    for kept in [&decided, &held] {
        project.run(&format!("release verify {kept} --state STATE")).expect(0);
    }
    let refused = project.run(&format!("release verify {unused} --state STATE"));
    refused.expect(1);
    refused.says("was pruned");
    project.run(&format!("release show {unused} --state STATE")).expect(0);
    project.run(&format!("release free {held} --state STATE --reason audited")).expect(0);
    assert_eq!(prune(&project, "--keep 0"), [held.as_str()]);

    assert_eq!(release(&project, (6, 8)), unused, "made again, it is the same");
    project.run(&format!("release verify {unused} --state STATE")).expect(0);
}
