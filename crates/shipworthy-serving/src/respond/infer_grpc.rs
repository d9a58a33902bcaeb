//! Open Inference Protocol V2, gRPC: a `ModelInferResponse`.
//!
//! Who sent raw values is answered raw, who sent typed ones typed. Half precision has no typed
//! form, so an answer with such an output is raw as a whole.

use shipworthy_models::Element;
use shipworthy_rows::Cell;

use super::values::write_raw;
use crate::Answer;
use crate::decode::infer_grpc::{Envelope, contents_field};
use crate::protobuf::Message;
use crate::tensors::{self, OutputTensor};

/// Open Inference Protocol V2's answer, with the outputs that were asked for.
pub(crate) fn infer_grpc(answer: &Answer, envelope: &Envelope) -> Vec<u8> {
    let release = answer.release.id().as_str();
    let mut message = Message::default();
    message.text(1, &answer.endpoint).text(2, release).text(3, &envelope.id);
    let ids: Vec<_> = answer.decision_ids.iter().map(ToString::to_string).collect();
    parameter(&mut message, "release", release);
    if let Some(commit) = answer.release.commit() {
        parameter(&mut message, "commit", commit);
    }
    // Separated by commas, for parameters are no lists.
    parameter(&mut message, "decision_ids", &ids.join(","));
    if answer.is_stopped {
        let mut yes = Message::default();
        yes.number(1, true.into());
        entry(&mut message, "stopped", &yes);
    }
    let tensors = tensors::answered(answer);
    let wanted: Vec<_> = tensors.iter().filter(|tensor| envelope.wants(tensor.name)).collect();
    let is_raw =
        envelope.is_raw || wanted.iter().any(|tensor| contents_field(tensor.element).is_none());
    for tensor in &wanted {
        message.element(5, &output(tensor, is_raw).0);
    }
    if is_raw {
        for tensor in &wanted {
            let mut raw = Vec::new();
            write_raw(tensor, &mut raw);
            message.element(6, &raw);
        }
    }
    message.0
}

/// An entry of the map `parameters` whose value is a text.
fn parameter(message: &mut Message, name: &str, value: &str) {
    let mut choice = Message::default();
    choice.element(3, value.as_bytes());
    entry(message, name, &choice);
}

/// An entry of the map `parameters`.
fn entry(message: &mut Message, name: &str, choice: &Message) {
    let mut entry = Message::default();
    entry.text(1, name).element(2, &choice.0);
    message.element(4, &entry.0);
}

/// An `InferOutputTensor`, with its values unless they stand elsewhere.
fn output(tensor: &OutputTensor<'_>, is_raw: bool) -> Message {
    let (mut output, mut shape) = (Message::default(), Message::default());
    tensor.shape.iter().for_each(|axis| shape.varint(*axis as u64));
    output.text(1, tensor.name).text(2, tensor.element.name()).element(3, &shape.0);
    if let Some((field, _)) = contents_field(tensor.element).filter(|_| !is_raw) {
        output.element(5, &contents(tensor, field).0);
    }
    output
}

/// `InferTensorContents` with all values of a tensor.
fn contents(tensor: &OutputTensor<'_>, field: u32) -> Message {
    let mut contents = Message::default();
    if tensor.element == Element::Bytes {
        for at in 0..tensor.values.len() {
            let cell = tensor.values.cell(at);
            let text = if let Cell::String(text) = cell { text } else { "" };
            contents.element(field, text.as_bytes());
        }
        return contents;
    }
    let mut values = Message::default();
    if matches!(tensor.element, Element::Fp32 | Element::Fp64) {
        // A list of such numbers is as they stand in memory.
        write_raw(tensor, &mut values.0);
    } else {
        for at in 0..tensor.values.len() {
            values.varint(whole(tensor.values.cell(at)));
        }
    }
    contents.element(field, &values.0);
    contents
}

/// A whole number or boolean as a list of such holds it.
#[allow(clippy::cast_sign_loss, reason = "so numbers with signs are written")]
fn whole(cell: Cell<'_>) -> u64 {
    match cell {
        Cell::Integer(value) => value as u64,
        Cell::Boolean(value) => value.into(),
        _ => 0,
    }
}

#[cfg(test)]
#[path = "infer_grpc_tests.rs"]
mod tests;
