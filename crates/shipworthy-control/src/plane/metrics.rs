//! `/metrics`: what is counted, for Prometheus.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>, version 0.0.4.

use std::fmt::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header::CONTENT_TYPE};

use super::status::{LedgerStatus, Status, status};
use super::{ControlPlane, Error};
use shipworthy_serving::Counter;

/// The type of the text.
pub(super) const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn show(State(plane): State<Arc<ControlPlane>>) -> Result<Response<Body>, Error> {
    let text = plane.blocking(|plane| Ok(exposed(&status(&plane.ports)?))).await?;
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
    Ok(response)
}

fn exposed(status: &Status) -> String {
    let mut out = String::new();
    let mut add = |name: &str, kind: &str, labels: &str, value: u64| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# TYPE shipworthy_{name} {kind}\nshipworthy_{name}{labels} {value}");
    };
    let Status { version, ready, counters, ledger, .. } = status;
    let LedgerStatus { entries, healthy, .. } = ledger;
    add("build_info", "gauge", &format!("{{version=\"{version}\"}}"), 1);
    add("ready", "gauge", "", u64::from(*ready));
    add("ledger_healthy", "gauge", "", u64::from(*healthy));
    add("ledger_entries_total", "counter", "", *entries);
    for (name, counter) in Counter::ALL {
        add(&format!("{name}_total"), "counter", "", counters.get(counter));
    }
    out
}
