//! `/v1/status` and `/v1/checklist`: what serves, and how far the project is.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use serde::Serialize;
use shipworthy_core::checklist::{self, Item};
use shipworthy_serving::{Counts, Endpoint};
use shipworthy_store::{ReleaseId, Store, store};

use super::facts::{commit_of, ledger_failure};
use super::{ControlPlane, Error, Ports, json};

/// What serves at this moment.
#[derive(Serialize)]
pub(super) struct Status {
    pub(super) version: &'static str,
    pub(super) ready: bool,
    pub(super) not_ready: Option<String>,
    pub(super) endpoints: Vec<EndpointStatus>,
    pub(super) counters: Counts,
    pub(super) ledger: LedgerStatus,
}

/// An endpoint and its slots.
#[derive(Serialize)]
pub(super) struct EndpointStatus {
    pub(super) name: String,
    pub(super) slots: Slots,
}

/// The releases of an endpoint.
#[derive(Serialize)]
pub(super) struct Slots {
    pub(super) stable: Option<SlotStatus>,
    pub(super) candidate: Option<SlotStatus>,
    pub(super) previous: Option<SlotStatus>,
}

/// A release in a slot.
#[derive(Serialize)]
pub(super) struct SlotStatus {
    pub(super) release: String,
    pub(super) commit: Option<String>,
    /// The share of requests that it answers, in percent.
    pub(super) weight: u8,
}

/// Whether decisions are recorded.
#[derive(Serialize)]
pub(super) struct LedgerStatus {
    /// Durable entries.
    pub(super) entries: u64,
    pub(super) healthy: bool,
    pub(super) failure: Option<String>,
}

pub(super) async fn show(State(plane): State<Arc<ControlPlane>>) -> Result<Response<Body>, Error> {
    let status = plane.blocking(|plane| status(&plane.ports)).await?;
    Ok(json(StatusCode::OK, &status))
}

pub(super) async fn checklist(
    State(plane): State<Arc<ControlPlane>>,
) -> Result<Response<Body>, Error> {
    #[derive(Serialize)]
    struct Listed {
        items: Vec<Item>,
    }
    let items = plane.blocking(|plane| items(&plane.ports)).await?;
    Ok(json(StatusCode::OK, &Listed { items }))
}

/// The checklist, judged now.
pub(super) fn items(ports: &Ports) -> Result<Vec<Item>, Error> {
    Ok(checklist::judge(&ports.facts.gather()?))
}

/// What serves now: the stable slot from the plan that answers, the others from control state.
pub(super) fn status(ports: &Ports) -> Result<Status, Error> {
    let not_ready = ports.serving.not_ready().map(|why| why.to_string());
    let plan = ports.serving.plan();
    let endpoints = plan.endpoints.values();
    let endpoints = endpoints.map(|endpoint| endpoint_status(&*ports.store, endpoint));
    let failure = ledger_failure(&ports.ledger);
    Ok(Status {
        version: env!("CARGO_PKG_VERSION"),
        ready: not_ready.is_none(),
        not_ready,
        endpoints: endpoints.collect::<Result<_, _>>()?,
        counters: ports.serving.counters().snapshot(),
        ledger: LedgerStatus {
            entries: ports.ledger.watermark().sequence,
            healthy: failure.is_none(),
            failure,
        },
    })
}

fn endpoint_status(store: &dyn Store, endpoint: &Endpoint) -> Result<EndpointStatus, store::Error> {
    let stored = store.endpoint(&endpoint.name)?;
    let (candidate, previous) = stored.map_or((None, None), |e| (e.candidate, e.previous));
    let waiting = |release: Option<ReleaseId>| {
        release.map(|release| waiting_slot(store, &release)).transpose()
    };
    let stable = SlotStatus {
        release: endpoint.stable.release.id().to_string(),
        commit: endpoint.stable.release.commit().map(str::to_owned),
        weight: 100,
    };
    Ok(EndpointStatus {
        name: endpoint.name.clone(),
        slots: Slots {
            stable: Some(stable),
            candidate: waiting(candidate)?,
            previous: waiting(previous)?,
        },
    })
}

/// A release that is kept and answers nothing.
fn waiting_slot(store: &dyn Store, release: &ReleaseId) -> Result<SlotStatus, store::Error> {
    let stored = store.release(release)?;
    let commit = stored.as_ref().and_then(commit_of);
    Ok(SlotStatus { release: release.to_string(), commit, weight: 0 })
}
