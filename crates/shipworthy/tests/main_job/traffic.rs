//! The traffic of an endpoint, steered by the command line.

mod drilling;
mod elsewhere;
mod evidence;
mod flipping;
mod refused;
mod requiring;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::command::{Ran, program};
use crate::http::{Connection, request};
use crate::project::{NAME, Project, row};
use crate::server::{Server, admin};

/// Nothing is waited for but rows.
const QUICK: &str = "step_time = \"0s\"\nwatch = \"0s\"\nstep_rows = 1\n";

/// Two releases of a project with such a `[rollout]`: the older is served, the newer is named.
fn serving(rollout: &str) -> (Project, Server, String) {
    let project = Project::new();
    project.edit("[limits]", &format!("[rollout]\n{rollout}\n[limits]"));
    project.commit();
    Server::start(&project).terminate();
    project.edit("rounds = 10", "rounds = 9");
    project.commit();
    let made = project.run("release PROJECT --state STATE --json");
    made.expect(0);
    let candidate = made.json()["release"].as_str().unwrap().to_owned();
    let server = Server::start(&project);
    assert_ne!(server.release(), candidate);
    (project, server, candidate)
}

fn act(project: &Project, words: &str) -> Ran {
    let (verb, more) = words.split_once(' ').unwrap_or((words, ""));
    project.run(&format!("{verb} {NAME} {more} --state STATE --reason because"))
}

fn status(project: &Project) -> Value {
    let ran = project.run(&format!("status {NAME} --state STATE --json"));
    ran.expect(0);
    ran.json()
}

/// Asks for decisions until the endpoint is as it should be.
#[track_caller]
fn ask_until(project: &Project, server: &Server, is_so: impl Fn(&Value) -> bool) -> Value {
    for number in 0..400 {
        (0..10).for_each(|more| drop(server.predict(&[row(number * 10 + more)]).expect(200)));
        let seen = status(project);
        if is_so(&seen) {
            return seen;
        }
    }
    panic!("it never came: {}", status(project));
}

fn kinds(project: &Project) -> Vec<String> {
    let ran = project.run(&format!("history {NAME} --state STATE --json"));
    ran.expect(0);
    let events = ran.json()["events"].as_array().unwrap().clone();
    events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_canary_walks_to_stable_by_itself() {
    let rollout = format!("{QUICK}steps = [50, 100]\nautomatic = true\n");
    let (project, server, candidate) = serving(&rollout);
    let stable = server.release();
    let deployed = act(&project, &format!("deploy {} --strategy canary", &candidate[7..19]));
    let said = deployed.expect(0);
    assert!(said.contains("canary, step 1 of 2 (50 %)"), "{said}");
    let seen = ask_until(&project, &server, |seen| seen["rollout"]["state"] == "done");
    assert_eq!(seen["slots"]["stable"]["release"], candidate);
    assert_eq!(seen["slots"]["stable"]["weight"], 100);
    assert_eq!(seen["slots"]["previous"]["release"], stable);
    assert_eq!(kinds(&project)[3..5], ["rollout.started", "endpoint.stable_set"]);
    assert_eq!(server.release(), candidate);
    let back = act(&project, "rollback");
    assert!(back.expect(0).contains(&format!("{} answers everything", &stable[..19])));
    assert_eq!(server.release(), stable);
    assert_eq!(kinds(&project)[0], "endpoint.rolled_back");
}

#[test]
fn people_promote_hold_resume_and_roll_back() {
    let (project, server, candidate) = serving("steps = [5, 25, 100]\nautomatic = false\n");
    act(&project, &format!("deploy {candidate}")).expect(0);
    assert!(act(&project, "hold").expect(0).contains("held in step 1 of 3 (5 %)"));
    assert_eq!(status(&project)["rollout"]["state"], "held");
    assert!(act(&project, "resume").expect(0).contains("canary, step 1 of 3 (5 %)"));
    act(&project, "resume").says("the rollout is not held");
    assert!(act(&project, "promote").expect(0).contains("step 2 of 3 (25 %)"));
    let is_looked_at = |seen: &Value| seen["rollout"]["findings"][0].is_object();
    ask_until(&project, &server, is_looked_at);
    let shown = project.run(&format!("status {NAME} --state STATE"));
    for text in ["candidate", "75 %", "canary, step 2 of 3 (25 %)", "guards", "by operator"] {
        assert!(shown.expect(0).contains(text), "no {text:?} in {}", shown.stdout);
    }
    let back = act(&project, "rollback");
    assert!(back.expect(0).contains("answers everything; canary, rolled back"), "{back:?}");
    let history = project.run(&format!("history {NAME} --state STATE --limit 2"));
    let lines: Vec<&str> = history.expect(0).lines().collect();
    assert!(lines[1].contains("rollout.rolled_back") && lines[1].contains("because"), "{lines:?}");
    assert!(lines[2].contains("rollout.advanced") && lines[2].contains("25 %"), "{lines:?}");
    assert_ne!(server.release(), candidate);
}

#[test]
fn an_approver_who_did_not_start_it_lets_it_go_on() {
    let rollout = "steps = [5, 100]\napprovals = [100]\nautomatic = false\n";
    let (project, _server, candidate) = serving(rollout);
    let line = "token create ana --role approver --reason test --state STATE";
    let ana = project.run(line).expect(0).trim().to_owned();
    act(&project, &format!("deploy {candidate}")).expect(0);
    let refused = act(&project, "promote");
    refused.expect(2);
    refused.says("the next step needs an approval");
    let forbidden = act(&project, "approve");
    forbidden.expect(2);
    forbidden.says("a token with the role `operator` may not do this");
    act(&project, &format!("promote --token {ana}")).expect(2);
    act(&project, &format!("approve --token {ana}")).expect(0);
    assert!(act(&project, "promote").expect(0).contains("step 2 of 2 (100 %)"));
}

#[test]
fn a_stopped_endpoint_answers_no_row_until_it_is_resumed() {
    let (project, server, _) = serving("");
    assert!(act(&project, "stop").expect(0).contains("no model is asked"));
    assert_eq!(server.predict(&[row(1)]).expect(503)["code"], "stopped");
    assert_eq!(status(&project)["stopped"], true);
    act(&project, "stop").says("stopped already");
    project.edit("threshold = 0.5", "threshold = 0.5\nsafe_answer = \"fraud\"");
    project.run("reload --state STATE --reason safe").expect(0);
    assert_eq!(server.predict(&[row(1)]).expect(200)["decisions"][0], "fraud");
    act(&project, "resume").expect(0);
    server.predict(&[row(1)]).expect(200);
}

#[test]
fn a_restart_goes_on_with_the_same_share() {
    let (project, server, candidate) = serving("steps = [25, 100]\nautomatic = false\n");
    act(&project, &format!("deploy {candidate}")).expect(0);
    let before = status(&project);
    server.terminate();
    let _server = Server::start(&project);
    let after = status(&project);
    assert_eq!(after["rollout"]["id"], before["rollout"]["id"]);
    assert_eq!(after["slots"]["candidate"]["weight"], 25);
    assert_eq!(after["slots"]["candidate"]["release"], candidate);
}

#[test]
fn a_watch_without_a_terminal_prints_a_line_a_change() {
    let (project, _server, candidate) = serving("automatic = false\n");
    let line = project.line(&format!("status {NAME} --state STATE --watch"));
    let mut watch: Command = program();
    let mut watch = watch.args(line.split_whitespace()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().ends_with("answers everything"));
    act(&project, &format!("deploy {candidate}")).expect(0);
    assert!(lines.next().unwrap().ends_with("canary, step 1 of 4 (5 %)"));
    let interrupt = format!("kill -s INT {}", watch.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    assert!(watch.wait().unwrap().success());
    assert_eq!(lines.next(), None);
}

#[test]
fn a_form_that_is_sent_twice_rolls_back_once() {
    let (project, server, candidate) = serving("steps = [100]\nautomatic = false\n");
    let stable = server.release();
    act(&project, &format!("deploy {candidate}")).expect(0);
    act(&project, "promote").expect(0);
    let token = std::fs::read_to_string(project.state().join("token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let post = |path: &str, kind: &str, body: &str| {
        let headers = [("Authorization", &*bearer), ("Content-Type", kind)];
        let mut connection = Connection::open(admin(&project)).unwrap();
        connection.ask(&request("POST", path, &headers, body)).unwrap()
    };
    let form = format!("endpoint={NAME}&from={}&reason=because", candidate.replace(':', "%3A"));
    let sent = || post("/rollback", "application/x-www-form-urlencoded", &form);
    assert_eq!(sent().status, 303);
    let again = sent();
    assert_eq!(again.status, 409);
    let told = format!("This changed nothing: the traffic of {NAME} has changed since you looked.");
    assert!(again.text().contains(&told), "{}", again.text());
    let body = json!({"from": candidate, "reason": "because"}).to_string();
    let refused = post(&format!("/v1/endpoints/{NAME}:rollback"), "application/json", &body);
    assert_eq!(refused.expect(409)["code"], "traffic_refused");
    assert_eq!(server.release(), stable);
}

#[test]
fn mistakes_say_what_to_do() {
    let (project, server, candidate) = serving("");
    let refused = project.run("hold nobody --state STATE --reason because");
    refused.expect(2);
    refused.says("there is no endpoint `nobody`");
    refused.says("this server has card-fraud");
    project.run("status nobody --state STATE").says("there is no endpoint `nobody`");
    let refused = act(&project, "deploy 0123456789");
    refused.expect(2);
    refused.says("names no release here");
    refused.says("shipworthy release list");
    act(&project, "promote").says("no rollout is under way here");
    server.terminate();
    let refused = act(&project, &format!("deploy {candidate}"));
    refused.expect(2);
    refused.says("no server runs on");
    refused.says("shipworthy up PROJECT");
    project.run("status --state STATE").expect(2);
}

#[test]
fn a_shadow_answers_unseen_and_beside_stable() {
    let (project, server, candidate) = serving("steps = [100]\n");
    let stable = server.release();
    let deployed = act(&project, &format!("deploy {candidate} --strategy shadow"));
    assert!(deployed.expect(0).contains("shadow"), "{deployed:?}");
    let seen = ask_until(&project, &server, |seen| {
        seen["shadow"]["paired"].as_u64().is_some_and(|paired| paired >= 50)
    });
    assert_eq!(seen["slots"]["candidate"]["weight"], 0);
    assert!((0.0..=1.0).contains(&seen["shadow"]["agreement"].as_f64().unwrap()));
    let answer = server.predict(&[row(3)]).expect(200);
    assert_eq!(answer["release"], stable);
    server.terminate();

    let tail = project.run("ledger tail --lines 500 --json --state STATE");
    let entries: Vec<Value> =
        tail.expect(0).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |id: &Value| entries.iter().filter(|entry| entry["id"] == *id).collect::<Vec<_>>();
    let pair = of(&answer["decision_ids"][0]);
    let kinds: Vec<_> = pair.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["decision", "shadow"]);
    assert_eq!(pair[1]["payload"]["release"], candidate);
    assert_eq!(pair[1]["payload"]["slot"], "shadow");
    assert_eq!(pair[0]["payload"]["input"], pair[1]["payload"]["input"]);
}
