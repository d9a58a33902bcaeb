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
async fn the_style_is_let_in_by_a_fresh_nonce_and_there_is_no_script() {
    let bench = Bench::new();
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let reply = bench.get("/").await;
        assert_eq!(reply.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(reply.text.contains(&format!("<style nonce=\"{nonce}\">")));
        assert!(!reply.text.contains("<script") && !reply.text.contains(" style="));
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

#[test]
fn the_style_cannot_end_its_element() {
    assert!(!include_str!("../page/style.css").contains('<'));
}
