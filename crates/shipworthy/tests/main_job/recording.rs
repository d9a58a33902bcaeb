//! The ledger holds what was asked and what was answered.

use serde_json::{Value, json};

use crate::export::{by_id, export};
use crate::project::{NAME, Project, declared, rows};
use crate::server::Server;

#[test]
fn every_answer_stands_in_the_ledger_as_it_was_given() {
    let project = Project::new();
    let server = Server::start(&project);
    let release = server.release();
    let rows = &rows()[..50];
    let answers: Vec<Value> = rows.chunks(5).map(|rows| server.predict(rows).expect(200)).collect();
    server.terminate();

    let recorded = export(&project);
    let statuses = recorded.iter().all(|decision| decision.status == "answered");
    assert!(statuses && recorded.len() == rows.len(), "{recorded:#?}");
    let recorded = by_id(recorded);
    for (rows, answer) in rows.chunks(5).zip(&answers) {
        for (place, row) in rows.iter().enumerate() {
            let decision = &recorded[answer["decision_ids"][place].as_str().unwrap()];
            assert_eq!(decision.input, declared(row));
            let (prediction, class) = (&answer["predictions"][place], &answer["decisions"][place]);
            let output = json!({"prediction": prediction, "decision": class});
            assert_eq!(decision.output, output);
            assert_eq!((decision.endpoint.as_str(), decision.slot.as_str()), (NAME, "stable"));
            assert_eq!(decision.release, release);
            assert!(decision.latency_us >= 0);
        }
    }
}

#[test]
fn protected_attributes_are_recorded_and_undeclared_ones_are_not() {
    let project = Project::new();
    let server = Server::start(&project);
    let row = json!({
        "amount": 10.25, "account_days": 4, "channel": "phone", "sex": "x",
        "memo": "paid to a person", "card_number": "4111 1111 1111 1111",
    });
    server.predict(&[row]).expect(200);
    let recorded = export(&project);
    let input = json!({
        "amount": 10.25, "account_days": 4, "channel": "phone", "sex": "x",
        "rating": null, "card": null,
    });
    assert_eq!(recorded[0].input, input);
    let segments = project.segments().into_iter().map(|path| std::fs::read(path).unwrap());
    let bytes = segments.flatten().collect::<Vec<_>>();
    let holds = |text: &str| bytes.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds("account_days"));
    assert!(!holds("paid to a person") && !holds("4111 1111"), "on the disk, that is");
}

#[test]
fn a_protected_attribute_does_not_change_the_answer() {
    let project = Project::new();
    let server = Server::start(&project);
    let row = &rows()[17];
    let of = |sex: &str| {
        let row = crate::project::but(row.clone(), "sex", sex);
        server.predict(&[row]).expect(200)["predictions"].clone()
    };
    assert_eq!(of("f"), of("m"));
    assert_eq!(of("f"), of("something else"));
}

#[test]
fn one_decision_is_found_by_its_id() {
    let project = Project::new();
    let server = Server::start(&project);
    let answer = server.predict(&rows()[..3]).expect(200);
    let id = answer["decision_ids"][1].as_str().unwrap();
    let show = format!("ledger show {id} --state STATE --json");
    let while_it_runs = project.run(&show);
    while_it_runs.expect(0);
    server.terminate();
    let afterwards = project.run(&show);
    assert_eq!(while_it_runs.json(), afterwards.json());
    let payload = &afterwards.json()["payload"];
    assert_eq!(payload["input"], declared(&rows()[1]));
    assert_eq!(payload["output"]["prediction"], answer["predictions"][1]);

    let unknown = project.run("ledger show 0197b2c3-1c1e-7c3a-9a51-2f6c8a1d4e5f --state STATE");
    assert_ne!(unknown.code, Some(0));
    let tail = project.run("ledger tail -n 2 --state STATE --json");
    let newest: Vec<Value> =
        tail.expect(0).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(newest.len(), 2);
    assert_eq!(newest[1]["id"], answer["decision_ids"][2]);
}
