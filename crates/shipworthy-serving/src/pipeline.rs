//! One request through all stations.

use std::sync::Arc;

use bytes::Bytes;
use shipworthy_contract::Violation;
use shipworthy_core::DecisionId;
use shipworthy_ledger::{AppendError, Record};
use shipworthy_rows::Timestamp;

use crate::counters::Counter;
use crate::decode::{Decoded, Rows, Wire};
use crate::failure::Refusal;
use crate::predict::{Predicted, predict};
use crate::record::{
    Circumstances, Inputs, Status, ViolationText, write_json, write_outputs, write_prediction,
};
use crate::release::LoadedRelease;
use crate::route::Routed;
use crate::state::Serving;
use crate::trace::TraceContext;
use crate::validate::Validated;
use crate::{Failure, Plan};

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
}

/// Answers a request, after its records are durable.
pub(crate) async fn decide(serving: &Arc<Serving>, request: Request) -> Result<Answer, Failure> {
    let body_bytes = request.body.len();
    let job = {
        let serving = Arc::clone(serving);
        move || Job { plan: &serving.plan(), serving: &serving, request: &request }.work()
    };
    let worked = serving.cpu.run(body_bytes, job).await.map_err(|error| {
        tracing::error!(%error, "a request's work was not finished");
        Failure::Internal
    })??;
    worked.commit(serving).await
}

/// The work on a request: everything between its last byte and its records.
struct Job<'a> {
    plan: &'a Plan,
    serving: &'a Serving,
    request: &'a Request,
}

/// A request whose records are ready to be written.
struct Worked {
    records: Vec<Record>,
    outcome: Result<Answer, Refusal>,
    status: Status,
}

impl Job<'_> {
    fn work(&self) -> Result<Worked, Failure> {
        let routed = self.plan.route(&self.request.endpoint)?;
        let (wire, max_rows) = (self.request.wire, self.plan.limits.max_rows);
        let wanted = Rows::of(routed.release, max_rows);
        let decoded = wire.decode(&self.request.body, wanted)?;
        let Decoded { batch, misfits, undeclared } = decoded;
        self.serving.counters.add(Counter::UndeclaredValues, undeclared);
        let inputs = Inputs::write(routed.release, &batch, &misfits);
        let validated = Validated::check(routed.release, batch, &misfits);
        let ids = self.decision_ids(validated.batch.rows());
        if validated.outcome.is_refused() {
            Ok(self.refuse(&routed, &inputs, validated, ids))
        } else {
            self.answer(&routed, &inputs, validated, ids)
        }
    }

    fn answer(
        &self,
        routed: &Routed<'_>,
        inputs: &Inputs,
        validated: Validated,
        ids: Vec<DecisionId>,
    ) -> Result<Worked, Failure> {
        let predicted = predict(routed.release, &validated.batch).map_err(|error| {
            tracing::error!(%error, release = %routed.release.id(), "the model did not answer");
            Failure::Internal
        })?;
        self.serving.counters.add(Counter::UnknownCategories, predicted.unknown_categories);
        let output = routed.release.output();
        let policy = &routed.endpoint.policy;
        let rows = 0..ids.len();
        let class = |row| policy.class(output?.task, predicted.row(row));
        let classes: Vec<_> = rows.clone().map(class).collect();
        let circumstances = self.circumstances(routed, Status::Answered);
        let payloads = rows.map(|row| {
            circumstances.payload(inputs, row, |out| {
                match output {
                    Some(_) => write_prediction(out, predicted.row(row)),
                    None => write_outputs(out, routed.release.signature(), &predicted, row),
                }
                if let Some((class, output)) = classes[row].zip(output) {
                    out.extend_from_slice(b",\"decision\":");
                    write_json(out, &output.classes[class]);
                }
                let flags = validated.violations_of(row).map(ViolationText::from);
                let flags: Vec<_> = flags.collect();
                if !flags.is_empty() {
                    out.extend_from_slice(b",\"flags\":");
                    write_json(out, &flags);
                }
                out.push(b'}');
            })
        });
        let records = self.records(Status::Answered, &ids, payloads);
        let answer = Answer {
            endpoint: routed.endpoint.name.clone(),
            release: Arc::clone(routed.release),
            decision_ids: ids,
            predicted,
            classes,
            flags: validated.outcome.violations,
        };
        Ok(Worked { records, outcome: Ok(answer), status: Status::Answered })
    }

    fn refuse(
        &self,
        routed: &Routed<'_>,
        inputs: &Inputs,
        validated: Validated,
        ids: Vec<DecisionId>,
    ) -> Worked {
        let quarantined = validated.outcome.is_quarantined();
        let status = if quarantined { Status::Quarantined } else { Status::Refused };
        let circumstances = self.circumstances(routed, status);
        let payloads = (0..ids.len()).map(|row| {
            circumstances.payload(inputs, row, |out| {
                let violations = validated.violations_of(row).map(ViolationText::from);
                out.extend_from_slice(b"{\"violations\":");
                write_json(out, &violations.collect::<Vec<_>>());
                out.push(b'}');
            })
        });
        let records = self.records(status, &ids, payloads);
        let refusal = Refusal {
            violations: validated.outcome.violations,
            decision_ids: ids,
            release: Arc::clone(routed.release),
        };
        Worked { records, outcome: Err(refusal), status }
    }

    fn circumstances<'s>(&'s self, routed: &Routed<'s>, status: Status) -> Circumstances<'s> {
        let arrival = self.request.arrival;
        let now_us = self.serving.ports.clock.monotonic_us();
        Circumstances {
            received_at: arrival.at,
            endpoint: &routed.endpoint.name,
            release: routed.release.id().as_str(),
            slot: routed.slot.name(),
            status,
            latency_us: now_us.saturating_sub(arrival.monotonic_us),
            trace_id: self.request.trace.map(|trace| trace.trace_id),
        }
    }

    fn decision_ids(&self, rows: usize) -> Vec<DecisionId> {
        let at = self.request.arrival.at;
        let draw = |_| {
            let mut random = [0; 10];
            self.serving.ports.entropy.fill(&mut random);
            DecisionId::new(at, &random)
        };
        (0..rows).map(draw).collect()
    }

    fn records(
        &self,
        status: Status,
        ids: &[DecisionId],
        payloads: impl Iterator<Item = Vec<u8>>,
    ) -> Vec<Record> {
        let records = ids.iter().zip(payloads).map(|(id, payload)| {
            let mut salt = [0; 16];
            self.serving.ports.entropy.fill(&mut salt);
            Record { kind: status.kind(), id: id.into_bytes(), salt, payload }
        });
        records.collect()
    }
}

impl Worked {
    /// Waits for the records to be durable, and only then gives the outcome away.
    async fn commit(self, serving: &Serving) -> Result<Answer, Failure> {
        let rows = self.records.len();
        let pending = serving.ports.ledger.try_append(&self.records).map_err(not_recorded)?;
        drop(self.records);
        pending.await.map_err(not_recorded)?;
        let counters = &serving.counters;
        match self.outcome {
            Ok(answer) => {
                counters.add(Counter::AnsweredRows, rows);
                counters.add(Counter::FlaggedValues, answer.flags.len());
                Ok(answer)
            }
            Err(refusal) => {
                let counter = match self.status {
                    Status::Quarantined => Counter::QuarantinedRows,
                    _ => Counter::RefusedRows,
                };
                counters.add(counter, rows);
                Err(Failure::Refused { refusal: Box::new(refusal) })
            }
        }
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

/// An error with all its causes.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
