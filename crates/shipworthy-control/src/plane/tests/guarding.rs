//! What keeps others out: names, headers and bounds.

use super::super::body::MAX_BODY_BYTES;
use super::*;

#[tokio::test]
async fn a_loopback_server_answers_to_no_other_name() {
    let bench = Bench::new();
    let bearer = format!("Bearer {}", bench.operator);
    let ask = async |host: &'static str| {
        let headers = [("host", host), ("authorization", bearer.as_str())];
        bench.ask("GET /v1/status", &headers, "").await
    };
    for host in ["localhost:8081", "127.0.0.1:9000", "[::1]:8081"] {
        assert_eq!(ask(host).await.status, StatusCode::OK, "{host}");
    }
    for host in ["evil.example:8081", "127.0.0.1.evil.example", "192.168.1.5", ""] {
        let reply = ask(host).await;
        assert_eq!(reply.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        assert_eq!(reply.code(), "wrong_host");
    }
    for page in ["GET /", "GET /login", "GET /nowhere"] {
        let reply = bench.ask(page, &[("host", "evil.example")], "").await;
        assert_eq!(reply.status, StatusCode::MISDIRECTED_REQUEST, "{page}");
    }
}

#[tokio::test]
async fn every_name_in_a_request_counts() {
    let bench = Bench::new();
    let two = [("host", "127.0.0.1"), ("host", "evil.example")];
    assert_eq!(bench.ask("GET /v1/status", &two, "").await.code(), "wrong_host");
    let target = "GET http://evil.example/v1/status";
    assert_eq!(bench.ask(target, &[], "").await.code(), "wrong_host");
}

#[tokio::test]
async fn beyond_loopback_any_name_will_do() {
    let bench = Bench::new();
    let bound = "0.0.0.0:8081".parse().unwrap();
    let plane = ControlPlane::new(Ports { bound, ..bench.plane.ports.clone() });
    let request = Request::get("/v1/status").header("host", "models.example");
    let request = request.header("authorization", format!("Bearer {}", bench.operator));
    let request = request.body(Body::empty()).unwrap();
    let response = router(Arc::new(plane)).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn bodies_are_bounded() {
    let bench = Bench::new();
    let long = json!({"reason": "x".repeat(MAX_BODY_BYTES)});
    let reply = bench.operate("POST /v1/reload", &long).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reply.code(), "body_too_large");
    let unsized_body = Body::from_stream(Body::from(long.to_string()).into_data_stream());
    let bearer = format!("Bearer {}", bench.operator);
    let headers = [("authorization", bearer.as_str())];
    let reply = bench.ask("POST /v1/reload", &headers, unsized_body).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused() {
    let bench = Bench::new();
    for body in ["", "{", "[]", "{}", r#"{"reason": 1}"#, r#"{"reason": "a", "force": true}"#] {
        let bearer = format!("Bearer {}", bench.operator);
        let headers = [("authorization", bearer.as_str())];
        let reply = bench.ask("POST /v1/reload", &headers, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(reply.code(), "malformed", "{body}");
    }
}

#[tokio::test]
async fn whatever_is_answered_keeps_browsers_careful() {
    let bench = Bench::new();
    let bearer = format!("Bearer {}", bench.operator);
    let foreign = [("host", "evil.example")];
    let operator = [("authorization", bearer.as_str())];
    let requests: [(&str, &[(&str, &str)]); 7] = [
        ("GET /", &[]),
        ("GET /", &operator),
        ("GET /login", &[]),
        ("GET /v1/status", &operator),
        ("GET /v1/status", &foreign),
        ("GET /nowhere", &[]),
        ("PUT /v1/status", &[]),
    ];
    for (line, headers) in requests {
        let reply = bench.ask(line, headers, "").await;
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{line}");
        assert!(policy.contains("frame-ancestors 'none'"), "{line}");
        assert!(!policy.contains("unsafe"), "{line}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff", "{line}");
        // A form of the page is to say where it comes from.
        let has_form = line == "GET /" && reply.status == StatusCode::OK;
        let policy = if has_form { "same-origin" } else { "no-referrer" };
        assert_eq!(reply.headers["referrer-policy"], policy, "{line}");
        assert_eq!(reply.headers["x-frame-options"], "DENY", "{line}");
        assert_eq!(reply.headers["cache-control"], "no-store", "{line}");
    }
}

#[tokio::test]
async fn what_is_not_there_answers_as_everything_does() {
    let bench = Bench::new();
    let cases = [
        ("GET /nowhere", StatusCode::NOT_FOUND, "unknown_route"),
        ("GET /v1/", StatusCode::NOT_FOUND, "unknown_route"),
        ("DELETE /v1/status", StatusCode::METHOD_NOT_ALLOWED, "wrong_method"),
        ("PATCH /", StatusCode::METHOD_NOT_ALLOWED, "wrong_method"),
        ("GET /v1/endpoints/delay:stop", StatusCode::METHOD_NOT_ALLOWED, "wrong_method"),
        ("POST /v1/endpoints/delay", StatusCode::METHOD_NOT_ALLOWED, "wrong_method"),
        ("POST /v1/endpoints/delay:bless", StatusCode::NOT_FOUND, "unknown_route"),
        ("GET /v1/endpoints/delay:bless", StatusCode::NOT_FOUND, "no_such_endpoint"),
        ("POST /v1/tokens/root:bless", StatusCode::NOT_FOUND, "unknown_route"),
        ("POST /v1/tokens/root", StatusCode::NOT_FOUND, "unknown_route"),
    ];
    for (line, status, code) in cases {
        let reply = bench.operate(line, &json!({"reason": "a test"})).await;
        assert_eq!(reply.status, status, "{line}");
        assert_eq!(reply.code(), code, "{line}");
        let says_what_it_takes = reply.headers.contains_key("allow");
        assert_eq!(says_what_it_takes, code == "wrong_method", "{line}");
    }
}
