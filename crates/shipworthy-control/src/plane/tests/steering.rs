//! Actions, and the events that they leave.

use shipworthy_store::Role;

use super::*;

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let bench = Bench::new();
    let asked = json!({"name": "ci", "role": "auditor", "reason": "the nightly report"});
    let created = bench.operate("POST /v1/tokens", &asked).await;
    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(created.json()["name"], "ci");
    assert_eq!(created.json()["role"], "auditor");
    let secret = created.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(bench.with(&secret, "GET /v1/status", &Value::Null).await.status, 200);

    let listed = bench.get("/v1/tokens").await;
    assert!(!listed.text.contains("secret") && !listed.text.contains(&secret[4..]));
    assert_eq!(listed.json()["tokens"][1]["name"], "ci");
    assert_eq!(listed.json()["tokens"][1]["revoked_at"], Value::Null);

    assert_eq!(bench.operate("POST /v1/tokens", &asked).await.code(), "token_name_taken");
    let why = json!({"reason": "leaked"});
    let revoked = bench.operate("POST /v1/tokens/ci:revoke", &why).await;
    assert_eq!(revoked.json()["revoked_at"], "2023-11-14T22:13:20Z");
    assert_eq!(bench.with(&secret, "GET /v1/status", &Value::Null).await.status, 401);
    assert_eq!(bench.operate("POST /v1/tokens/ci:revoke", &why).await.code(), "no_such_token");
}

#[tokio::test]
async fn the_actor_is_who_asked_and_the_reason_is_kept() {
    let bench = Bench::new();
    let ana = bench.token("ana", Role::Operator);
    let asked = json!({"name": "app", "role": "caller", "reason": "the booking site"});
    assert_eq!(bench.with(&ana, "POST /v1/tokens", &asked).await.status, StatusCode::CREATED);
    let all = bench.get("/v1/events").await.json();
    assert_eq!(all["events"].as_array().unwrap().len(), 3);
    let after = all["events"][1]["id"].as_i64().unwrap();
    let page = bench.get(&format!("/v1/events?after={after}&limit=1")).await.json();
    let event = &page["events"][0];
    assert_eq!(event["actor"], "ana");
    assert_eq!(event["reason"], "the booking site");
    assert_eq!(event["kind"], "token.created");
    assert_eq!(event["subject"], "app");
    assert_eq!(event["body"]["role"], "caller");
    assert_eq!(page["next"], event["id"]);
    let done = bench.get(&format!("/v1/events?after={}", event["id"])).await.json();
    assert_eq!(done, json!({"events": [], "next": event["id"]}));
}

#[tokio::test]
async fn no_action_goes_without_a_reason() {
    let bench = Bench::new();
    for reason in ["", "  \n", &"x".repeat(2_001)] {
        let reply = bench.operate("POST /v1/reload", &json!({"reason": reason})).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.code(), "bad_request");
    }
}

#[tokio::test]
async fn names_and_roles_that_cannot_be_are_refused() {
    let bench = Bench::new();
    for (name, role) in [("a b", "caller"), ("", "caller"), ("ci", "root")] {
        let asked = json!({"name": name, "role": role, "reason": "a test"});
        let reply = bench.operate("POST /v1/tokens", &asked).await;
        assert_eq!(reply.code(), "bad_request", "{name} {role}");
    }
}

#[tokio::test]
async fn the_last_operator_stays() {
    let bench = Bench::new();
    let why = json!({"reason": "a test"});
    let reply = bench.operate("POST /v1/tokens/root:revoke", &why).await;
    assert_eq!(reply.status, StatusCode::CONFLICT);
    assert_eq!(reply.code(), "last_operator");
    bench.token("ana", Role::Operator);
    assert_eq!(bench.operate("POST /v1/tokens/root:revoke", &why).await.status, 200);
}

#[tokio::test]
async fn a_configuration_that_is_refused_says_what_to_do() {
    let bench = Bench::new();
    let taken = bench.operate("POST /v1/reload", &json!({"reason": "a threshold"})).await;
    assert_eq!(taken.json(), json!({"changed": ["decision"]}));
    let refused = bench.operate("POST /v1/reload", &json!({"reason": "broken"})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let expected = json!({
        "error": "line 3: unknown field `treshold`",
        "code": "reload_refused",
        "hint": "did you mean `threshold`?",
    });
    assert_eq!(refused.json(), expected);
}
