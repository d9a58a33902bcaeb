//! Station 3: from a protocol's bytes to rows of the release's schema.
//!
//! One decoder per wire format, all into a [`Decoded`]; no protocol knows another. A value that is
//! not of its column's type is a misfit and missing: what follows from it is for the contract.

mod cell;
mod columns;
mod csv;
mod fragment;
pub(crate) mod infer_grpc;
pub(crate) mod infer_v2;
mod mlflow_json;
mod nested;
mod plain;
pub(crate) mod predict_v1;
mod row;
mod stand_ins;
mod tensors;

use std::sync::Arc;

use shipworthy_rows::{Column, Misfit, RowBatch, Schema};

use crate::Failure;
use crate::release::LoadedRelease;

/// A request's rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) batch: RowBatch,
    pub(crate) misfits: Vec<Misfit>,
    /// Values of columns that the schema does not have.
    pub(crate) undeclared: usize,
}

/// The answer of another server, decoded.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) decoded: Decoded,
    /// The outputs that it has.
    pub(crate) names: Vec<String>,
    /// Which version of the model answered, if it says so.
    pub(crate) model_version: Option<String>,
}

/// The rows that a release takes, and how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) schema: &'a Arc<Schema>,
    /// The columns that the model sees, for clients that name none.
    pub(crate) features: &'a [usize],
    pub(crate) max_rows: usize,
}

impl<'a> Rows<'a> {
    /// The rows of a release, within a limit: fewer where rows are tensors, for a value that a
    /// request leaves out takes its place in memory all the same.
    pub(crate) fn of(release: &'a LoadedRelease, max_rows: usize) -> Self {
        /// 128 MiB of numbers.
        const MAX_VALUES: usize = 1 << 24;
        let schema = release.schema();
        let width: usize = schema.fields().iter().map(|field| field.width).sum();
        let max_rows = max_rows.min((MAX_VALUES / width.max(1)).max(1));
        Self { schema, features: release.features(), max_rows }
    }
}

/// The wire formats of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// KServe V1: `{"instances": [{"column": value}]}`.
    PredictV1,
    /// Open Inference Protocol V2: `{"inputs": [{"name", "shape", "datatype", "data"}]}`.
    InferV2 {
        /// The length of the JSON head, when values in binary follow it.
        json_bytes: Option<usize>,
    },
    /// The same over gRPC: a `ModelInferRequest`.
    InferGrpc,
    /// MLflow's scoring protocol: `{"dataframe_split": {"columns", "data"}}` and others.
    MlflowJson,
    /// CSV with a header line.
    Csv,
}

impl Wire {
    /// Reads a body as the wanted rows.
    pub(crate) fn decode(self, body: &[u8], wanted: Rows<'_>) -> Result<Decoded, Failure> {
        match self {
            Self::PredictV1 => predict_v1::decode(body, wanted),
            Self::InferV2 { json_bytes } => infer_v2::decode(body, json_bytes, wanted),
            Self::InferGrpc => infer_grpc::decode(body, wanted),
            Self::MlflowJson => mlflow_json::decode(body, wanted),
            Self::Csv => csv::decode(body, wanted),
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
