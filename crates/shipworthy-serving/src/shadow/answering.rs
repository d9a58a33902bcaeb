//! A shadow's answer to one request: the stations of a live one, by the candidate's own contract.

use std::sync::Arc;

use bytes::Bytes;
use shipworthy_contract::Outcome;
use shipworthy_ledger::{Kind, Record};
use shipworthy_rows::RowBatch;

use super::asked::{Live, Mirrored};
use super::paired::Side;
use crate::counters::Counter;
use crate::predict::{Predicted, Runtime, predict};
use crate::record::{Circumstances, Inputs, Payloads, Status, Told, records};
use crate::release::LoadedRelease;
use crate::route::Slot;
use crate::validate::{CheckedAnswers, Validated};
use crate::{Failure, Serving};

/// A request that a shadow is answering.
pub(super) struct Answering {
    pub(super) mirrored: Mirrored,
    inputs: Inputs,
    outcome: Outcome,
    started_us: u64,
}

/// How far an answer came.
pub(super) enum Step {
    /// To its records.
    Done(Vec<Record<Bytes>>),
    /// To a model that must be waited for, with the rows for it.
    Waiting(Box<Answering>, RowBatch),
}

impl Answering {
    /// Answers, or comes to a model on another server. One in this process is asked here, whatever
    /// batching its live requests have.
    pub(super) fn begin(serving: &Serving, mirrored: Mirrored) -> Step {
        let started_us = serving.ports.clock.monotonic_us();
        let (endpoint, shadow) = mirrored.asked.endpoint();
        let release = &shadow.deployed.release;
        let nothing = Outcome::default();
        let decoded = match mirrored.asked.decoded(release) {
            Ok(decoded) => decoded,
            Err(failure) => {
                let decoded = mirrored.asked.as_stable();
                let stable = &endpoint.stable.release;
                let inputs = Inputs::write(stable, &decoded.batch, &decoded.misfits);
                let answering = Self { mirrored, inputs, outcome: nothing, started_us };
                return Step::Done(answering.fail(serving, &failure));
            }
        };
        let inputs = Inputs::write(release, &decoded.batch, &decoded.misfits);
        let Validated { batch, outcome } =
            Validated::check(release, decoded.batch, &decoded.misfits);
        if !outcome.is_refused() && matches!(release.runtime(), Runtime::Elsewhere(_)) {
            let answering = Self { mirrored, inputs, outcome, started_us };
            return Step::Waiting(Box::new(answering), batch);
        }
        let predicted = (!outcome.is_refused()).then(|| predict(release, &batch));
        let answering = Self { mirrored, inputs, outcome, started_us };
        Step::Done(match predicted {
            None => answering.refuse(serving),
            Some(predicted) => answering.end(serving, predicted.map_err(|error| error.failure())),
        })
    }

    /// The records of what the model said.
    pub(super) fn end(
        mut self,
        serving: &Serving,
        predicted: Result<Predicted, Failure>,
    ) -> Vec<Record<Bytes>> {
        match predicted {
            Ok(predicted) => {
                let CheckedAnswers { predicted, outcome } =
                    CheckedAnswers::check(&self.release(), predicted);
                if outcome.is_refused() {
                    return Self { outcome, ..self }.withhold(serving);
                }
                self.outcome.add(outcome);
                self.answer(serving, &predicted)
            }
            Err(failure) => self.fail(serving, &failure),
        }
    }

    fn answer(self, serving: &Serving, predicted: &Predicted) -> Vec<Record<Bytes>> {
        let (endpoint, shadow) = self.mirrored.asked.endpoint();
        let release = &shadow.deployed.release;
        let rows = self.mirrored.ids.len();
        let classes = release.classes(&endpoint.policy, predicted, rows);
        let latency_us = self.latency_us(serving);
        shadow.deployed.tally.answered(rows, latency_us);
        match &self.mirrored.live {
            Live::Refused => shadow.paired.refused_by_live(rows),
            Live::Answered { predicted: by_live, classes: live_classes } => {
                let stable = &endpoint.stable.release;
                let live = Side { release: stable, predicted: by_live, classes: live_classes };
                let other = Side { release, predicted, classes: &classes };
                shadow.paired.pair(&live, &other, &self.mirrored.asked.batch);
                serving.counters.add(Counter::ShadowPairedRows, rows);
            }
        }
        let told = Told { release, predicted, classes: &classes, outcome: &self.outcome };
        let circumstances = Circumstances {
            model_version: predicted.model_version.as_deref(),
            ..self.circumstances(Status::Answered, latency_us)
        };
        let payloads = Payloads::answered(&circumstances.head(), &self.inputs, &told);
        self.records(serving, payloads)
    }

    fn refuse(self, serving: &Serving) -> Vec<Record<Bytes>> {
        let (_, shadow) = self.mirrored.asked.endpoint();
        let rows = self.mirrored.ids.len();
        shadow.deployed.tally.refused(rows);
        match self.mirrored.live {
            Live::Refused => shadow.paired.refused_by_both(rows),
            Live::Answered { .. } => shadow.paired.refused_by_shadow(rows),
        }
        let is_quarantined = self.outcome.is_quarantined();
        let status = if is_quarantined { Status::Quarantined } else { Status::Refused };
        let head = self.circumstances(status, self.latency_us(serving)).head();
        let payloads = Payloads::refused(&head, &self.inputs, &self.outcome);
        self.records(serving, payloads)
    }

    /// What the model said is not as expected of it.
    fn withhold(self, serving: &Serving) -> Vec<Record<Bytes>> {
        self.count_failed("its answer is not as expected");
        let head = self.circumstances(Status::Failed, self.latency_us(serving)).head();
        let payloads = Payloads::refused(&head, &self.inputs, &self.outcome);
        self.records(serving, payloads)
    }

    fn count_failed(&self, why: &str) {
        let (_, shadow) = self.mirrored.asked.endpoint();
        let rows = self.mirrored.ids.len();
        shadow.deployed.tally.failed(rows);
        if shadow.paired.failed(rows) {
            let release = shadow.deployed.release.id();
            tracing::warn!(%release, "a shadow did not answer, perhaps not for the last time: {why}");
        }
    }

    fn fail(self, serving: &Serving, failure: &Failure) -> Vec<Record<Bytes>> {
        self.count_failed(&failure.to_string());
        let head = self.circumstances(Status::Failed, self.latency_us(serving)).head();
        let payloads = Payloads::failed(&head, &self.inputs, failure.code());
        self.records(serving, payloads)
    }

    fn release(&self) -> Arc<LoadedRelease> {
        let (_, shadow) = self.mirrored.asked.endpoint();
        Arc::clone(&shadow.deployed.release)
    }

    /// From the moment that the shadow came to the request, not from its arrival.
    fn latency_us(&self, serving: &Serving) -> u64 {
        serving.ports.clock.monotonic_us().saturating_sub(self.started_us)
    }

    fn circumstances(&self, status: Status, latency_us: u64) -> Circumstances<'_> {
        let asked = &self.mirrored.asked;
        let (endpoint, shadow) = asked.endpoint();
        Circumstances {
            received_at: asked.arrival.at,
            endpoint: &endpoint.name,
            release: shadow.deployed.release.id().as_str(),
            slot: Slot::Shadow.name(),
            status,
            latency_us,
            trace_id: asked.trace.map(|trace| trace.trace_id),
            model_version: None,
        }
    }

    fn records(&self, serving: &Serving, payloads: Payloads) -> Vec<Record<Bytes>> {
        records(Kind::SHADOW, &self.mirrored.ids, payloads, &*serving.ports.entropy)
    }
}
