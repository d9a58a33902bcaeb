//! Lineage: from a decision back to its commit and data, and from those to what came of them.

use serde_json::{Value, json};

use crate::command::Ran;
use crate::project::{NAME, Project, row};
use crate::server::Server;

/// Ids of a kind.
fn ids(graph: &Value, kind: &str) -> Vec<String> {
    let nodes = graph["nodes"].as_array().unwrap();
    let of_kind = nodes.iter().filter(|node| node["kind"] == kind);
    of_kind.map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

fn relations(graph: &Value, from: &str) -> Vec<(String, String)> {
    let edges = graph["edges"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of_node = edges.iter().filter(|edge| edge[0] == from);
    of_node.map(|edge| (text(&edge[1]), text(&edge[2]))).collect()
}

fn lineage(project: &Project, words: &str) -> Ran {
    project.run(&format!("lineage {words} --state STATE"))
}

fn graph(project: &Project, id: &str) -> Value {
    let ran = lineage(project, &format!("{id} --json"));
    ran.expect(0);
    ran.json()
}

#[test]
fn a_decision_leads_to_its_commit_and_its_data_and_back() {
    let project = Project::new();
    let commit = project.commit();
    let server = Server::start(&project);
    let answer =
        server.post(&format!("/v1/models/{NAME}:predict"), &json!({"instances": [row(1)]}));
    let decision = answer.expect(200)["decision_ids"][0].as_str().unwrap().to_owned();
    let release = server.release();
    let check = |graph: &Value| {
        assert_eq!(ids(graph, "release"), [release.as_str()]);
        assert_eq!(ids(graph, "commit"), [commit.as_str()]);
        assert_eq!(ids(graph, "endpoint"), [format!("endpoint:{NAME}")]);
        assert_eq!(ids(graph, "attestation").len(), 3);
        let [dataset] = &ids(graph, "dataset")[..] else { panic!("{graph}") };
        let made_of = relations(graph, &release);
        assert!(made_of.contains(&(commit.clone(), "built_from".to_owned())));
        assert!(made_of.contains(&(dataset.clone(), "trained_on".to_owned())));
        let made_by = (release.clone(), "made_by".to_owned());
        assert_eq!(relations(graph, &decision), [made_by]);
        dataset.clone()
    };
    // Beside the server that runs, and without one.
    let dataset = check(&graph(&project, &decision));
    check(&graph(&project, "@stable"));
    server.terminate();
    check(&graph(&project, &decision));
    check(&graph(&project, &release[7..19]));
    check(&graph(&project, &commit[..12]));
    check(&graph(&project, &format!("commit:{commit}")));
    check(&graph(&project, &dataset));
    check(&graph(&project, &format!("dataset:{}", &dataset[7..])));

    let tree = lineage(&project, &decision);
    tree.expect(0);
    let lines: Vec<&str> = tree.stdout.lines().collect();
    assert!(lines[0].starts_with(&format!("decision {decision}")), "{lines:?}");
    assert!(lines[1].starts_with("└─ made by release sha256:"), "{lines:?}");
    assert!(lines[2].starts_with("   ├─ built from commit "), "{lines:?}");
    let mermaid = lineage(&project, &format!("{decision} --mermaid"));
    assert!(mermaid.expect(0).starts_with("flowchart LR\n"));
}

#[test]
fn an_unknown_name_says_what_there_could_be() {
    let project = Project::new();
    project.commit();
    project.run("release PROJECT --state STATE").expect(0);
    let refused = lineage(&project, "0123456789");
    refused.expect(2);
    refused.says("neither a decision nor a release");
    let nobody = lineage(&project, "0197b2c3-1c1e-7c3a-9a51-2f6c8a1d4e5f");
    nobody.expect(2);
    nobody.says("the ledger has no entry");
}
