//! What was decided, in pages.

use shipworthy_core::DecisionId;
use shipworthy_ledger::commit;

use super::*;

fn sequences(reply: &Reply) -> Vec<u64> {
    let page = reply.json();
    let entries = page["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn pages_follow_one_another() {
    let bench = Bench::new();
    bench.append(5);
    bench.commit();
    let mut from = 0;
    let mut seen = Vec::new();
    loop {
        let reply = bench.get(&format!("/v1/ledger/entries?from={from}&limit=2")).await;
        seen.extend(sequences(&reply));
        let page = reply.json();
        assert_eq!(page["end"], 5);
        from = page["next"].as_u64().unwrap();
        if from == 5 {
            break;
        }
    }
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    let last = bench.get("/v1/ledger/entries?last=2").await;
    assert_eq!(sequences(&last), [3, 4]);
    assert_eq!(last.json()["next"], 5);
    let behind = bench.get("/v1/ledger/entries?from=9").await;
    assert_eq!(behind.json(), json!({"entries": [], "next": 5, "end": 5}));
    let none = bench.get("/v1/ledger/entries?from=2&limit=0").await;
    assert_eq!(none.json(), json!({"entries": [], "next": 2, "end": 5}));
}

#[tokio::test]
async fn only_what_is_durable_is_shown() {
    let bench = Bench::new();
    bench.append(2);
    bench.commit();
    bench.append(3);
    assert_eq!(sequences(&bench.get("/v1/ledger/entries").await), [0, 1]);
    let id = DecisionId::from_bytes([2; 16]);
    let path = format!("/v1/ledger/entries/{id}");
    let missing = bench.get(&path).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(missing.code(), "no_such_entry");
    bench.commit();
    assert_eq!(sequences(&bench.get("/v1/ledger/entries").await), [0, 1, 2, 3, 4]);
    assert_eq!(bench.get(&path).await.json()["payload"], json!({"number": 2}));
}

#[tokio::test]
async fn an_entry_carries_what_its_commitment_is_made_of() {
    let bench = Bench::new();
    let payload = r#"{ "b" : 1.50, "a":"ä" }"#;
    let record = Record {
        kind: Kind::REFUSAL,
        id: [3; 16],
        salt: [4; 16],
        payload: payload.as_bytes().to_vec(),
    };
    drop(bench.plane.ports.ledger.try_append(&[record]).unwrap());
    bench.commit();
    let reply = bench.get("/v1/ledger/entries/03030303-0303-0303-0303-030303030303").await;
    assert!(reply.text.contains(payload), "byte for byte: {}", reply.text);
    let entry = reply.json();
    assert_eq!(entry["kind"], "refusal");
    assert_eq!(entry["salt"], "04".repeat(16));
    let expected = commit(Kind::REFUSAL, &[3; 16], &[4; 16], payload.as_bytes());
    assert_eq!(entry["commitment"], hex::encode(expected));
}

#[tokio::test]
async fn what_is_no_json_is_shown_in_hexadecimal() {
    let bench = Bench::new();
    for payload in [&b"plain"[..], &[0xff, 0x00]] {
        let payload = payload.to_vec();
        let record = Record { kind: Kind(77), id: [3; 16], salt: [4; 16], payload };
        drop(bench.plane.ports.ledger.try_append(&[record]).unwrap());
    }
    bench.commit();
    let page = bench.get("/v1/ledger/entries").await.json();
    assert_eq!(page["entries"][0]["payload"], "706c61696e");
    assert_eq!(page["entries"][1]["payload"], "ff00");
    assert_eq!(page["entries"][1]["kind"], "kind 77");
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    let bench = Bench::new();
    for query in ["limit=10001", "last=10001", "last=1&from=0", "from=-1", "from=x", "page=2"] {
        let reply = bench.get(&format!("/v1/ledger/entries?{query}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(reply.code(), "bad_request", "{query}");
    }
    assert_eq!(bench.get("/v1/ledger/entries/42").await.code(), "bad_request");
}

#[tokio::test]
async fn a_page_ends_before_it_grows_too_long() {
    let bench = Bench::new();
    for number in 0..4 {
        let payload = json!("x".repeat(3 << 20)).to_string().into_bytes();
        let record = Record { kind: Kind::DECISION, id: [number; 16], salt: [9; 16], payload };
        drop(bench.plane.ports.ledger.try_append(&[record]).unwrap());
        bench.commit();
    }
    let reply = bench.get("/v1/ledger/entries").await;
    assert_eq!(sequences(&reply), [0, 1, 2]);
    assert_eq!(reply.json()["next"], 3);
}
