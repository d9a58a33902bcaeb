//! What a live request leaves for a shadow.

use std::sync::Arc;
use std::time::Duration;

use shipworthy_core::DecisionId;
use shipworthy_rows::{Misfit, RowBatch};
use tokio::sync::OwnedSemaphorePermit;

use super::queue::Room;
use crate::counters::Counter;
use crate::decode::{Decoded, Rows, Wire};
use crate::pipeline::{Answer, Arrival, Request};
use crate::predict::Predicted;
use crate::release::LoadedRelease;
use crate::route::{Candidate, Endpoint, Routed, Slot};
use crate::trace::TraceContext;
use crate::{Failure, Plan, Serving};

/// A live request's place in the queue, with the rows that it asked about.
pub(crate) struct Place {
    room: Room,
    asked: Asked,
}

/// What was asked, before a contract replaced anything in it.
pub(crate) struct Asked {
    plan: Arc<Plan>,
    endpoint: String,
    pub(super) arrival: Arrival,
    pub(super) trace: Option<TraceContext>,
    /// As stable reads it.
    pub(super) batch: RowBatch,
    misfits: Vec<Misfit>,
    /// As it came, where the candidate reads it in another way.
    body: Option<(Wire, Vec<u8>)>,
}

/// What callers were told.
pub(crate) enum Live {
    /// An answer.
    Answered { predicted: Predicted, classes: Vec<Option<usize>> },
    /// That the contract refuses the rows.
    Refused,
}

/// A live request, for a shadow to answer once more.
pub(crate) struct Mirrored {
    pub(super) asked: Asked,
    pub(super) ids: Vec<DecisionId>,
    pub(super) live: Live,
    /// Held while it is in memory.
    _bytes: OwnedSemaphorePermit,
}

impl Place {
    /// A place for a request that stable answers, where a shadow is to answer it too. A request that
    /// finds none is shed, and so is one that would take time which live requests need.
    pub(crate) fn take(
        serving: &Serving,
        plan: &Arc<Plan>,
        request: &Request,
        routed: &Routed<'_>,
        (decoded, ids): (&Decoded, &[DecisionId]),
    ) -> Option<Self> {
        let shadow = routed.endpoint.candidate.as_ref().filter(|candidate| candidate.is_shadow)?;
        if routed.slot != Slot::Stable {
            return None;
        }
        let release = &shadow.deployed.release;
        let is_read = release.schema() == routed.release().schema();
        let is_asked = ids.first().is_none_or(|id| serving.shadows.share.has(*id));
        let room = is_asked.then(|| serving.shadows.room(bytes_of(decoded, request, is_read)));
        let room = room.flatten();
        if room.is_none() {
            shed(serving, shadow, decoded.batch.rows());
        }
        let asked = || Asked {
            plan: Arc::clone(plan),
            endpoint: routed.endpoint.name.clone(),
            arrival: request.arrival,
            trace: request.trace,
            batch: decoded.batch.clone(),
            misfits: decoded.misfits.clone(),
            body: (!is_read).then(|| (request.wire, request.body.to_vec())),
        };
        room.map(|room| Self { room, asked: asked() })
    }

    /// Leaves the request, whose records are durable.
    pub(crate) fn leave(self, outcome: &Result<Answer, Failure>) {
        let (ids, live) = match outcome {
            Err(Failure::Refused { refusal }) => (refusal.decision_ids.clone(), Live::Refused),
            // Nobody was answered, so there is nothing to compare.
            Err(_) => return,
            Ok(answer) => {
                let (predicted, classes) = (answer.predicted.clone(), answer.classes.clone());
                (answer.decision_ids.clone(), Live::Answered { predicted, classes })
            }
        };
        let Room { place, bytes } = self.room;
        place.send(Mirrored { asked: self.asked, ids, live, _bytes: bytes });
    }
}

/// What a request holds while it waits, in bytes, within a factor of two.
fn bytes_of(decoded: &Decoded, request: &Request, is_read: bool) -> usize {
    /// A value in its column, or the place of one that is missing.
    const VALUE_BYTES: usize = 16;
    /// Ids, answers and everything else.
    const ROW_BYTES: usize = 256;
    let width: usize = decoded.batch.schema().fields().iter().map(|field| field.width).sum();
    let bodies = if is_read { 1 } else { 2 };
    decoded.batch.rows() * (width * VALUE_BYTES + ROW_BYTES) + bodies * request.body.len()
}

/// Counts rows that a shadow is spared.
pub(super) fn shed(serving: &Serving, shadow: &Candidate, rows: usize) {
    shadow.paired.shed(rows);
    serving.counters.add(Counter::ShadowShedRows, rows);
}

impl Asked {
    /// The endpoint with its shadow, as they were when the request came.
    pub(super) fn endpoint(&self) -> (&Endpoint, &Candidate) {
        let endpoint = self.plan.endpoints.get(&self.endpoint).expect("it was asked there");
        (endpoint, endpoint.candidate.as_ref().expect("a place is taken for a candidate"))
    }

    /// From the moment that the model is asked to its answer.
    pub(super) fn timeout(&self) -> Duration {
        self.plan.limits.request_timeout
    }

    /// The rows as the shadow reads them.
    pub(super) fn decoded(&self, shadow: &LoadedRelease) -> Result<Decoded, Failure> {
        match &self.body {
            Some((wire, body)) => wire.decode(body, Rows::of(shadow, self.plan.limits.max_rows)),
            None => Ok(self.as_stable()),
        }
    }

    /// The rows as stable reads them.
    pub(super) fn as_stable(&self) -> Decoded {
        let (batch, misfits) = (self.batch.clone(), self.misfits.clone());
        Decoded { batch, misfits, undeclared: 0 }
    }
}
