//! A release that a pipeline makes: it names its run, and its image.

use std::fs;

use serde_json::{Value, json};

use crate::command::{finish, program};
use crate::project::Project;
use crate::server::{Server, admin};

const RUN: &str = "https://github.com/octo/fraud/actions/runs/77/attempts/2";
const WORKFLOW: &str = "octo/fraud/.github/workflows/ship.yml@refs/heads/main";

/// Runs a line as a step of a run of GitHub Actions does.
fn in_pipeline(project: &Project, line: &str) -> Value {
    let line = project.line(line);
    let mut command = program();
    command.args(line.split_whitespace()).envs([
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "octo/fraud"),
        ("GITHUB_WORKFLOW_REF", WORKFLOW),
        ("GITHUB_RUN_ID", "77"),
        ("GITHUB_RUN_ATTEMPT", "2"),
        // Of a pull request, it is no commit that the tree has.
        ("GITHUB_SHA", "1111111111111111111111111111111111111111"),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
    ]);
    let ran = finish(&mut command);
    ran.expect(0);
    ran.json()
}

fn json_of(project: &Project, line: &str) -> Value {
    let ran = project.run(&format!("{line} --state STATE --json"));
    ran.expect(0);
    ran.json()
}

fn item(project: &Project, id: &str) -> Value {
    let checklist = json_of(project, "checklist PROJECT");
    let items = checklist["items"].as_array().unwrap().iter();
    items.into_iter().find(|item| item["id"] == id).unwrap().clone()
}

#[test]
fn a_release_of_a_pipeline_names_its_run() {
    let project = Project::new();
    let commit = project.commit();
    let made = in_pipeline(&project, "release PROJECT --state STATE --json");
    let id = made["release"].as_str().unwrap();
    let said = json_of(&project, &format!("release attestations {id}"));
    let provenance = &said[0]["predicate"];
    let builder = &provenance["runDetails"]["builder"]["id"];
    assert_eq!(*builder, format!("https://github.com/{WORKFLOW}"));
    assert_eq!(provenance["runDetails"]["metadata"]["invocationId"], RUN);
    let definition = &provenance["buildDefinition"];
    assert_eq!(definition["resolvedDependencies"][0]["digest"]["gitCommit"], commit);
    let told =
        json!({"host": "GitHub Actions", "commit": "1".repeat(40), "runner": "github-hosted"});
    assert_eq!(definition["internalParameters"]["pipeline"], told);

    assert_eq!(json_of(&project, &format!("release show {id}"))["run"], RUN);
    let graph = json_of(&project, &format!("lineage {id}"));
    assert!(graph["edges"].as_array().unwrap().contains(&json!([id, RUN, "built_in"])), "{graph}");
    let tied = item(&project, "commit");
    assert_eq!(tied["state"], "met", "{tied}");
    assert!(tied["evidence"].as_str().unwrap().contains(RUN), "{tied}");
}

#[test]
fn a_release_that_is_made_by_hand_says_so() {
    let project = Project::new();
    project.commit();
    let made = json_of(&project, "release PROJECT");
    let id = made["release"].as_str().unwrap();
    assert_eq!(json_of(&project, &format!("release show {id}"))["run"], Value::Null);
    let tied = item(&project, "commit");
    assert_eq!(tied["state"], "met", "{tied}");
    assert!(tied["evidence"].as_str().unwrap().contains("by hand, in no pipeline"), "{tied}");
}

#[test]
fn an_image_that_is_told_to_a_server_stands_on_the_checklist() {
    let project = Project::new();
    let commit = project.commit();
    let server = Server::start(&project);
    assert_eq!(item(&project, "image")["state"], "not_set_up");
    let attest = |predicate: &Value| {
        fs::write(project.beside("image.json"), predicate.to_string()).unwrap();
        project.run(
            "release attest card-fraud@stable --state STATE --type shipworthy:image/v1 \
             --predicate BESIDE/image.json --reason built",
        )
    };
    let digest = format!("sha256:{}", "0a".repeat(32));
    let image = |revision: &Value| json!({"digest": digest, "size_bytes": 3, "platform": "linux/amd64", "revision": revision});
    let refused = attest(&image(&json!("main")));
    refused.expect(2);
    refused.says("an image has a `digest`");
    attest(&image(&json!("2".repeat(40)))).expect(0);
    assert_eq!(item(&project, "image")["state"], "failing");
    attest(&image(&json!(commit))).expect(0);
    let met = item(&project, "image");
    assert_eq!(met["state"], "met", "{met}");
    let evidence = met["evidence"].as_str().unwrap();
    assert!(evidence.contains(&digest) && evidence.contains("linux/amd64"), "{evidence}");
    server.terminate();
    assert_eq!(item(&project, "image")["state"], "met", "of the files alone");
    let shown = json_of(&project, "release show card-fraud@stable");
    assert_eq!(shown["image"]["digest"], digest);
}

/// Whether the endpoint holds what is asked, and which checks failed.
fn verify(project: &Project, more: &str) -> (Option<i32>, Value) {
    let token = fs::read_to_string(project.state().join("token")).unwrap();
    let server = format!("--server http://{} --token {}", admin(project), token.trim());
    let place = "--branch main --repository PROJECT --json";
    let ran = project.run(&format!("ci verify card-fraud {server} {place} {more}"));
    (ran.code, ran.json())
}

fn failing(verified: &Value) -> Vec<&str> {
    let checks = verified["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| check["passed"] == false);
    failed.map(|check| check["name"].as_str().unwrap()).collect()
}

#[test]
fn an_endpoint_is_verified_against_the_branch_and_the_keys() {
    let project = Project::new();
    project.commit();
    project.git("branch --move main");
    let server = Server::start(&project);
    let pem = project.run("key show --state STATE");
    fs::write(project.beside("team.pem"), pem.expect(0)).unwrap();

    let (code, verified) = verify(&project, "");
    assert_eq!((code, failing(&verified)), (Some(1), vec!["gate report"]), "{verified}");
    let report = json!({"result": "PASSED", "configuration": []});
    fs::write(project.beside("report.json"), report.to_string()).unwrap();
    let attest = "release attest card-fraud@stable --type gate-report --predicate \
                  BESIDE/report.json --reason tested --state STATE";
    project.run(attest).expect(0);
    let (code, verified) = verify(&project, "--trusted-keys BESIDE/team.pem");
    assert_eq!((code, failing(&verified)), (Some(0), vec![]), "{verified}");
    assert_eq!((&verified["passed"], &verified["endpoint"]), (&json!(true), &json!("card-fraud")));

    let (code, verified) = verify(&project, "--require approval --require provenance");
    assert_eq!((code, failing(&verified)), (Some(1), vec!["approval"]), "{verified}");
    // Nobody merged it.
    project.git("checkout --quiet --orphan other");
    project.git("commit --quiet --no-gpg-sign -m other");
    project.git("branch --force main other");
    let (code, verified) = verify(&project, "");
    assert_eq!((code, failing(&verified)), (Some(1), vec!["commit"]), "{verified}");
    server.terminate();
}

#[test]
fn a_comment_tells_what_a_change_does_to_what_serves() {
    let project = Project::new();
    let gates = "\n[[gate]]\nmetric = \"roc_auc\"\nmin = 0.999\n";
    let text = fs::read_to_string(project.file()).unwrap();
    fs::write(project.file(), text + gates).unwrap();
    project.commit();
    let before = json_of(&project, "release PROJECT")["release"].as_str().unwrap().to_owned();
    project.edit("max = 10000", "max = 5000");
    project.edit("rounds = 10", "rounds = 2");
    project.git("commit --quiet --all --no-gpg-sign --message change");
    let after = json_of(&project, "release PROJECT")["release"].as_str().unwrap().to_owned();

    let line = format!("ci comment PROJECT --against {before} --output BESIDE/comment.md");
    let told = json_of(&project, &line);
    assert_eq!((&told["candidate"], &told["against"]), (&json!(after), &json!(before)));
    let auc = &told["change"]["metrics"][0];
    assert_eq!((&auc["metric"], &auc["reading"]), (&json!("roc_auc"), &json!("worse")), "{auc}");
    let contract = &told["contract"][0];
    assert_eq!((&contract["column"], &contract["breaking"]), (&json!("amount"), &json!(true)));
    assert_eq!(told["differences"]["parameters"]["rounds"], json!({"a": 10, "b": 2}));
    let text = fs::read_to_string(project.beside("comment.md")).unwrap();
    assert_eq!(told["markdown"], text);
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("### ❌ card-fraud: 1 of 1 gates fail, 1 change of the"), "{first}");
    assert!(first.contains("roc_auc is worse by 0."), "{first}");
    for part in ["**Slices.**", "**Latency**", "one row at a time", "How to reproduce"] {
        assert!(text.contains(part), "no {part} in {text}");
    }

    let same = project
        .run(&format!("ci comment PROJECT --candidate {before} --against {before} --state STATE"));
    assert!(same.expect(0).contains("the same release as the one that serves"), "{same:?}");
    let alone = project.run("ci comment PROJECT --state STATE");
    alone.expect(2);
    alone.says("release pull ENDPOINT@stable");
}
