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
    let page = fs::read_to_string(project.beside("gates.html")).unwrap();
    assert!(page.contains("2 gates passed"), "{page}");
    assert_eq!(page.matches("role=\"img\"").count(), 3, "distribution, calibration and ROC");

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

/// Releases an example, tests it, and gives what became of its gates.
fn tested(project: &Project) -> Value {
    project.commit();
    project.run("release PROJECT --state STATE").expect(0);
    project.run("test PROJECT --state STATE --no-attest --json").json()
}

/// The names of the gates with that verdict.
fn named(told: &Value, passed: &Value) -> Vec<String> {
    let gates = told["gates"].as_array().unwrap().iter();
    let gates = gates.filter(|gate| gate["passed"] == *passed);
    gates.map(|gate| gate["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn flights_pass_their_gates() {
    let told = tested(&Project::example("flights"));
    assert_eq!((&told["passed"], &told["rows"]), (&Value::Bool(true), &82_767.into()), "{told}");
    assert_eq!(named(&told, &Value::Bool(true)).len(), 11, "{told}");
    let beside_stable = [
        "roc_auc not worse than stable's by 0.005",
        "kolmogorov_smirnov of the answers to stable's at most 0.1",
        "a row at most 1.5 times as long as with stable",
    ];
    assert_eq!(named(&told, &Value::Null), beside_stable);
}

#[test]
fn credit_passes_its_gates_and_is_as_good_as_itself() {
    let project = Project::example("credit");
    let told = tested(&project);
    assert_eq!((&told["passed"], &told["rows"]), (&Value::Bool(true), &898.into()), "{told}");
    assert_eq!(named(&told, &Value::Null).len(), 3, "{told}");
    let id = told["candidate"].as_str().unwrap();
    let line = format!("test PROJECT --state STATE --against {id} --no-attest --json");
    let beside = project.run(&line).json();
    // How long a row takes is the machine's own affair.
    let others = named(&beside, &Value::Bool(false)).into_iter();
    assert_eq!(others.filter(|name| !name.starts_with("a row at most")).count(), 0, "{beside}");
    assert_eq!(named(&beside, &Value::Null), [""; 0]);
}

#[test]
fn credit_that_looks_at_age_fails() {
    let project = Project::example("credit");
    project.edit("name = \"Age\"\ntype = \"integer\"\nrole = \"protected\"", AGE);
    let failed = named(&tested(&project), &Value::Bool(false));
    assert!(failed.contains(&"age moves no answer".to_owned()), "{failed:?}");
}

const AGE: &str = "name = \"Age\"\ntype = \"integer\"";

#[test]
fn credit_that_learned_too_little_fails() {
    let project = Project::example("credit");
    project.edit("rounds = 500\nearly_stopping_rounds = 30", "rounds = 3");
    let failed = named(&tested(&project), &Value::Bool(false));
    for name in ["roc_auc at least 0.8", "brier_score at most 0.16"] {
        assert!(failed.contains(&name.to_owned()), "{failed:?}");
    }
}

#[test]
fn flights_that_know_the_delay_at_departure_leak() {
    let project = Project::example("flights");
    let text = fs::read_to_string(project.file()).unwrap();
    // The other gates need longer.
    let (declared, gates) = text.split_once("[[gate]]").unwrap();
    let leakage = gates.split("[[gate]]").find(|gate| gate.contains("\"leakage\"")).unwrap();
    let leak = "[[column]]\nname = \"dep_delay\"\ntype = \"integer\"\n";
    fs::write(project.file(), format!("{declared}{leak}\n[[gate]]{leakage}")).unwrap();
    let told = tested(&project);
    let why = told["gates"][0]["why"].as_str().unwrap();
    assert!(why.starts_with("`dep_delay` alone tells the target with a ROC-AUC of 0.9"), "{why}");
    assert_eq!(told["passed"], false);
}

#[test]
fn a_trainer_that_throws_dice_fails_the_determinism() {
    let project = gated("\n[[gate]]\nkind = \"determinism\"\n");
    for (seed, name) in [("7", "heads"), ("8", "tails")] {
        project.edit("seed = 7", &format!("seed = {seed}"));
        project.run(&format!("train PROJECT --output PROJECT/{name}.json")).expect(0);
        project.edit(&format!("seed = {seed}"), "seed = 7");
    }
    project.edit("rounds = 10\nearly_stopping_rounds = 0\n", TOSSED);
    let write = |name: &str, text: &str| fs::write(project.path().join(name), text).unwrap();
    write("train.sh", TOSS);
    write("tools.lock", "sh 1.0\n");
    write(".gitignore", "thrown/\n");
    let told = tested(&project);
    assert_eq!(named(&told, &Value::Bool(false)), ["training again makes the same release"]);
}

const TOSSED: &str =
    "trainer = \"command\"\ncommand = [\"sh\", \"train.sh\"]\nlock = \"tools.lock\"\n";

/// Gives one model, then the other, and so on.
const TOSS: &str = "if mkdir thrown; then cp heads.json \"$SHIPWORTHY_OUTPUT\"; \
                    else rmdir thrown; cp tails.json \"$SHIPWORTHY_OUTPUT\"; fi\n";

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
