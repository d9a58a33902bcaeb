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
use crate::record::{Circumstances, Inputs, Payloads, Status, Told, records};
use crate::release::LoadedRelease;
use crate::route::{Deployed, Endpoint, Key, Routed, Slot};
use crate::shadow::Place;
use crate::state::Serving;
use crate::tally::{Tally, Wait};
use crate::validate::{CheckedAnswers, Validated};
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
    deployed: Deployed,
    slot: Slot,
    checked: Checked,
}

/// What of a request goes from the contract to its records.
struct Checked {
    inputs: Inputs,
    outcome: Outcome,
    ids: Vec<DecisionId>,
    place: Option<Place>,
}

impl Job {
    /// The work up to the records, or to a model that must be waited for.
    pub(super) fn work(self) -> Result<Step, Failure> {
        let endpoint = self.plan.endpoint(&self.request.endpoint)?;
        if endpoint.is_stopped {
            return Ok(Step::Worked(self.stopped(endpoint)?));
        }
        let (routed, decoded, ids) = self.route(endpoint)?;
        let release = routed.release();
        let asked = (&decoded, &*ids);
        let place = Place::take(&self.serving, &self.plan, &self.request, &routed, asked);
        let Decoded { batch, misfits, undeclared } = decoded;
        self.serving.counters.add(Counter::UndeclaredValues, undeclared);
        let inputs = Inputs::write(release, &batch, &misfits);
        let Validated { batch, outcome } = Validated::check(release, batch, &misfits);
        let checked = Checked { inputs, outcome, ids, place };
        if checked.outcome.is_refused() {
            return Ok(Step::Worked(self.refuse(&routed, checked)));
        }
        if release.must_be_awaited() {
            let (deployed, slot) = (routed.deployed.clone(), routed.slot);
            return Ok(Step::Waiting(Waiting { job: self, deployed, slot, checked }, batch));
        }
        let predicted = predict(release, &batch).map_err(|error| {
            routed.deployed.tally.failed(batch.rows());
            error.told(release)
        })?;
        Ok(Step::Worked(self.answer(&routed, checked, predicted)))
    }

    /// Where the request goes, its rows as the release there reads them, and their names.
    fn route<'s>(
        &'s self,
        endpoint: &'s Endpoint,
    ) -> Result<(Routed<'s>, Decoded, Vec<DecisionId>), Failure> {
        let certain = endpoint.route(self.request.wish)?;
        let reader = certain.map_or(&endpoint.stable.release, |routed| routed.release());
        let decoded = self.decode(reader)?;
        let ids = self.decision_ids(decoded.batch.rows());
        if let Some(routed) = certain {
            return Ok((routed, decoded, ids));
        }
        let key = endpoint.key_of(&decoded.batch);
        self.serving.counters.add(Counter::MixedKeyRequests, usize::from(key == Key::Mixed));
        // A request without rows has no name, and nobody to keep on a side.
        let id = ids.first().copied().unwrap_or(DecisionId::from_bytes([0; 16]));
        let routed = endpoint.route_by(&key, id);
        let is_read = routed.release().schema() == reader.schema();
        let decoded = if is_read { decoded } else { self.decode(routed.release())? };
        Ok((routed, decoded, ids))
    }

    pub(super) fn decode(&self, release: &LoadedRelease) -> Result<Decoded, Failure> {
        let wanted = Rows::of(release, self.plan.limits.max_rows);
        self.request.wire.decode(&self.request.body, wanted)
    }

    fn answer(&self, routed: &Routed<'_>, checked: Checked, predicted: Predicted) -> Worked {
        let release = routed.release();
        self.serving.counters.add(Counter::UnknownCategories, predicted.unknown_categories);
        let CheckedAnswers { predicted, outcome: unexpected } =
            CheckedAnswers::check(release, predicted);
        if unexpected.is_refused() {
            return self.withhold(routed, Checked { outcome: unexpected, ..checked });
        }
        let Checked { inputs, mut outcome, ids, place } = checked;
        outcome.add(unexpected);
        let classes = release.classes(&routed.endpoint.policy, &predicted, ids.len());
        let circumstances = Circumstances {
            model_version: predicted.model_version.as_deref(),
            ..self.circumstances(routed, Status::Answered)
        };
        let told = Told { release, predicted: &predicted, classes: &classes, outcome: &outcome };
        let payloads = Payloads::answered(&circumstances.head(), &inputs, &told);
        let records = self.records(Status::Answered, &ids, payloads);
        let answer = Answer {
            endpoint: routed.endpoint.name.clone(),
            release: Arc::clone(routed.release()),
            decision_ids: ids,
            predicted,
            classes,
            flags: outcome.violations,
            is_stopped: false,
        };
        self.worked(routed, records, Ok(answer), Status::Answered, place)
    }

    /// What the model said is not as expected, so nobody is told.
    fn withhold(&self, routed: &Routed<'_>, checked: Checked) -> Worked {
        let mut worked = self.refuse(routed, checked);
        if let Err(Failure::Refused { refusal }) = worked.outcome {
            worked.outcome = Err(Failure::Withheld { refusal });
        }
        worked
    }

    fn refuse(&self, routed: &Routed<'_>, checked: Checked) -> Worked {
        let Checked { inputs, outcome, ids, place } = checked;
        let quarantined = outcome.is_quarantined();
        let status = if quarantined { Status::Quarantined } else { Status::Refused };
        let head = self.circumstances(routed, status).head();
        let payloads = Payloads::refused(&head, &inputs, &outcome);
        let records = self.records(status, &ids, payloads);
        let refusal = Refusal {
            violations: outcome.violations,
            decision_ids: ids,
            release: Arc::clone(routed.release()),
        };
        let refused = Failure::Refused { refusal: Box::new(refusal) };
        self.worked(routed, records, Err(refused), status, place)
    }

    pub(super) fn worked(
        &self,
        routed: &Routed<'_>,
        records: Vec<Record<Bytes>>,
        outcome: Result<Answer, Failure>,
        status: Status,
        place: Option<Place>,
    ) -> Worked {
        let tally = Arc::clone(&routed.deployed.tally);
        Worked { records, outcome, status, tally, arrival: self.request.arrival, place }
    }

    pub(super) fn circumstances<'s>(
        &'s self,
        routed: &Routed<'s>,
        status: Status,
    ) -> Circumstances<'s> {
        let arrival = self.request.arrival;
        let now_us = self.serving.ports.clock.monotonic_us();
        Circumstances {
            received_at: arrival.at,
            endpoint: &routed.endpoint.name,
            release: routed.release().id().as_str(),
            slot: routed.slot.name(),
            status,
            latency_us: now_us.saturating_sub(arrival.monotonic_us),
            trace_id: self.request.trace.map(|trace| trace.trace_id),
            model_version: None,
        }
    }

    fn wait(&self, tally: &Arc<Tally>, rows: usize) -> Wait {
        let timeout_us = self.plan.limits.request_timeout.as_micros();
        let timeout_us = u64::try_from(timeout_us).unwrap_or(u64::MAX);
        Wait {
            tally: Arc::clone(tally),
            rows,
            clock: Arc::clone(&self.serving.ports.clock),
            deadline_us: self.request.arrival.monotonic_us.saturating_add(timeout_us),
        }
    }

    pub(super) fn decision_ids(&self, rows: usize) -> Vec<DecisionId> {
        let at = self.request.arrival.at;
        let mut random = vec![[0; 10]; rows];
        self.serving.ports.entropy.fill(random.as_flattened_mut());
        random.iter().map(|random| DecisionId::new(at, random)).collect()
    }

    pub(super) fn records(
        &self,
        status: Status,
        ids: &[DecisionId],
        payloads: Payloads,
    ) -> Vec<Record<Bytes>> {
        records(status.kind(), ids, payloads, &*self.serving.ports.entropy)
    }
}

impl Waiting {
    /// The model's answer, whenever it comes.
    pub(super) async fn predicted(&self, batch: RowBatch) -> Result<Predicted, Failure> {
        let Deployed { release, tally } = &self.deployed;
        let rows = batch.rows();
        let wait = self.job.wait(tally, rows);
        let predicted = predict_waiting(release, batch).await;
        wait.over();
        predicted.map_err(|error| {
            tally.failed(rows);
            error.told(release)
        })
    }

    /// The work that was left.
    pub(super) fn answer(self, predicted: Predicted) -> Result<Worked, Failure> {
        let Self { job, deployed, slot, checked } = self;
        let endpoint = job.plan.endpoint(&job.request.endpoint)?;
        let routed = Routed { endpoint, deployed: &deployed, slot };
        Ok(job.answer(&routed, checked, predicted))
    }
}
