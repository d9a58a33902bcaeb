//! What every request for decisions passes, whatever its protocol: readiness, a place among those
//! in flight, a deadline.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use bytes::Bytes;

use super::callers;
use crate::decode::Wire;
use crate::pipeline::{self, Arrival};
use crate::state::Entered;
use crate::trace::TraceContext;
use crate::{Failure, Limits, Serving, Slot};

/// A request that was let in; its place is given back on drop.
pub(super) struct Admission<'a> {
    pub(super) limits: Limits,
    arrival: Arrival,
    trace: Option<TraceContext>,
    wish: Option<Slot>,
    _entered: Entered<'a>,
}

impl<'a> Admission<'a> {
    /// Lets a request in.
    ///
    /// # Errors
    /// When no decision is given now, or too many wait for theirs.
    pub(super) fn of(serving: &'a Arc<Serving>, request: &Request) -> Result<Self, Failure> {
        let clock = &serving.ports.clock;
        let arrival = Arrival { at: clock.now(), monotonic_us: clock.monotonic_us() };
        if let Some(why) = serving.cannot_decide() {
            return Err(Failure::NotReady(why));
        }
        let limits = serving.plan().limits.clone();
        let entered = serving.enter(limits.max_inflight)?;
        let (trace, wish) = (TraceContext::of(request.headers()), callers::chosen(request));
        Ok(Self { limits, arrival, trace, wish, _entered: entered })
    }

    /// The request as the pipeline takes it.
    pub(super) fn request(&self, name: &str, wire: Wire, body: Bytes) -> pipeline::Request {
        let endpoint = name.to_owned();
        let Self { arrival, trace, wish, .. } = *self;
        pipeline::Request { endpoint, wire, body, arrival, trace, wish }
    }

    /// What `work` gives, unless it takes longer than `limit`.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let limit_ms = limit.as_millis();
        if limit.is_zero() {
            // Work that needs no waiting would be done before anybody looks at the time.
            return Err(Failure::Timeout { limit_ms });
        }
        tokio::time::timeout(limit, work).await.unwrap_or(Err(Failure::Timeout { limit_ms }))
    }
}
