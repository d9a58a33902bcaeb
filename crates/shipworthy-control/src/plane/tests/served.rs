//! A release to show: a model that always answers the same.

use std::sync::OnceLock;

use shipworthy_contract::{ColumnRules, Contract, OnViolation, Role};
use shipworthy_core::{Output, Policy, ReleaseId, Task};
use shipworthy_models::{Description, FeatureMatrix, Model, ModelFile, Predictions, Transform};
use shipworthy_rows::DataType;
use shipworthy_serving::Endpoint;
use shipworthy_serving::release::LoadedRelease;
use shipworthy_store::{EndpointName, NewRelease, Reproducibility};

use super::*;

#[derive(Debug)]
struct Always;

impl Model for Always {
    fn describe(&self) -> &Description {
        static DESCRIPTION: OnceLock<Description> = OnceLock::new();
        DESCRIPTION.get_or_init(|| Description {
            format: "constant",
            objective: "none".to_owned(),
            transform: Transform::Identity,
            features: Vec::new(),
            outputs: 1,
            trees: 0,
            trees_in_file: 0,
        })
    }

    fn predict(
        &self,
        features: &FeatureMatrix,
        out: &mut Predictions,
    ) -> Result<(), shipworthy_models::Error> {
        out.reset(features.rows(), 1, 1);
        let (_, predictions) = out.transform_mut();
        predictions.fill(1.5);
        Ok(())
    }
}

impl Bench {
    /// Puts a release at `flight-delay`, after another one.
    fn serve(&self) {
        let (first, second) = (ReleaseId::from_sha256(&[1; 32]), ReleaseId::from_sha256(&[2; 32]));
        let store = &self.plane.ports.store;
        let by = Attribution::new("root", "a test", Timestamp::from_millis(0)).unwrap();
        let name = EndpointName::parse("flight-delay").unwrap();
        for (id, commit) in [(&first, "0ddba11"), (&second, "c0ffee0123456789")] {
            let manifest = json!({"commit": commit}).to_string();
            let new = NewRelease::new(id.clone(), &manifest, Reproducibility::Reproducible);
            store.insert_release(&new.unwrap(), &by).unwrap();
            store.set_stable(&name, id, &by).unwrap();
        }
        let mut plan = nothing_served();
        let policy = Policy { threshold: 0.5, safe_answer: None };
        let stable = Arc::new(loaded(second));
        let endpoint = Endpoint::new(name.as_str(), stable, policy);
        plan.endpoints.insert(name.to_string(), endpoint);
        self.plane.ports.serving.set_plan(plan);
    }
}

fn loaded(id: ReleaseId) -> LoadedRelease {
    let output = Output { task: Task::Regression, target: "delay".to_owned(), classes: Vec::new() };
    let column = ColumnRules {
        name: "note".to_owned(),
        data_type: DataType::String,
        width: 1,
        role: Role::Context,
        required: false,
        min: None,
        max: None,
        one_of: None,
        categories: None,
        on_violation: OnViolation::Flag,
        default: None,
    };
    let contract = Contract::new(vec![column]);
    let commit = Some("c0ffee0123456789".to_owned());
    let model = ModelFile::Matrix(Arc::new(Always));
    LoadedRelease::new(id, commit, output, contract, &model).unwrap()
}

#[tokio::test]
async fn what_is_counted_is_told_to_prometheus() {
    let bench = Bench::new();
    bench.serve();
    bench.append(3);
    bench.commit();
    let answer = bench.get("/metrics").await;
    assert!(answer.text.starts_with("# TYPE shipworthy_build_info gauge\n"), "{}", answer.text);
    for line in ["ready 1", "ledger_entries_total 3", "answered_rows_total 0"] {
        let line = format!("\nshipworthy_{line}\n");
        assert!(answer.text.contains(&line), "no {line} in {}", answer.text);
    }
}

#[tokio::test]
async fn the_status_says_what_serves() {
    let bench = Bench::new();
    let starting = bench.get("/v1/status").await.json();
    assert_eq!(starting["ready"], false);
    assert_eq!(starting["not_ready"], "the server is starting");
    assert_eq!(starting["endpoints"], json!([]));

    bench.serve();
    bench.append(3);
    bench.commit();
    let status = bench.get("/v1/status").await.json();
    assert_eq!(status["ready"], true);
    assert_eq!(status["not_ready"], Value::Null);
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["ledger"], json!({"entries": 3, "healthy": true, "failure": null}));
    assert_eq!(status["counters"]["answered_rows"], 0);
    let slot = |byte: &str, commit: &str, weight: u8| {
        json!({"release": format!("sha256:{}", byte.repeat(32)), "commit": commit,
               "weight": weight})
    };
    let slots = json!({
        "stable": slot("02", "c0ffee0123456789", 100),
        "candidate": null,
        "previous": slot("01", "0ddba11", 0),
    });
    assert_eq!(status["endpoints"], json!([{"name": "flight-delay", "slots": slots}]));
}

#[tokio::test]
async fn a_ledger_that_takes_no_more_is_said_everywhere() {
    let bench = Bench::new();
    bench.serve();
    drop(bench.writer.lock().unwrap().take());
    let status = bench.get("/v1/status").await.json();
    assert_eq!(status["ready"], false);
    assert_eq!(status["ledger"]["healthy"], false);
    let checklist = bench.get("/v1/checklist").await.json();
    let items = checklist["items"].as_array().unwrap();
    let audit = items.iter().find(|item| item["id"] == "audit").unwrap();
    assert_eq!(audit["state"], "failing");
    let page = bench.get("/").await;
    assert!(page.text.contains("takes no records"), "{}", page.text);
}

#[tokio::test]
async fn the_page_shows_releases_and_the_checklist() {
    let bench = Bench::new();
    bench.serve();
    let page = bench.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    for shown in
        ["flight-delay", "sha256:020202020202", "c0ffee012345<", "100 %", "Governance", "1 of 17"]
    {
        assert!(page.text.contains(shown), "{shown} is not in {}", page.text);
    }
}

#[tokio::test]
async fn a_release_is_read_and_what_is_done_to_it_is_posted() {
    let bench = Bench::new();
    bench.serve_a_release();
    let id = format!("sha256:{}", "05".repeat(32));
    for (line, allowed) in [
        (format!("POST /v1/releases/{id}"), "GET,HEAD"),
        ("POST /v1/releases/delay@stable".to_owned(), "GET,HEAD"),
        (format!("GET /v1/releases/{id}:hold"), "POST"),
        (format!("PUT /v1/releases/{id}:hold"), "POST"),
        (format!("DELETE /v1/releases/{id}"), "GET,HEAD"),
    ] {
        let reply = bench.operate(&line, &json!({"reason": "a test"})).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{line}");
        assert_eq!(reply.headers[header::ALLOW], allowed, "{line}");
    }
    let none = bench.get("/v1/releases/delay@candidate/archive").await;
    assert_eq!((none.status, none.code().as_str()), (StatusCode::NOT_FOUND, "no_such_release"));
    let bless = bench.operate("POST /v1/releases/delay:bless", &json!({"reason": "x"})).await;
    assert_eq!(bless.code(), "unknown_route");
}
