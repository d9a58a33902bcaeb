//! The kill switch: no model is asked, and every row is recorded all the same.

use std::pin::pin;
use std::task::{Context, Waker};

use shipworthy_core::routing::Salt;
use shipworthy_ledger::Kind;

use super::*;
use crate::{Candidate, Counter, Deployed};

/// A stopped endpoint, and the model that must not be asked.
fn stopped(task: Task, safe_answer: Option<&str>) -> (Endpoint, Arc<Constant>) {
    let model = Constant::new(if task == Task::Multiclass { 3 } else { 1 });
    let endpoint = Endpoint::new(NAME, model.release(1, task), policy(safe_answer));
    (Endpoint { is_stopped: true, ..endpoint }, model)
}

fn release() -> String {
    ReleaseId::from_sha256(&[1; 32]).to_string()
}

fn inputs(distances: &[f64]) -> Value {
    json!({"inputs": [{
        "name": "distance", "datatype": "FP64", "shape": [distances.len()], "data": distances,
    }]})
}

#[tokio::test]
async fn the_safe_answer_is_given_and_recorded_and_no_model_is_asked() {
    let (endpoint, model) = stopped(Task::Binary, Some("not_late"));
    let tally = Arc::clone(&endpoint.stable.tally);
    let bench = Bench::new(endpoint);
    let before = model.asked();
    // The second row breaks the contract.
    let reply = bench.predict(&[], &[100.0, -1.0]).await.expect(200);
    assert_eq!(reply.header("x-shipworthy-stopped"), Some("true"));
    assert_eq!(reply.header("x-shipworthy-release"), Some(&*release()));
    assert_eq!(reply.body["predictions"], json!([null, null]));
    assert_eq!(reply.body["decisions"], json!(["not_late", "not_late"]));
    assert_eq!(reply.body["stopped"], true);
    assert_eq!(model.asked(), before);

    let recorded = bench.recorded();
    assert_eq!(recorded.len(), 2);
    for (row, distance) in recorded.iter().zip(["100.0", "-1.0"]) {
        assert_eq!(row.status.name(), "stopped");
        assert_eq!(row.status.kind(), Kind::DECISION);
        assert_eq!((&*row.slot, &*row.release), ("stable", &*release()));
        assert_eq!(row.input.get(), format!(r#"{{"distance":{distance}}}"#));
        assert_eq!(row.output.get(), r#"{"prediction":null,"decision":"not_late"}"#);
    }
    let counts = bench.serving.counters().snapshot();
    assert_eq!(counts.get(Counter::StoppedRows), 2);
    assert_eq!(counts.get(Counter::AnsweredRows) + counts.get(Counter::RefusedRows), 0);
    assert_eq!((tally.sample().answered, tally.sample().refused), (0, 0));
}

#[tokio::test]
async fn the_other_protocols_say_it_in_their_words() {
    let bench = Bench::new(stopped(Task::Multiclass, Some("on_time")).0);
    let v2 = bench.post(&format!("/v2/models/{NAME}/infer"), &[], &inputs(&[1.0])).await;
    let v2 = v2.expect(200);
    assert_eq!(v2.body["parameters"]["stopped"], true);
    assert_eq!(v2.body["outputs"][0]["data"], json!([null, null, null]));
    assert_eq!(v2.body["outputs"][1]["data"], json!(["on_time"]));
    let rows = json!({"dataframe_records": [{"distance": 1.0}, {"distance": 2.0}]});
    let mlflow = bench.post("/invocations", &[], &rows).await.expect(200);
    assert_eq!(mlflow.body, json!({"predictions": [null, null]}));
    assert_eq!(mlflow.header("x-shipworthy-stopped"), Some("true"));

    let (headers, message) = bench.infer_grpc(&[], &[1.0]).await;
    assert_eq!(headers["x-shipworthy-stopped"], "true");
    // Answers have their parameters and outputs where requests have parameters and inputs.
    let answer = messages::Request::decode(message).unwrap();
    let yes = messages::Parameter { choice: Some(messages::Choice::Bool(true)) };
    assert_eq!(answer.parameters["stopped"], yes);
    let contents = |at: usize| answer.inputs[at].contents.clone().unwrap();
    let predictions = contents(0).fp64_contents;
    assert!(predictions.len() == 3 && predictions.iter().all(|value| value.is_nan()));
    assert_eq!(contents(1).bytes_contents, [b"on_time"]);
}

#[tokio::test]
async fn without_a_safe_answer_none_is_given_and_that_is_recorded() {
    let model = Constant::new(1);
    let bare = ModelFile::Matrix(Arc::clone(&model) as Arc<dyn Model>);
    let bare = LoadedRelease::bare(ReleaseId::from_sha256(&[1; 32]), &bare).unwrap();
    let bare = Endpoint::new(NAME, Arc::new(bare), policy(Some("late")));
    for endpoint in [
        stopped(Task::Binary, None).0,
        stopped(Task::Binary, Some("a class of another release")).0,
        stopped(Task::Regression, None).0,
        Endpoint { is_stopped: true, ..bare },
    ] {
        let bench = Bench::new(endpoint);
        let reply = bench.predict(&[], &[1.0, 2.0]).await.expect(503);
        assert_eq!(reply.body["code"], "stopped");
        assert_eq!(reply.body["error"], "`flight-delay` is stopped by an operator");
        let hint = reply.body["hint"].as_str().unwrap();
        assert!(hint.contains("`shipworthy resume flight-delay`"), "{hint}");
        assert_eq!(reply.body["release"], release());
        assert!(reply.body.get("violations").is_none());
        assert_eq!(
            (reply.header("retry-after"), reply.header("x-shipworthy-stopped")),
            (None, Some("true"))
        );
        let ids = reply.body["decision_ids"].as_array().unwrap();
        let ids = ids.iter().map(|id| id.as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(reply.header("x-shipworthy-decision-ids"), Some(&*ids.join(",")));
        let recorded = bench.recorded();
        assert_eq!(recorded.len(), 2);
        assert!(recorded.iter().all(|row| row.output.get() == r#"{"prediction":null}"#));
        let counts = bench.serving.counters().snapshot();
        assert_eq!(counts.get(Counter::StoppedRows), 2);
        assert_eq!(counts.get(Counter::FailedRequests), 0);

        let (headers, message) = bench.infer_grpc(&[], &[1.0]).await;
        assert_eq!(
            (&*message, &headers["grpc-status"]),
            (&b""[..], &HeaderValue::from_static("14"))
        );
        assert!(headers["grpc-message"].to_str().unwrap().contains("shipworthy resume"));
        assert!(headers.contains_key("x-shipworthy-decision-ids"));
        assert!(!headers.contains_key("grpc-retry-pushback-ms"));
    }
}

#[tokio::test]
async fn the_record_is_durable_before_the_answer() {
    let bench = Bench::new(stopped(Task::Binary, Some("not_late")).0);
    let body = json!({"instances": [{"distance": 1.0}]}).to_string();
    let path = format!("/v1/models/{NAME}:predict");
    let request = request(&path, &[], "application/json", body.into());
    let mut answer = pin!(router(Arc::clone(&bench.serving), bench.doorkeeper()).oneshot(request));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(answer.as_mut().poll(&mut context).is_pending());
    }
    bench.commit();
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    assert_eq!(bench.recorded().len(), 1);
}

#[tokio::test]
async fn malformed_requests_are_told_so_and_not_recorded() {
    let bench = Bench::new(stopped(Task::Binary, Some("not_late")).0);
    let path = format!("/v1/models/{NAME}:predict");
    let refused = bench.post(&path, &[], &json!({"rows": []})).await.expect(400);
    assert_eq!(refused.header("x-shipworthy-stopped"), None);
    assert!(bench.recorded().is_empty());
}

#[tokio::test]
async fn no_slot_is_a_way_around_and_readiness_stays() {
    let (endpoint, stable) = stopped(Task::Binary, Some("not_late"));
    let model = Constant::new(1);
    let candidate = Candidate {
        deployed: Deployed::new(model.release(2, Task::Binary)),
        percent: 100,
        salt: Salt::new([9; 16]),
        is_shadow: true,
        paired: Arc::default(),
    };
    let bench = Bench::new(Endpoint { candidate: Some(candidate), ..endpoint });
    let before = (stable.asked(), model.asked());
    let chooses = [("authorization", "Bearer operator"), ("x-shipworthy-slot", "candidate")];
    for headers in [&chooses[..], &[]] {
        let reply = bench.predict(headers, &[1.0]).await.expect(200);
        assert_eq!(
            (&reply.body["stopped"], &reply.body["release"]),
            (&json!(true), &json!(release()))
        );
    }
    assert_eq!((stable.asked(), model.asked()), before);
    assert!(bench.recorded().iter().all(|row| row.slot == "stable"));
    assert_eq!(bench.serving.not_ready(), None);
}
