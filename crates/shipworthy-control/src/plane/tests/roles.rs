//! Who may do what: every route with every role.

use shipworthy_store::Role;

use super::*;

/// Every route, a body that it takes, and what it answers those who may.
fn routes() -> Vec<(&'static str, Value, StatusCode)> {
    let why = json!({"reason": "a test"});
    vec![
        ("GET /openapi.json", Value::Null, StatusCode::OK),
        ("GET /v1/status", Value::Null, StatusCode::OK),
        ("GET /v1/checklist", Value::Null, StatusCode::OK),
        ("GET /metrics", Value::Null, StatusCode::OK),
        ("GET /v1/tokens", Value::Null, StatusCode::OK),
        ("GET /v1/ledger/entries", Value::Null, StatusCode::OK),
        (
            "GET /v1/ledger/entries/00000000-0000-0000-0000-000000000000",
            Value::Null,
            StatusCode::OK,
        ),
        ("GET /v1/events", Value::Null, StatusCode::OK),
        ("POST /v1/reload", why.clone(), StatusCode::OK),
        (
            "POST /v1/tokens",
            json!({"name": "new", "role": "caller", "reason": "a test"}),
            StatusCode::CREATED,
        ),
        ("POST /v1/tokens/spare:revoke", why.clone(), StatusCode::OK),
        ("POST /v1/releases/delay@stable:hold", why.clone(), StatusCode::OK),
        ("POST /v1/releases/delay@stable:free", why.clone(), StatusCode::OK),
        (
            "POST /v1/releases/delay@stable:attest",
            json!({"type": "a:b", "predicate": {}, "reason": "a test"}),
            StatusCode::OK,
        ),
        ("GET /v1/releases/delay@stable", Value::Null, StatusCode::CONFLICT),
        ("GET /v1/releases/delay@stable/archive", Value::Null, StatusCode::CONFLICT),
        // May be asked for; what is wrong with the release is another matter.
        ("POST /v1/releases/delay@stable:approve", why, StatusCode::CONFLICT),
        ("POST /v1/sign-in-links", Value::Null, StatusCode::CREATED),
    ]
}

fn may(role: Role, line: &str) -> bool {
    match role {
        Role::Approver if line.ends_with(":approve") => true,
        Role::Operator => !line.ends_with(":approve"),
        Role::Approver | Role::Auditor => is_get(line),
        Role::Caller => false,
    }
}

#[tokio::test]
async fn each_role_may_exactly_what_the_table_says() {
    for role in Role::ALL {
        for (line, body, answered) in routes() {
            let bench = Bench::new();
            bench.token("spare", Role::Caller);
            bench.serve_a_release();
            bench.append(1);
            bench.commit();
            let secret = bench.token("someone", role);
            let reply = bench.with(&secret, line, &body).await;
            if may(role, line) {
                assert_eq!(reply.status, answered, "{role} {line}: {}", reply.text);
            } else {
                assert_eq!(reply.status, StatusCode::FORBIDDEN, "{role} {line}");
                assert_eq!(reply.code(), "forbidden");
            }
        }
    }
}

#[tokio::test]
async fn nobody_comes_in_without_a_living_token() {
    let bench = Bench::new();
    let revoked = bench.token("gone", Role::Operator);
    let why = json!({"reason": "left"});
    assert_eq!(bench.operate("POST /v1/tokens/gone:revoke", &why).await.status, StatusCode::OK);
    let unknown = format!("Bearer swt_{}", "ab".repeat(32));
    let revoked = format!("Bearer {revoked}");
    let attempts: [&[(&str, &str)]; 6] = [
        &[],
        &[("authorization", &unknown)],
        &[("authorization", &revoked)],
        &[("authorization", "Basic cm9vdDpyb290")],
        &[("authorization", "Bearer")],
        &[("cookie", "shipworthy_session=abcd")],
    ];
    for (line, body, _) in routes() {
        for headers in attempts {
            let reply = bench.ask(line, headers, body.to_string()).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{line} {headers:?}");
            assert_eq!(reply.code(), "unauthenticated");
            assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
        }
    }
}

#[tokio::test]
async fn a_caller_who_may_not_look_gets_no_page() {
    let bench = Bench::new();
    let secret = bench.token("client", Role::Caller);
    let reply = bench.with(&secret, "GET /", &Value::Null).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.text.contains("role `caller`"), "{}", reply.text);
}
