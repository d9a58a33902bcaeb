//! A request to an endpoint that is stopped: recorded as any other, but no contract is checked and no
//! model asked, whichever slot it would have gone to.

use std::sync::Arc;

use shipworthy_core::DecisionId;

use super::job::Job;
use super::{Answer, Worked};
use crate::Failure;
use crate::counters::Counter;
use crate::decode::Decoded;
use crate::failure::Refusal;
use crate::predict::Predicted;
use crate::record::{Inputs, Payloads, Status, write_json};
use crate::release::LoadedRelease;
use crate::route::{Endpoint, Routed};

impl Job {
    /// The safe answer to each row, where there is one, and its records.
    ///
    /// # Errors
    /// When the request is none that the stable release takes.
    pub(super) fn stopped(&self, endpoint: &Endpoint) -> Result<Worked, Failure> {
        let routed = endpoint.to_stable();
        let release = routed.release();
        let Decoded { batch, misfits, undeclared } = self.decode(release)?;
        self.serving.counters.add(Counter::UndeclaredValues, undeclared);
        let ids = self.decision_ids(batch.rows());
        let class = safe_class(endpoint, release);
        let head = self.circumstances(&routed, Status::Stopped).head();
        let inputs = Inputs::write(release, &batch, &misfits);
        let payloads = Payloads::write(&head, &inputs, |_, out| {
            out.extend_from_slice(b"{\"prediction\":null");
            if let Some((class, output)) = class.zip(release.output()) {
                out.extend_from_slice(b",\"decision\":");
                write_json(out, &output.classes[class]);
            }
            out.push(b'}');
        });
        let records = self.records(Status::Stopped, &ids, payloads);
        let outcome = match class {
            Some(class) => Ok(safe_answer(&routed, ids, class)),
            None => Err(no_answer(&routed, ids)),
        };
        Ok(self.worked(&routed, records, outcome, Status::Stopped, None))
    }
}

/// The position of the declared safe answer in the release's classes; `None` without one, and where
/// the release does not have that class.
fn safe_class(endpoint: &Endpoint, release: &LoadedRelease) -> Option<usize> {
    let safe = endpoint.policy.safe_answer.as_ref()?;
    release.output()?.classes.iter().position(|class| class == safe)
}

fn safe_answer(routed: &Routed<'_>, decision_ids: Vec<DecisionId>, class: usize) -> Answer {
    let release = routed.release();
    let (rows, width) = (decision_ids.len(), release.prediction_width());
    let predicted = Predicted {
        values: vec![f64::NAN; rows * width],
        width,
        outputs: Vec::new(),
        unknown_categories: 0,
        model_version: None,
    };
    Answer {
        endpoint: routed.endpoint.name.clone(),
        release: Arc::clone(release),
        decision_ids,
        predicted,
        classes: vec![Some(class); rows],
        flags: Vec::new(),
        is_stopped: true,
    }
}

fn no_answer(routed: &Routed<'_>, decision_ids: Vec<DecisionId>) -> Failure {
    let release = Arc::clone(routed.release());
    let refusal = Box::new(Refusal { violations: Vec::new(), decision_ids, release });
    Failure::Stopped { endpoint: routed.endpoint.name.clone(), refusal }
}
