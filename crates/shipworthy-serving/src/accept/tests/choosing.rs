//! The header by which a tester chooses the slot that answers.

use shipworthy_core::routing::Salt;

use super::*;
use crate::{Candidate, Counter, Deployed};

const CHOOSES: [(&str, &str); 2] =
    [("authorization", "Bearer operator"), ("x-shipworthy-slot", "candidate")];

/// Release 1 is stable, release 2 has this share.
fn endpoint(percent: u8) -> Endpoint {
    let release = |byte| Constant::new(1).release(byte, Task::Binary);
    let candidate = Candidate {
        deployed: Deployed::new(release(2)),
        percent,
        salt: Salt::new([9; 16]),
        is_shadow: false,
        paired: Arc::default(),
    };
    Endpoint { candidate: Some(candidate), ..Endpoint::new(NAME, release(1), policy(None)) }
}

fn id(byte: u8) -> String {
    ReleaseId::from_sha256(&[byte; 32]).to_string()
}

#[tokio::test]
async fn a_tester_gets_the_chosen_slot_whatever_the_shares_are() {
    for (percent, slot, byte) in [(0, "candidate", 2), (100, "stable", 1)] {
        let bench = Bench::new(endpoint(percent));
        let headers = [CHOOSES[0], ("x-shipworthy-slot", slot)];
        let chosen = bench.predict(&headers, &[100.0]).await.expect(200);
        assert_eq!(chosen.body["release"], id(byte));
        let other = bench.predict(&[], &[100.0]).await.expect(200);
        assert_eq!(other.body["release"], id(3 - byte));
        let recorded = bench.recorded();
        assert_eq!((&*recorded[0].slot, &*recorded[0].release), (slot, &*id(byte)));
    }
}

#[tokio::test]
async fn every_protocol_has_the_header() {
    let bench = Bench::new(endpoint(0));
    let input = json!({"name": "distance", "datatype": "FP64", "shape": [1], "data": [9.5]});
    for (path, body) in [
        (format!("/v2/models/{NAME}/infer"), json!({"inputs": [input]})),
        ("/invocations".to_owned(), json!({"dataframe_records": [{"distance": 9.5}]})),
    ] {
        let chosen = bench.post(&path, &CHOOSES, &body).await.expect(200);
        assert_eq!(chosen.header("x-shipworthy-release"), Some(&*id(2)), "{path}");
    }
    let (headers, _) = bench.infer_grpc(&CHOOSES, &[9.5]).await;
    assert_eq!(headers["x-shipworthy-release"], *id(2));
}

#[tokio::test]
async fn to_choose_takes_an_operators_token_on_loopback_too() {
    let mut bench = Bench::new(endpoint(0));
    let choice = ("x-shipworthy-slot", "stable");
    for is_open in [true, false] {
        bench.is_open = is_open;
        for (token, status, code, grpc_status) in [
            ("stranger", 401, "unauthenticated", "16"),
            ("caller", 403, "forbidden", "7"),
            ("auditor", 403, "forbidden", "7"),
        ] {
            let headers = [("authorization", &*format!("Bearer {token}")), choice];
            let refused = bench.predict(&headers, &[1.0]).await.expect(status);
            assert_eq!(refused.body["code"], code, "{token}");
            let (headers, _) = bench.infer_grpc(&headers, &[1.0]).await;
            assert_eq!(headers["grpc-status"], grpc_status, "{token}");
        }
        bench.predict(&[CHOOSES[0], choice], &[1.0]).await.expect(200);
    }
    bench.is_open = true;
    let refused = bench.predict(&[choice], &[1.0]).await.expect(401);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    assert_eq!(refused.body["error"], "to choose the slot that answers takes an operator's token");
    assert!(refused.body["hint"].as_str().unwrap().contains("X-Shipworthy-Slot out"));
    let counts = bench.serving.counters().snapshot();
    assert_eq!(counts.get(Counter::UnauthenticatedRequests), 13);
    assert_eq!(counts.get(Counter::AnsweredRows), 2);
}

#[tokio::test]
async fn a_slot_that_does_not_answer_is_told() {
    let mut endpoint = endpoint(0);
    let bench = Bench::new(endpoint.clone());
    for wrong in ["shadow", "previous", "Candidate", ""] {
        let headers = [CHOOSES[0], ("x-shipworthy-slot", wrong)];
        let refused = bench.predict(&headers, &[1.0]).await.expect(400);
        let hint = refused.body["hint"].as_str().unwrap();
        assert!(hint.contains("`stable` or `candidate`"), "{hint}");
        let (headers, _) = bench.infer_grpc(&headers, &[1.0]).await;
        assert_eq!(headers["grpc-status"], "3");
    }
    endpoint.candidate = None;
    let refused = Bench::new(endpoint).predict(&CHOOSES, &[1.0]).await.expect(400);
    assert_eq!(refused.body["error"], "there is no candidate at `flight-delay` now");
}
