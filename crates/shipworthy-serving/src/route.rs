//! Station 2: which release answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use shipworthy_core::Policy;

use crate::Failure;
use crate::release::LoadedRelease;

/// The place of a release at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The release that callers rely on.
    Stable,
}

impl Slot {
    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
        }
    }
}

/// The stable name that clients call.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name in URLs.
    pub name: String,
    /// The release that answers.
    pub stable: Arc<LoadedRelease>,
    /// How predictions become decisions.
    pub policy: Policy,
}

/// Bounds of a request. They may change without a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest body, in bytes.
    pub max_body_bytes: usize,
    /// The most rows of a request.
    pub max_rows: usize,
    /// From the first byte to the answer.
    pub request_timeout: Duration,
    /// Requests at one time; more are shed.
    pub max_inflight: usize,
}

/// Everything that decides how requests are answered: one immutable value, replaced whole.
#[derive(Clone, Debug)]
pub struct Plan {
    /// By name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// For all endpoints.
    pub limits: Limits,
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub(crate) struct Routed<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) release: &'a Arc<LoadedRelease>,
    pub(crate) slot: Slot,
}

impl Plan {
    /// The release that answers requests to this endpoint.
    pub(crate) fn route(&self, endpoint: &str) -> Result<Routed<'_>, Failure> {
        let Some(endpoint) = self.endpoints.get(endpoint) else {
            let known: Vec<_> = self.endpoints.keys().map(String::as_str).collect();
            let name = endpoint.chars().take(64).collect();
            return Err(Failure::UnknownModel { name, known: known.join(", ") });
        };
        Ok(Routed { endpoint, release: &endpoint.stable, slot: Slot::Stable })
    }
}
