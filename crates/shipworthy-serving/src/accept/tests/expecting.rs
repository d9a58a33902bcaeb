//! What is expected of rows and of answers, at the doors of a server.

use shipworthy_contract::{Default, Door};

use super::*;
use crate::Counter;

fn expect(at: Door, column: &str, bounds: &Value, on_violation: OnViolation) -> RowExpectation {
    let mut kwargs = bounds.as_object().unwrap().clone();
    kwargs.insert("column".to_owned(), column.into());
    let name = "ExpectColumnValuesToBeBetween".to_owned();
    RowExpectation { at, name, kwargs, on_violation, default: None }
}

/// A server whose model always answers 0.75, or 0.75 of each of three classes.
fn bench(task: Task, expectations: Vec<RowExpectation>) -> Bench {
    let model = Constant::new(if task == Task::Multiclass { 3 } else { 1 });
    let release = model.release_expecting(1, task, expectations);
    Bench::new(Endpoint::new(NAME, release, policy(None)))
}

#[tokio::test]
async fn a_row_that_is_not_as_expected_gets_no_answer() {
    let far = json!({"max_value": 5_000});
    let bench =
        bench(Task::Binary, vec![expect(Door::Request, "distance", &far, OnViolation::Reject)]);
    bench.predict(&[], &[5_000.0]).await.expect(200);
    let refused = bench.predict(&[], &[1.0, 5_001.0]).await.expect(422);
    assert_eq!(
        refused.body["violations"],
        json!([{
            "row": 1, "column": "distance", "rule": "ExpectColumnValuesToBeBetween",
            "value": 5001.0,
            "hint": "send a value of at most 5000",
        }])
    );
    assert_eq!(bench.recorded().last().unwrap().status.name(), "refused");
}

#[tokio::test]
async fn an_answer_that_is_not_as_expected_is_recorded_and_not_given() {
    let low = json!({"max_value": 0.5});
    for (on_violation, status, counter) in [
        (OnViolation::Reject, "refused", Counter::RefusedRows),
        (OnViolation::Quarantine, "quarantined", Counter::QuarantinedRows),
    ] {
        let bench =
            bench(Task::Binary, vec![expect(Door::ModelOutput, "prediction", &low, on_violation)]);
        let reply = bench.predict(&[], &[1.0, 2.0]).await.expect(500);
        assert_eq!(reply.body["code"], "answer_withheld");
        assert_eq!(
            reply.body["error"],
            "2 answers of the model are not as expected of it; no row was answered"
        );
        assert_eq!(reply.body["violations"][1]["value"], 0.75);
        let hint = "expected was a value of at most 0.5";
        assert_eq!(reply.body["violations"][1]["hint"], hint);
        assert_eq!(reply.body["decision_ids"].as_array().unwrap().len(), 2);
        let recorded = bench.recorded();
        assert_eq!(recorded.len(), 2);
        assert!(recorded.iter().all(|row| row.status.name() == status));
        let counts = bench.serving.counters().snapshot();
        assert_eq!((counts.get(Counter::WithheldRows), counts.get(counter)), (2, 0));
        let plan = bench.serving.plan();
        let sample = plan.endpoints[NAME].stable.tally.sample();
        assert_eq!((sample.failed, sample.refused), (2, 0), "it is the model's fault");

        let (headers, _) = bench.infer_grpc(&[], &[1.0]).await;
        assert_eq!(headers["grpc-status"], "13");
    }
}

#[tokio::test]
async fn a_default_stands_in_for_an_answer_and_decides() {
    let mended = RowExpectation {
        default: Some(Default::Float(0.1)),
        ..expect(Door::ModelOutput, "prediction", &json!({"max_value": 0.5}), OnViolation::Default)
    };
    let bench = bench(Task::Binary, vec![mended]);
    let reply = bench.predict(&[], &[1.0]).await.expect(200);
    assert_eq!(reply.body["predictions"], json!([0.1]));
    assert_eq!(reply.body["decisions"], json!(["not_late"]));
    assert_eq!(reply.body["flags"][0]["value"], 0.75);
    let output: Value = serde_json::from_str(bench.recorded()[0].output.get()).unwrap();
    assert_eq!((&output["prediction"], &output["flags"][0]["row"]), (&json!(0.1), &json!(0)));
}

#[tokio::test]
async fn a_class_is_expected_something_of_by_its_name() {
    let low = json!({"max_value": 0.5});
    let bench = bench(
        Task::Multiclass,
        vec![expect(Door::ModelOutput, "on_time", &low, OnViolation::Flag)],
    );
    let reply = bench.predict(&[], &[1.0]).await.expect(200);
    assert_eq!(reply.body["predictions"], json!([[0.75, 0.75, 0.75]]));
    assert_eq!(reply.body["flags"].as_array().unwrap().len(), 1);
    assert_eq!(reply.body["flags"][0]["column"], "on_time");
}

#[test]
fn an_expectation_of_an_answer_that_there_is_not_is_refused() {
    let model = Constant::new(1);
    let output = Output { task: Task::Regression, target: "delay".to_owned(), classes: vec![] };
    let low = json!({"max_value": 0.5});
    let expectations = vec![expect(Door::ModelOutput, "late", &low, OnViolation::Flag)];
    let contract = Contract { expectations, ..Contract::default() };
    let file = ModelFile::Matrix(Arc::clone(&model) as Arc<dyn Model>);
    let id = ReleaseId::from_sha256(&[1; 32]);
    let error = LoadedRelease::new(id, None, output, contract, &file).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("the data has no column `late`"), "{source}");
}
