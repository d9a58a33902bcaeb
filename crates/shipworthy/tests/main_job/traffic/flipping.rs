//! Two releases change places again and again while many ask.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::{act, serving};
use crate::http::{Connection, request};
use crate::project::{NAME, Project, row};
use crate::server::{Server, admin, predict};

const FLIPS: u64 = 1_000;
const CONNECTIONS: u64 = 4;

/// Asks until it is over; gives what each release was seen to answer, and how often.
pub(super) fn asked(server: &Server, is_over: &AtomicBool) -> BTreeMap<String, (Value, u64)> {
    let mut seen = BTreeMap::new();
    let mut connection = server.connect();
    let same = predict(&[row(7)]);
    while !is_over.load(Ordering::Relaxed) {
        let response = connection.ask(&same).unwrap();
        let answer = response.expect(200);
        let release = answer["release"].as_str().unwrap().to_owned();
        assert_eq!(response.header("x-shipworthy-release"), Some(&*release));
        let predictions = answer["predictions"].clone();
        let (first, count) = seen.entry(release).or_insert((predictions.clone(), 0));
        assert_eq!(*first, predictions, "an answer of another release");
        *count += 1;
    }
    seen
}

fn flip(project: &Project) {
    let token = std::fs::read_to_string(project.state().join("token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let headers = [("Authorization", &*bearer), ("Content-Type", "application/json")];
    let path = format!("/v1/endpoints/{NAME}:rollback");
    let back = request("POST", &path, &headers, json!({"reason": "a test"}).to_string());
    let mut connection = Connection::open(admin(project)).unwrap();
    for _ in 0..FLIPS {
        assert_eq!(connection.ask(&back).unwrap().expect(200)["saved"], true);
    }
}

#[test]
fn a_thousand_flips_under_load_fail_no_request_and_mix_no_answer() {
    let (project, server, candidate) = serving("steps = [100]\nautomatic = false\n");
    let stable = server.release();
    act(&project, &format!("deploy {candidate}")).expect(0);
    act(&project, "promote").expect(0);
    assert_eq!(server.release(), candidate);
    let is_over = AtomicBool::new(false);
    let seen: Vec<_> = thread::scope(|scope| {
        let asking: Vec<_> =
            (0..CONNECTIONS).map(|_| scope.spawn(|| asked(&server, &is_over))).collect();
        flip(&project);
        is_over.store(true, Ordering::Relaxed);
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    let mut answers = BTreeMap::<&str, &Value>::new();
    for (release, (predictions, count)) in seen.iter().flatten() {
        assert!(*count > 0);
        let first = answers.entry(release).or_insert(predictions);
        assert_eq!(*first, predictions);
    }
    assert_eq!(answers.len(), 2, "both answered");
    assert_ne!(answers[&*stable], answers[&*candidate]);
    // An even number of flips.
    assert_eq!(server.release(), candidate);
    let events = project.run(&format!("history {NAME} --state STATE --limit 500 --json")).json();
    let events = events["events"].as_array().unwrap();
    assert!(events.iter().all(|event| event["kind"] == "endpoint.rolled_back"));
}
