//! What the records of a request's rows say at their end: an answer, or why there is none.

use bytes::Bytes;
use shipworthy_contract::Outcome;
use shipworthy_core::{DecisionId, Entropy, Policy};
use shipworthy_ledger::{Kind, Record};

use super::{Inputs, Payloads, ViolationText, write_json, write_outputs, write_prediction};
use crate::predict::Predicted;
use crate::release::LoadedRelease;
use crate::validate::violations_of;

/// What a release answered to rows that its contract let through.
pub(crate) struct Told<'a> {
    pub(crate) release: &'a LoadedRelease,
    pub(crate) predicted: &'a Predicted,
    /// What the policy makes of it, row by row.
    pub(crate) classes: &'a [Option<usize>],
    pub(crate) outcome: &'a Outcome,
}

impl LoadedRelease {
    /// What a policy makes of predictions: positions in the release's classes; `None` for a number.
    pub(crate) fn classes(
        &self,
        policy: &Policy,
        predicted: &Predicted,
        rows: usize,
    ) -> Vec<Option<usize>> {
        let class = |row| policy.class(self.output()?.task, predicted.row(row));
        (0..rows).map(class).collect()
    }
}

impl Payloads {
    /// Of rows with an answer.
    pub(crate) fn answered(head: &[u8], inputs: &Inputs, told: &Told<'_>) -> Self {
        let Told { release, predicted, classes, outcome } = told;
        let output = release.output();
        Self::write(head, inputs, |row, out| {
            match output {
                Some(_) => write_prediction(out, predicted.row(row)),
                None => write_outputs(out, release.signature(), predicted, row),
            }
            if let Some((class, output)) = classes[row].zip(output) {
                out.extend_from_slice(b",\"decision\":");
                write_json(out, &output.classes[class]);
            }
            let flags = violations_of(outcome, row).map(ViolationText::from);
            let flags: Vec<_> = flags.collect();
            if !flags.is_empty() {
                out.extend_from_slice(b",\"flags\":");
                write_json(out, &flags);
            }
            out.push(b'}');
        })
    }

    /// Of rows that the contract refused.
    pub(crate) fn refused(head: &[u8], inputs: &Inputs, outcome: &Outcome) -> Self {
        Self::write(head, inputs, |row, out| {
            let violations = violations_of(outcome, row).map(ViolationText::from);
            out.extend_from_slice(b"{\"violations\":");
            write_json(out, &violations.collect::<Vec<_>>());
            out.push(b'}');
        })
    }

    /// Of rows that the model did not answer.
    pub(crate) fn failed(head: &[u8], inputs: &Inputs, code: &str) -> Self {
        Self::write(head, inputs, |_, out| {
            out.extend_from_slice(b"{\"error\":");
            write_json(out, code);
            out.push(b'}');
        })
    }
}

/// The records of rows, each under a salt of its own.
pub(crate) fn records(
    kind: Kind,
    ids: &[DecisionId],
    payloads: Payloads,
    entropy: &dyn Entropy,
) -> Vec<Record<Bytes>> {
    let mut salts = vec![[0; 16]; ids.len()];
    entropy.fill(salts.as_flattened_mut());
    let rows = ids.iter().zip(salts).zip(payloads.into_rows());
    let record = |((id, salt), payload): ((&DecisionId, _), _)| Record {
        kind,
        id: id.into_bytes(),
        salt,
        payload,
    };
    rows.map(record).collect()
}
