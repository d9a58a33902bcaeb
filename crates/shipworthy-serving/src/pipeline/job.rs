//! The work on a request: everything between its last byte and its records.

use std::sync::Arc;

use bytes::Bytes;
use shipworthy_contract::Outcome;
use shipworthy_core::DecisionId;
use shipworthy_ledger::Record;
use shipworthy_rows::RowBatch;

use super::{Answer, Request, Worked};
use crate::counters::Counter;
use crate::decode::{Decoded, Rows};
use crate::failure::Refusal;
use crate::predict::{Predicted, predict, predict_waiting};
use crate::record::{
    Circumstances, Inputs, Payloads, Status, ViolationText, write_json, write_outputs,
    write_prediction,
};
use crate::release::LoadedRelease;
use crate::route::Routed;
use crate::state::Serving;
use crate::validate::{Validated, violations_of};
use crate::{Failure, Plan};

/// A request with what it is answered by.
pub(super) struct Job {
    pub(super) plan: Arc<Plan>,
    pub(super) serving: Arc<Serving>,
    pub(super) request: Request,
}

/// How far the work came without waiting.
pub(super) enum Step {
    /// To its end.
    Worked(Worked),
    /// To a model that must be waited for, with the rows for it.
    Waiting(Waiting, RowBatch),
}

/// A request that the contract let through, before its model has answered.
pub(super) struct Waiting {
    job: Job,
    release: Arc<LoadedRelease>,
    checked: Checked,
}

/// What of a request goes from the contract to its records.
struct Checked {
    inputs: Inputs,
    outcome: Outcome,
    ids: Vec<DecisionId>,
}

impl Job {
    /// The work up to the records, or to a model that must be waited for.
    pub(super) fn work(self) -> Result<Step, Failure> {
        let routed = self.plan.route(&self.request.endpoint)?;
        let wanted = Rows::of(routed.release, self.plan.limits.max_rows);
        let decoded = self.request.wire.decode(&self.request.body, wanted)?;
        let Decoded { batch, misfits, undeclared } = decoded;
        self.serving.counters.add(Counter::UndeclaredValues, undeclared);
        let inputs = Inputs::write(routed.release, &batch, &misfits);
        let Validated { batch, outcome } = Validated::check(routed.release, batch, &misfits);
        let ids = self.decision_ids(batch.rows());
        let checked = Checked { inputs, outcome, ids };
        if checked.outcome.is_refused() {
            return Ok(Step::Worked(self.refuse(&routed, checked)));
        }
        if routed.release.must_be_awaited() {
            let release = Arc::clone(routed.release);
            return Ok(Step::Waiting(Waiting { job: self, release, checked }, batch));
        }
        let predicted = predict(routed.release, &batch);
        let predicted = predicted.map_err(|error| error.told(routed.release))?;
        Ok(Step::Worked(self.answer(&routed, checked, predicted)))
    }

    fn answer(&self, routed: &Routed<'_>, checked: Checked, predicted: Predicted) -> Worked {
        let Checked { inputs, outcome, ids } = checked;
        self.serving.counters.add(Counter::UnknownCategories, predicted.unknown_categories);
        let output = routed.release.output();
        let policy = &routed.endpoint.policy;
        let class = |row| policy.class(output?.task, predicted.row(row));
        let classes: Vec<_> = (0..ids.len()).map(class).collect();
        let circumstances = Circumstances {
            model_version: predicted.model_version.as_deref(),
            ..self.circumstances(routed, Status::Answered)
        };
        let head = circumstances.head();
        let payloads = Payloads::write(&head, &inputs, |row, out| {
            match output {
                Some(_) => write_prediction(out, predicted.row(row)),
                None => write_outputs(out, routed.release.signature(), &predicted, row),
            }
            if let Some((class, output)) = classes[row].zip(output) {
                out.extend_from_slice(b",\"decision\":");
                write_json(out, &output.classes[class]);
            }
            let flags = violations_of(&outcome, row).map(ViolationText::from);
            let flags: Vec<_> = flags.collect();
            if !flags.is_empty() {
                out.extend_from_slice(b",\"flags\":");
                write_json(out, &flags);
            }
            out.push(b'}');
        });
        let records = self.records(Status::Answered, &ids, payloads);
        let answer = Answer {
            endpoint: routed.endpoint.name.clone(),
            release: Arc::clone(routed.release),
            decision_ids: ids,
            predicted,
            classes,
            flags: outcome.violations,
        };
        Worked { records, outcome: Ok(answer), status: Status::Answered }
    }

    fn refuse(&self, routed: &Routed<'_>, checked: Checked) -> Worked {
        let Checked { inputs, outcome, ids } = checked;
        let quarantined = outcome.is_quarantined();
        let status = if quarantined { Status::Quarantined } else { Status::Refused };
        let head = self.circumstances(routed, status).head();
        let payloads = Payloads::write(&head, &inputs, |row, out| {
            let violations = violations_of(&outcome, row).map(ViolationText::from);
            out.extend_from_slice(b"{\"violations\":");
            write_json(out, &violations.collect::<Vec<_>>());
            out.push(b'}');
        });
        let records = self.records(status, &ids, payloads);
        let refusal = Refusal {
            violations: outcome.violations,
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
            model_version: None,
        }
    }

    fn decision_ids(&self, rows: usize) -> Vec<DecisionId> {
        let at = self.request.arrival.at;
        let mut random = vec![[0; 10]; rows];
        self.serving.ports.entropy.fill(random.as_flattened_mut());
        random.iter().map(|random| DecisionId::new(at, random)).collect()
    }

    fn records(
        &self,
        status: Status,
        ids: &[DecisionId],
        payloads: Payloads,
    ) -> Vec<Record<Bytes>> {
        let mut salts = vec![[0; 16]; ids.len()];
        self.serving.ports.entropy.fill(salts.as_flattened_mut());
        let rows = ids.iter().zip(salts).zip(payloads.into_rows());
        let record = |((id, salt), payload): ((&DecisionId, _), _)| Record {
            kind: status.kind(),
            id: id.into_bytes(),
            salt,
            payload,
        };
        rows.map(record).collect()
    }
}

impl Waiting {
    /// The model's answer, whenever it comes.
    pub(super) async fn predicted(&self, batch: RowBatch) -> Result<Predicted, Failure> {
        let predicted = predict_waiting(&self.release, batch).await;
        predicted.map_err(|error| error.told(&self.release))
    }

    /// The work that was left.
    pub(super) fn answer(self, predicted: Predicted) -> Result<Worked, Failure> {
        let Self { job, checked, .. } = self;
        let routed = job.plan.route(&job.request.endpoint)?;
        Ok(job.answer(&routed, checked, predicted))
    }
}
