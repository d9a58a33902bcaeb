//! One request through all stations.

mod job;
mod stopped;

use std::sync::Arc;

use bytes::Bytes;
use shipworthy_contract::Violation;
use shipworthy_core::DecisionId;
use shipworthy_ledger::{AppendError, Record};
use shipworthy_rows::Timestamp;

use crate::Failure;
use crate::chain::Chain;
use crate::counters::Counter;
use crate::decode::Wire;
use crate::predict::Predicted;
use crate::record::Status;
use crate::release::LoadedRelease;
use crate::route::Slot;
use crate::shadow::Place;
use crate::state::Serving;
use crate::tally::Tally;
use crate::trace::TraceContext;
use job::{Job, Step};

/// The decisions of one request, recorded.
#[derive(Debug)]
pub struct Answer {
    /// The endpoint that was called.
    pub endpoint: String,
    /// The release that answered.
    pub release: Arc<LoadedRelease>,
    /// The name of each row's record.
    pub decision_ids: Vec<DecisionId>,
    /// What the model said.
    pub predicted: Predicted,
    /// What the policy makes of it: positions in the release's classes; `None` for a number.
    pub classes: Vec<Option<usize>>,
    /// Broken rules that did not stop the answer.
    pub flags: Vec<Violation>,
    /// Whether the endpoint is stopped: the decisions are its safe answer, and no model was asked.
    pub is_stopped: bool,
}

/// When a request was accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Timestamp,
    pub(crate) monotonic_us: u64,
}

/// A request, before any station.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) endpoint: String,
    pub(crate) wire: Wire,
    pub(crate) body: Bytes,
    pub(crate) arrival: Arrival,
    pub(crate) trace: Option<TraceContext>,
    /// The slot that a tester asks for.
    pub(crate) wish: Option<Slot>,
}

/// Answers a request, after its records are durable.
pub(crate) async fn decide(serving: &Arc<Serving>, request: Request) -> Result<Answer, Failure> {
    let body_bytes = request.body.len();
    let job = Job { plan: serving.plan(), serving: Arc::clone(serving), request };
    let worked = match at_the_door(serving, body_bytes, move || job.work()).await? {
        Step::Worked(worked) => worked,
        Step::Waiting(waiting, batch) => {
            let predicted = waiting.predicted(batch).await?;
            at_the_door(serving, body_bytes, move || waiting.answer(predicted)).await?
        }
    };
    worked.commit(serving).await
}

async fn at_the_door<T: Send + 'static>(
    serving: &Serving,
    body_bytes: usize,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    serving.cpu.run(body_bytes, work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request's work was not finished");
        Err(Failure::Internal)
    })
}

/// A request whose records are ready to be written.
struct Worked {
    records: Vec<Record<Bytes>>,
    outcome: Result<Answer, Failure>,
    status: Status,
    /// Of the release that answered or refused.
    tally: Arc<Tally>,
    arrival: Arrival,
    /// Where the request is left for a shadow.
    place: Option<Place>,
}

impl Worked {
    /// Waits for the records to be durable, and only then gives the outcome away.
    async fn commit(self, serving: &Serving) -> Result<Answer, Failure> {
        let rows = self.records.len();
        let pending = serving.ports.ledger.try_append(&self.records).map_err(not_recorded)?;
        drop(self.records);
        pending.await.map_err(not_recorded)?;
        if let Some(place) = self.place {
            place.leave(&self.outcome);
        }
        let counters = &serving.counters;
        match self.status {
            // The model's fault, and not the rows'.
            _ if matches!(self.outcome, Err(Failure::Withheld { .. })) => {
                self.tally.failed(rows);
                counters.add(Counter::WithheldRows, rows);
            }
            Status::Answered => {
                let now_us = serving.ports.clock.monotonic_us();
                self.tally.answered(rows, now_us.saturating_sub(self.arrival.monotonic_us));
                counters.add(Counter::AnsweredRows, rows);
            }
            Status::Refused => {
                self.tally.refused(rows);
                counters.add(Counter::RefusedRows, rows);
            }
            Status::Quarantined => {
                self.tally.refused(rows);
                counters.add(Counter::QuarantinedRows, rows);
            }
            // No shadow comes this way.
            Status::Failed => {}
            // No release did anything.
            Status::Stopped => counters.add(Counter::StoppedRows, rows),
        }
        if let Ok(answer) = &self.outcome {
            counters.add(Counter::FlaggedValues, answer.flags.len());
        }
        self.outcome
    }
}

fn not_recorded(error: AppendError) -> Failure {
    match error {
        AppendError::QueueFull { .. } => Failure::Overloaded,
        AppendError::TooLong { limit_bytes } => Failure::BodyTooLarge { limit_bytes },
        error => {
            tracing::error!(error = %Chain(&error), "a decision could not be recorded");
            Failure::NotRecorded
        }
    }
}
