//! `shipworthy test`: the gates of a project.

use std::fs;

use serde_json::Value;

use crate::project::Project;

const GATES: &str = "
[[gate]]
metric = \"roc_auc\"
min = 0.6

[[gate]]
kind = \"determinism\"

[[gate]]
kind = \"non_inferior\"
metric = \"roc_auc\"
margin = 0.05
";

fn gated(gates: &str) -> Project {
    let project = Project::new();
    let text = fs::read_to_string(project.file()).unwrap();
    fs::write(project.file(), text + gates).unwrap();
    project.commit();
    project.run("release PROJECT --state STATE --json").expect(0);
    project
}

fn item(project: &Project) -> Value {
    let checklist = project.run("checklist PROJECT --state STATE --json").json();
    let items = checklist["items"].as_array().unwrap().clone();
    items.into_iter().find(|item| item["id"] == "gates").unwrap()
}

#[test]
fn a_release_that_passes_its_gates_is_attested() {
    let project = gated(GATES);
    let line =
        "test PROJECT --state STATE --json --junit BESIDE/gates.xml --html BESIDE/gates.html";
    let ran = project.run(line);
    ran.expect(0);
    ran.says("the report is signed");
    let told = ran.json();
    assert_eq!(told["passed"], true);
    let gates = told["gates"].as_array().unwrap();
    let kinds: Vec<_> = gates.iter().map(|gate| gate["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["metric", "determinism", "non_inferior"]);
    assert!(gates[0]["bound"].as_f64().unwrap() < gates[0]["observed"].as_f64().unwrap());
    assert_eq!(gates[2]["passed"], Value::Null);
    let xml = fs::read_to_string(project.beside("gates.xml")).unwrap();
    assert!(xml.contains("<testsuites tests=\"3\" failures=\"0\">"), "{xml}");
    assert!(fs::read_to_string(project.beside("gates.html")).unwrap().contains("2 gates passed"));

    let id = told["candidate"].as_str().unwrap();
    let said = project.run(&format!("release attestations {id} --state STATE"));
    assert!(said.expect(0).contains("gate report"), "{said:?}");
    project.run(&format!("release verify {id} --state STATE")).expect(0);
    assert_eq!(item(&project)["state"], "met", "{}", item(&project));
}

#[test]
fn a_gate_that_fails_ends_with_1_and_says_why() {
    let project = gated(&GATES.replace("min = 0.6", "min = 0.999"));
    let ran = project.run("test PROJECT --state STATE");
    let told = ran.expect(1);
    assert!(told.contains("✗ failed") && told.contains("and must be at least 0.999"), "{told}");
    assert!(told.contains("1 of 2 gates failed"), "{told}");
}

#[test]
fn mistakes_say_what_to_do() {
    let project = Project::new();
    project.run("test PROJECT --state STATE").says("declares no gates");
    let unknown = gated("\n[[gate]]\nmetric = \"roc_auc\"\nmin = 0.6\n");
    unknown.edit("min = 0.6", "mim = 0.6");
    let ran = unknown.run("test PROJECT --state STATE");
    ran.expect(2);
    ran.says("did you mean `min`");
    unknown.edit("mim = 0.6", "min = 0.6\nmargin = 0.1");
    unknown.run("test PROJECT --state STATE").says("`margin` has no meaning for a gate");
    unknown.edit("min = 0.6\nmargin = 0.1", "min = 0.6");
    unknown.edit("seed = 7", "seed = 8");
    let ran = unknown.run("test PROJECT --state STATE");
    ran.expect(2);
    ran.says("was trained with another seed");
}
