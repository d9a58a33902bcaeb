//! Links and sessions.

use shipworthy_store::Role;

use super::super::sign_in::{LINK_LIFETIME, MAX_SESSIONS};
use super::*;

impl Bench {
    async fn follow(&self, link: &str) -> Reply {
        self.ask(&format!("GET {}", link.strip_prefix(ORIGIN).unwrap()), &[], "").await
    }

    async fn page(&self, cookie: &str) -> StatusCode {
        self.ask("GET /", &[("cookie", cookie)], "").await.status
    }
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let bench = Bench::new();
    let link = bench.plane.sign_in_link("http://127.0.0.1:8081/", &bench.stored("root"));
    let first = bench.follow(&link).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    assert_eq!(first.headers[header::LOCATION], "/");
    let cookie = first.headers[header::SET_COOKIE].to_str().unwrap();
    let (session, attributes) = cookie.split_once(';').unwrap();
    assert!(session.starts_with("shipworthy_session="));
    assert_eq!(attributes, " HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
    assert_eq!(bench.page(session).await, StatusCode::OK);

    let second = bench.follow(&link).await;
    assert_eq!(second.status, StatusCode::GONE);
    assert!(second.text.contains("shipworthy token sign-in"));
    assert!(!second.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn a_link_expires() {
    let bench = Bench::new();
    let link = bench.plane.sign_in_link(ORIGIN, &bench.stored("root"));
    bench.clock.advance(LINK_LIFETIME);
    assert_eq!(bench.follow(&link).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_code_that_was_made_up_signs_nobody_in() {
    let bench = Bench::new();
    let _real = bench.plane.sign_in_link(ORIGIN, &bench.stored("root"));
    for path in ["/login", "/login?code=", "/login?code=ab", "/login?other=1"] {
        let reply = bench.ask(&format!("GET {path}"), &[], "").await;
        assert_eq!(reply.status, StatusCode::GONE, "{path}");
    }
    let guessed = format!("GET /login?code={}", "00".repeat(32));
    assert_eq!(bench.ask(&guessed, &[], "").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn looking_ahead_does_not_use_a_link_up() {
    let bench = Bench::new();
    let link = bench.plane.sign_in_link(ORIGIN, &bench.stored("root"));
    let line = format!("HEAD {}", link.strip_prefix(ORIGIN).unwrap());
    assert_eq!(bench.ask(&line, &[], "").await.status, StatusCode::GONE);
    assert_eq!(bench.follow(&link).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_fresh_link_signs_in_as_who_asked_for_it() {
    let bench = Bench::new();
    let ana = bench.token("ana", Role::Operator);
    let made = bench.with(&ana, "POST /v1/sign-in-links", &Value::Null).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let reply = bench.follow(made.json()["link"].as_str().unwrap()).await;
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
    let session = cookie.split(';').next().unwrap();
    let page = bench.ask("GET /", &[("cookie", session)], "").await;
    assert!(page.text.contains("<strong>ana</strong>"), "{}", page.text);
}

#[tokio::test]
async fn a_session_ends_after_its_time_and_with_its_token() {
    let bench = Bench::new();
    bench.token("ana", Role::Operator);
    let session = bench.browser("ana").await;
    bench.clock.advance(Duration::from_secs(12 * 60 * 60 - 1));
    assert_eq!(bench.page(&session).await, StatusCode::OK);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.page(&session).await, StatusCode::UNAUTHORIZED);

    let session = bench.browser("ana").await;
    let unused = bench.plane.sign_in_link(ORIGIN, &bench.stored("ana"));
    let revoked = bench.operate("POST /v1/tokens/ana:revoke", &json!({"reason": "left"})).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text);
    assert_eq!(bench.page(&session).await, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.follow(&unused).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_session_ends_when_its_token_was_revoked_elsewhere() {
    let bench = Bench::new();
    bench.token("ana", Role::Operator);
    let session = bench.browser("ana").await;
    let by = Attribution::new("root", "left", Timestamp::from_millis(0)).unwrap();
    bench.plane.ports.store.revoke_token("ana", &by).unwrap();
    assert_eq!(bench.page(&session).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_browser_too_many_signs_the_oldest_out() {
    let bench = Bench::new();
    let oldest = bench.browser("root").await;
    let second = bench.browser("root").await;
    for _ in 0..MAX_SESSIONS - 1 {
        bench.browser("root").await;
    }
    assert_eq!(bench.page(&oldest).await, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.page(&second).await, StatusCode::OK);
}

#[tokio::test]
async fn a_session_acts_from_this_servers_pages_only() {
    let bench = Bench::new();
    let session = bench.browser("root").await;
    let body = json!({"reason": "a test"}).to_string();
    let foreign = ["http://127.0.0.1:3000", "https://evil.example", "null"];
    for origin in foreign {
        let headers = [("cookie", session.as_str()), ("origin", origin)];
        let reply = bench.ask("POST /v1/reload", &headers, body.clone()).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{origin}");
        assert_eq!(reply.code(), "cross_origin");
    }
    let headers = [("cookie", session.as_str())];
    assert_eq!(bench.ask("POST /v1/reload", &headers, body.clone()).await.code(), "cross_origin");
    let headers = [("cookie", session.as_str()), ("origin", ORIGIN)];
    assert_eq!(bench.ask("POST /v1/reload", &headers, body).await.status, StatusCode::OK);
    assert_eq!(bench.ask("GET /v1/status", &[("cookie", &session)], "").await.status, 200);
}
