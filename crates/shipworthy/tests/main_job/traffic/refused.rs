//! What a caller is told of a refusal, whoever looks on.

use serde_json::Value;

use super::{act, ask_until, serving};
use crate::project::{but, row};
use crate::server::Server;

/// The body of a refusal, byte for byte, but for the names of its decisions.
fn told(server: &Server) -> String {
    let rows = [but(row(1), "amount", -3.5), row(2), but(row(3), "channel", "fax")];
    let refused = server.predict(&rows);
    let ids = refused.expect(422)["decision_ids"].as_array().unwrap().clone();
    assert_eq!(ids.len(), rows.len());
    let without = |text: String, id: &Value| text.replacen(id.as_str().unwrap(), "ID", 1);
    ids.iter().fold(refused.text().to_owned(), without)
}

#[test]
fn a_refusal_is_the_same_byte_for_byte_beside_a_shadow() {
    let (project, server, candidate) = serving("steps = [100]\n");
    let alone = told(&server);
    assert!(alone.contains("\"decision_ids\":[\"ID\",\"ID\",\"ID\"]"), "{alone}");
    act(&project, &format!("deploy {candidate} --strategy shadow")).expect(0);
    // On a busy machine a shadow is spared some rows, so it is asked until it has seen both.
    let is_seen = |seen: &Value| {
        assert_eq!(told(&server), alone);
        seen["shadow"]["refused_by_both"].as_u64().is_some_and(|rows| rows > 0)
            && seen["shadow"]["paired"].as_u64().is_some_and(|rows| rows > 0)
    };
    ask_until(&project, &server, is_seen);
    assert_eq!(told(&server), alone, "also once the shadow has answered");
}
