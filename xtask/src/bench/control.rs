//! The control plane of a server that is measured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::http;

/// Where a server is steered, and the token that may.
pub(super) struct Control {
    admin: String,
    token: String,
}

impl Control {
    /// Of the server that holds a state directory.
    pub(super) fn of(state: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = state.join(name);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let info: Value = serde_json::from_str(&read("server.json")?)?;
        let admin = info["admin"].as_str().context("the server says where it is steered")?;
        Ok(Self { admin: admin.to_owned(), token: read("token")?.trim().to_owned() })
    }

    /// What an endpoint does now.
    pub(super) fn status(&self, endpoint: &str) -> Result<Value> {
        self.ask(&format!("GET /v1/endpoints/{endpoint}"), &Value::Null)
    }

    /// Does something to an endpoint; `body` but for the reason. Gives what the endpoint does then.
    pub(super) fn act(&self, endpoint: &str, verb: &str, mut body: Value) -> Result<Value> {
        body["reason"] = json!("a benchmark");
        self.ask(&format!("POST /v1/endpoints/{endpoint}:{verb}"), &body)
    }

    fn ask(&self, target: &str, body: &Value) -> Result<Value> {
        let headers = format!("Authorization: Bearer {}\r\n", self.token);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        http::ask(&self.admin, target, &headers, &body)
    }
}
