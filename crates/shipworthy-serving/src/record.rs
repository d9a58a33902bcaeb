//! Station 6: what the ledger keeps of a request, one record a row.
//!
//! A payload is one JSON object, readable without this program: when, which endpoint, release and
//! slot, how it ended, the declared columns as they came, and what was answered. Columns that the
//! contract does not declare are not kept.

mod rows;

use std::io::Write;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shipworthy_contract::Violation;
use shipworthy_ledger::Kind;
use shipworthy_models::Signature;
use shipworthy_rows::{Cell, Misfit, RowBatch, Timestamp};

use crate::predict::Predicted;
use crate::release::LoadedRelease;
use crate::trace::TraceId;
pub(crate) use rows::{Told, records};

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// With a decision.
    Answered,
    /// Refused by the contract (this row or another one of its request).
    Refused,
    /// Refused, and kept for review.
    Quarantined,
    /// Without the model, for the endpoint was stopped: with the safe answer, or with none.
    Stopped,
    /// Without an answer of the model. Of shadows alone: nobody else is recorded who did not answer.
    Failed,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Answered, Self::Refused, Self::Quarantined, Self::Stopped, Self::Failed];

    /// The kind of its record, when callers were told.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Answered | Self::Stopped => Kind::DECISION,
            Self::Refused => Kind::REFUSAL,
            Self::Quarantined => Kind::QUARANTINE,
            Self::Failed => Kind::SHADOW,
        }
    }

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Quarantined => "quarantined",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// A record's payload, read back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// When the request was accepted.
    pub received_at: Timestamp,
    /// The endpoint that was called.
    pub endpoint: String,
    /// The release that answered or refused.
    pub release: String,
    /// Its slot.
    pub slot: String,
    /// How the row ended.
    pub status: Status,
    /// The declared columns as they came: an object.
    pub input: Box<RawValue>,
    /// What was answered: an object.
    pub output: Box<RawValue>,
    /// From acceptance to the record, in microseconds.
    pub latency_us: u64,
    /// The caller's trace, 32 hexadecimal digits, when it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The version of a model on another server that answered, if that server tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
}

/// A broken rule as it stands in answers and records.
#[derive(Debug, Serialize)]
pub struct ViolationText<'a> {
    row: usize,
    column: &'a str,
    rule: &'static str,
    value: Box<RawValue>,
    hint: &'a str,
}

impl<'a> From<&'a Violation> for ViolationText<'a> {
    fn from(violation: &'a Violation) -> Self {
        Self {
            row: violation.row,
            column: &violation.column,
            rule: violation.rule.name(),
            value: json(&violation.value),
            hint: &violation.hint,
        }
    }
}

/// Broken rules as they stand in records: a JSON array.
pub fn violations_json<'a>(violations: impl IntoIterator<Item = &'a Violation>) -> String {
    let mut text = Vec::new();
    write_json(&mut text, &violations.into_iter().map(ViolationText::from).collect::<Vec<_>>());
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Text as a JSON value: as it is when it is JSON, else as a string.
fn json(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned())
        .or_else(|_| serde_json::value::to_raw_value(text))
        .expect("a string is JSON")
}

/// The declared columns of each row as they came, as JSON objects.
#[derive(Debug)]
pub(crate) struct Inputs {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Inputs {
    /// Writes the rows down before the contract replaces anything in them.
    pub(crate) fn write(release: &LoadedRelease, batch: &RowBatch, misfits: &[Misfit]) -> Self {
        /// A number, a code or a short text.
        const EXPECTED_VALUE_BYTES: usize = 8;
        let keys = release.keys();
        let row_bytes: usize = keys.iter().map(|key| key.len() + EXPECTED_VALUE_BYTES).sum();
        let mut inputs = Self {
            text: Vec::with_capacity(batch.rows() * row_bytes),
            ends: Vec::with_capacity(batch.rows()),
        };
        for row in 0..batch.rows() {
            let mut separator = b'{';
            for (column, key) in keys.iter().enumerate() {
                inputs.text.push(separator);
                separator = b',';
                inputs.text.extend_from_slice(key.as_bytes());
                let misfit = || misfits.iter().find(|m| m.row == row && m.column == column);
                if batch.schema().fields()[column].width == 1 {
                    write_cell(&mut inputs.text, batch.columns()[column].cell(row), misfit);
                } else if let Some(misfit) = misfit() {
                    inputs.text.extend_from_slice(json(&misfit.found).get().as_bytes());
                } else {
                    write_cells(&mut inputs.text, batch.cells(row, column));
                }
            }
            inputs.text.push(b'}');
            inputs.ends.push(inputs.text.len());
        }
        inputs
    }

    /// One row's object.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.text[start..self.ends[row]]
    }
}

fn write_cell<'a>(out: &mut Vec<u8>, cell: Cell<'_>, misfit: impl Fn() -> Option<&'a Misfit>) {
    match cell {
        Cell::Missing => match misfit() {
            Some(misfit) => out.extend_from_slice(json(&misfit.found).get().as_bytes()),
            None => out.extend_from_slice(b"null"),
        },
        Cell::Boolean(value) => write_json(out, &value),
        Cell::Integer(value) => write_json(out, &value),
        Cell::Float(value) => write_float(out, value),
        Cell::String(value) => write_json(out, value),
        Cell::Timestamp(value) => write_json(out, &value),
    }
}

/// A float as [`write_json`] has it: most are whole, and those are written faster as integers.
fn write_float(out: &mut Vec<u8>, value: f64) {
    /// Below, all digits of a whole number are written out.
    const EXPONENT_FROM: f64 = 1e15;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "of what is no such integer nothing is made"
    )]
    let whole = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
    let is_whole = (whole as f64).to_bits() == value.to_bits() && value.abs() < EXPONENT_FROM;
    if is_whole {
        write_json(out, &whole);
        out.extend_from_slice(b".0");
    } else {
        write_json(out, &value);
    }
}

/// The elements of a tensor, row-major.
fn write_cells<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = Cell<'a>>) {
    let mut separator = b'[';
    for cell in cells {
        out.push(separator);
        separator = b',';
        write_cell(out, cell, || None);
    }
    out.push(b']');
}

/// `{"prediction":…`: a number, or an array of one per class.
pub(crate) fn write_prediction(out: &mut Vec<u8>, prediction: &[f64]) {
    out.extend_from_slice(b"{\"prediction\":");
    match prediction {
        [value] => write_json(out, value),
        values => write_json(out, values),
    }
}

/// `{"label":…,"probabilities":[…]`: all outputs of a bare model file.
pub(crate) fn write_outputs(
    out: &mut Vec<u8>,
    signature: &Signature,
    predicted: &Predicted,
    row: usize,
) {
    let mut separator = b'{';
    for (tensor, column) in signature.outputs.iter().zip(&predicted.outputs) {
        out.push(separator);
        separator = b',';
        write_json(out, &*tensor.name);
        out.push(b':');
        let width = tensor.width();
        match width {
            1 => write_cell(out, column.cell(row), || None),
            _ => write_cells(out, (row * width..(row + 1) * width).map(|at| column.cell(at))),
        }
    }
}

/// Appends a value as JSON; numbers that JSON does not know become `null`.
pub(crate) fn write_json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("writing JSON to memory cannot fail");
}

/// What all records of a request have in common.
#[derive(Debug)]
pub(crate) struct Circumstances<'a> {
    pub(crate) received_at: Timestamp,
    pub(crate) endpoint: &'a str,
    pub(crate) release: &'a str,
    pub(crate) slot: &'static str,
    pub(crate) status: Status,
    pub(crate) latency_us: u64,
    pub(crate) trace_id: Option<TraceId>,
    /// What another server says has answered.
    pub(crate) model_version: Option<&'a str>,
}

impl Circumstances<'_> {
    /// What the payload of every row begins with, up to its input.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut out = Vec::from(b"{\"received_at\":");
        write_json(&mut out, &self.received_at);
        out.extend_from_slice(b",\"endpoint\":");
        write_json(&mut out, self.endpoint);
        out.extend_from_slice(b",\"release\":");
        write_json(&mut out, self.release);
        // Slot, status and latency need no escapes.
        let Self { slot, latency_us, .. } = self;
        let status = self.status.name();
        write!(out, ",\"slot\":\"{slot}\",\"status\":\"{status}\",\"latency_us\":{latency_us}")
            .expect("writing to memory cannot fail");
        if let Some(trace_id) = self.trace_id {
            write!(out, ",\"trace_id\":\"{trace_id}\"").expect("writing to memory cannot fail");
        }
        if let Some(model_version) = self.model_version {
            out.extend_from_slice(b",\"model_version\":");
            write_json(&mut out, model_version);
        }
        out.extend_from_slice(b",\"input\":");
        out
    }
}

/// The payloads of a request's rows, one after another in one piece of memory.
#[derive(Debug)]
pub(crate) struct Payloads {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Payloads {
    /// Writes a payload for each input; `output` appends what was answered to a row, a JSON object.
    pub(crate) fn write(
        head: &[u8],
        inputs: &Inputs,
        mut output: impl FnMut(usize, &mut Vec<u8>),
    ) -> Self {
        /// A prediction and a decision, or a broken rule.
        const EXPECTED_OUTPUT_BYTES: usize = 128;
        let rows = inputs.ends.len();
        let bytes = inputs.text.len() + rows * (head.len() + EXPECTED_OUTPUT_BYTES);
        let mut payloads = Self { text: Vec::with_capacity(bytes), ends: Vec::with_capacity(rows) };
        for row in 0..rows {
            let text = &mut payloads.text;
            text.extend_from_slice(head);
            text.extend_from_slice(inputs.row(row));
            text.extend_from_slice(b",\"output\":");
            output(row, text);
            text.push(b'}');
            payloads.ends.push(text.len());
        }
        payloads
    }

    /// Each row's payload.
    pub(crate) fn into_rows(self) -> impl Iterator<Item = Bytes> {
        let mut text = Bytes::from(self.text);
        let mut start = 0;
        self.ends
            .into_iter()
            .map(move |end| text.split_to(end - std::mem::replace(&mut start, end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: f64) -> (String, String) {
        let (mut fast, mut plain) = (Vec::new(), Vec::new());
        write_float(&mut fast, value);
        write_json(&mut plain, &value);
        (String::from_utf8(fast).unwrap(), String::from_utf8(plain).unwrap())
    }

    #[test]
    fn a_float_has_one_text_at_the_ends_too() {
        let ends = [0.0, 1e15, 1e16, 9_007_199_254_740_993.0, 1e19, f64::MAX, f64::INFINITY];
        for end in ends.into_iter().chain([f64::NAN, f64::MIN_POSITIVE]) {
            for value in [end, -end, end.next_down(), -end.next_up()] {
                let (fast, plain) = written(value);
                assert_eq!(fast, plain);
            }
        }
    }

    proptest! {
        #[test]
        fn a_float_has_one_text(any: f64, whole: i64, bits in 0..63) {
            #[expect(clippy::cast_precision_loss, reason = "any float will do")]
            let whole = (whole >> bits) as f64;
            for value in [any, whole, whole / 8.0] {
                let (fast, plain) = written(value);
                prop_assert_eq!(fast, plain);
            }
        }
    }
}
