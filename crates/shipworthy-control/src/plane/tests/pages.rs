//! What people see.

use super::*;

#[tokio::test]
async fn a_browser_that_is_not_signed_in_learns_how() {
    let bench = Bench::new();
    let reply = bench.ask("GET /", &[], "").await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(reply.text.contains("shipworthy token sign-in"));
}

#[tokio::test]
async fn style_and_script_are_let_in_by_a_fresh_nonce_and_nothing_else_is() {
    let bench = Bench::new();
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let reply = bench.get("/").await;
        assert_eq!(reply.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(reply.text.contains(&format!("<style nonce=\"{nonce}\">")));
        assert!(reply.text.contains(&format!("<script nonce=\"{nonce}\">")));
        assert_eq!(reply.text.matches("<script").count(), 1);
        assert!(!reply.text.contains(" style=") && !reply.text.contains(" onclick="));
        let expected = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(policy, expected);
        nonces.push(nonce.to_owned());
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn the_checklist_is_whole_on_the_page_and_in_json() {
    let bench = Bench::new();
    let items = bench.get("/v1/checklist").await.json();
    let page = bench.get("/").await.text;
    let items = items["items"].as_array().unwrap();
    assert_eq!(items.len(), 17);
    for item in items {
        assert!(page.contains(item["title"].as_str().unwrap()), "{item}");
    }
}

#[tokio::test]
async fn only_an_operator_on_this_servers_page_rolls_back_and_says_why() {
    let bench = Bench::new();
    bench.token("eve", shipworthy_store::Role::Auditor);
    let (root, eve) = (bench.browser("root").await, bench.browser("eve").await);
    let post = async |cookie: &str, origin: &str, reason: &str| {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [("cookie", cookie), ("origin", origin), form];
        let body = format!("endpoint=delay&from=x&reason={reason}");
        bench.ask("POST /rollback", &headers, body).await
    };
    for (cookie, origin, reason, status, said) in [
        (&eve, ORIGIN, "bad", 403, "may not do this"),
        (&root, "null", "bad", 403, "own pages only"),
        (&root, ORIGIN, "", 400, "say in `reason`"),
        (&root, ORIGIN, "bad", 404, "no endpoint `delay`"),
    ] {
        let reply = post(cookie, origin, reason).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        assert!(reply.text.contains(said), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_page_is_live_until_its_token_is_revoked_and_pages_are_bounded() {
    use http_body_util::BodyExt;
    let bench = Bench::new();
    bench.token("ana", shipworthy_store::Role::Auditor);
    let cookie = bench.browser("ana").await;
    let open = async || {
        let request =
            Request::get("/v1/page/events").header("host", HOST).header("cookie", &cookie);
        bench.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    let mut pages = Vec::new();
    for _ in 0..super::super::page::MAX_STREAMS {
        pages.push(open().await);
    }
    assert_eq!(open().await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let mut page = pages.pop().unwrap();
    assert_eq!(page.headers()["content-type"], "text/event-stream");
    let first = page.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"event: page\ndata: <div"), "{first:?}");
    let by = Attribution::new("root", "left", Timestamp::from_millis(0)).unwrap();
    bench.plane.ports.store.revoke_token("ana", &by).unwrap();
    assert!(page.body_mut().frame().await.is_none());
}

#[test]
fn style_and_script_cannot_end_their_elements() {
    assert!(!include_str!("../page/style.css").contains('<'));
    assert!(!include_str!("../page/live.js").contains("</"));
}
