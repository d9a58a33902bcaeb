//! Station 3: from a protocol's bytes to rows of the release's schema.
//!
//! One decoder per wire format, all into a [`Decoded`]; no protocol knows another. A value that is
//! not of its column's type is a misfit and missing: what follows from it is for the contract.

mod cell;
pub(crate) mod infer_v2;
pub(crate) mod predict_v1;

use std::sync::Arc;

use shipworthy_rows::{Column, Misfit, RowBatch, Schema};

use crate::Failure;

/// A request's rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) batch: RowBatch,
    pub(crate) misfits: Vec<Misfit>,
    /// Values of columns that the schema does not have.
    pub(crate) undeclared: usize,
}

/// The wire formats of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// KServe V1: `{"instances": [{"column": value}]}`.
    PredictV1,
    /// Open Inference Protocol V2: `{"inputs": [{"name", "shape", "datatype", "data"}]}`.
    InferV2,
}

impl Wire {
    /// Reads a body as rows of `schema`, at most `max_rows`.
    pub(crate) fn decode(
        self,
        body: &[u8],
        schema: &Arc<Schema>,
        max_rows: usize,
    ) -> Result<Decoded, Failure> {
        match self {
            Self::PredictV1 => predict_v1::decode(body, schema, max_rows),
            Self::InferV2 => infer_v2::decode(body, schema, max_rows),
        }
    }
}

fn empty_columns(schema: &Schema, rows: usize) -> Vec<Column> {
    schema.fields().iter().map(|field| Column::with_capacity(field.data_type, rows)).collect()
}

fn malformed(error: &serde_json::Error) -> Failure {
    // serde_json ends its messages with the position, which is told apart here.
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    Failure::Malformed { line: error.line(), column: error.column(), message: message.to_owned() }
}
