//! The door behind its routers: plans made by hand, a ledger in memory, a clock that stands still.

mod choosing;
mod expecting;
mod stopped;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use prost::Message as _;
use serde_json::{Value, json};
use shipworthy_contract::{ColumnRules, Contract, OnViolation, Role, RowExpectation};
use shipworthy_core::{Output, Policy, ReleaseId, SeededEntropy, SimulatedClock, Task};
use shipworthy_ledger::{MemoryDisk, Options, Reader, Writer, open};
use shipworthy_models::{
    Description, Feature, FeatureKind, FeatureMatrix, Model, ModelFile, Predictions, Transform,
};
use shipworthy_rows::{DataType, Timestamp};
use tower::ServiceExt;

use super::*;
use crate::protobuf::messages;
use crate::record::Recorded;
use crate::release::LoadedRelease;
use crate::{Callers, Endpoint, Limits, Plan, Ports};

const NAME: &str = "flight-delay";

/// Tokens that are called by their roles.
struct ByRole;

impl Callers for ByRole {
    fn may_call(&self, token: &str) -> Option<bool> {
        match token {
            "operator" | "caller" => Some(true),
            "auditor" => Some(false),
            _ => None,
        }
    }

    fn may_choose(&self, token: &str) -> bool {
        token == "operator"
    }
}

/// Answers the same numbers whatever it is asked, and counts how often it is.
#[derive(Debug)]
struct Constant {
    description: Description,
    asked: AtomicUsize,
}

impl Constant {
    fn new(outputs: usize) -> Arc<Self> {
        let feature =
            Feature { name: "distance".into(), kind: FeatureKind::Numeric, levels: Vec::new() };
        let description = Description {
            format: "constant",
            objective: "none".to_owned(),
            transform: Transform::Identity,
            features: vec![feature],
            outputs,
            trees: 0,
            trees_in_file: 0,
        };
        Arc::new(Self { description, asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// A release of it, with one column that must not be negative.
    fn release(self: &Arc<Self>, byte: u8, task: Task) -> Arc<LoadedRelease> {
        self.release_expecting(byte, task, Vec::new())
    }

    /// The same, with more that is expected.
    fn release_expecting(
        self: &Arc<Self>,
        byte: u8,
        task: Task,
        expectations: Vec<RowExpectation>,
    ) -> Arc<LoadedRelease> {
        let classes: &[&str] = match task {
            Task::Binary => &["not_late", "late"],
            Task::Multiclass => &["early", "on_time", "late"],
            Task::Regression => &[],
        };
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        let output = Output { task, target: "late".to_owned(), classes };
        let column = ColumnRules {
            name: "distance".to_owned(),
            data_type: DataType::Float,
            width: 1,
            role: Role::Feature,
            required: true,
            min: Some(0.0),
            max: None,
            one_of: None,
            categories: None,
            on_violation: OnViolation::Reject,
            default: None,
        };
        let contract = Contract { columns: vec![column], expectations };
        let id = ReleaseId::from_sha256(&[byte; 32]);
        let model = ModelFile::Matrix(Arc::clone(self) as Arc<dyn Model>);
        Arc::new(LoadedRelease::new(id, None, output, contract, &model).unwrap())
    }
}

impl Model for Constant {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn predict(
        &self,
        features: &FeatureMatrix,
        out: &mut Predictions,
    ) -> Result<(), shipworthy_models::Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        out.reset(features.rows(), self.description.outputs, self.description.outputs);
        out.transform_mut().1.fill(0.75);
        Ok(())
    }
}

fn policy(safe_answer: Option<&str>) -> Policy {
    Policy { threshold: 0.5, safe_answer: safe_answer.map(str::to_owned) }
}

/// A server without a network.
struct Bench {
    serving: Arc<Serving>,
    writer: Mutex<Writer>,
    disk: Arc<MemoryDisk>,
    is_open: bool,
}

impl Bench {
    /// On loopback, with one endpoint.
    fn new(endpoint: Endpoint) -> Self {
        let disk = Arc::new(MemoryDisk::new(1 << 20));
        let (ledger, writer, _) = open(disk.clone(), [7; 16], Options::default()).unwrap();
        let ports = Ports {
            clock: Arc::new(SimulatedClock::at(Timestamp::from_millis(1_700_000_000_000))),
            entropy: Arc::new(SeededEntropy::new(7)),
            ledger,
        };
        let limits = Limits {
            max_body_bytes: 1 << 16,
            max_rows: 100,
            request_timeout: Duration::from_secs(10),
            max_inflight: 4,
        };
        let endpoints = BTreeMap::from([(endpoint.name.clone(), endpoint)]);
        let serving = Arc::new(Serving::new(Plan { endpoints, limits }, ports, 1));
        Self { serving, writer: Mutex::new(writer), disk, is_open: true }
    }

    fn doorkeeper(&self) -> Doorkeeper {
        Doorkeeper { callers: Arc::new(ByRole), is_open: self.is_open }
    }

    /// Makes what is waiting durable.
    fn commit(&self) {
        self.writer.lock().unwrap().commit_queued();
    }

    /// What `router` answers to a post, the ledger being written meanwhile.
    async fn answer(&self, router: Router, request: Request) -> (StatusCode, HeaderMap, Bytes) {
        let committing = async {
            loop {
                self.commit();
                tokio::task::yield_now().await;
            }
        };
        let response = tokio::select! {
            biased;
            response = router.oneshot(request) => response.unwrap(),
            never = committing => never,
        };
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap())
    }

    /// Posts JSON over HTTP.
    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let request = request(path, headers, "application/json", body.to_string().into());
        let router = router(Arc::clone(&self.serving), self.doorkeeper());
        let (status, headers, body) = self.answer(router, request).await;
        Reply { status: status.as_u16(), headers, body: serde_json::from_slice(&body).unwrap() }
    }

    /// Asks for decisions about distances by KServe V1.
    async fn predict(&self, headers: &[(&str, &str)], distances: &[f64]) -> Reply {
        let rows: Vec<_> = distances.iter().map(|km| json!({"distance": km})).collect();
        let path = format!("/v1/models/{NAME}:predict");
        self.post(&path, headers, &json!({"instances": rows})).await
    }

    /// The same over gRPC; gives the answer's headers and its message without the frame.
    async fn infer_grpc(&self, headers: &[(&str, &str)], distances: &[f64]) -> (HeaderMap, Bytes) {
        let contents = messages::Contents { fp64_contents: distances.to_vec(), ..<_>::default() };
        let input = messages::Tensor {
            name: "distance".to_owned(),
            datatype: "FP64".to_owned(),
            shape: vec![i64::try_from(distances.len()).unwrap()],
            contents: Some(contents),
            ..<_>::default()
        };
        let call = messages::Request {
            model_name: NAME.to_owned(),
            inputs: vec![input],
            ..<_>::default()
        };
        let message = call.encode_to_vec();
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let body = [&[0], &length[..], &message].concat();
        let path = "/inference.GRPCInferenceService/ModelInfer";
        let request = request(path, headers, "application/grpc", body.into());
        let router = grpc::router(Arc::clone(&self.serving), self.doorkeeper());
        let (_, headers, body) = self.answer(router, request).await;
        let message = body.slice(body.len().min(5)..);
        (headers, message)
    }

    /// What the ledger keeps of each row.
    fn recorded(&self) -> Vec<Recorded> {
        let watermark = self.serving.ports.ledger.watermark();
        let reader = Reader::open(self.disk.clone(), Some(watermark)).unwrap();
        let entries = reader.entries(0).map(Result::unwrap);
        entries.map(|entry| serde_json::from_slice(entry.payload().unwrap()).unwrap()).collect()
    }
}

fn request(path: &str, headers: &[(&str, &str)], kind: &str, body: Body) -> Request {
    let mut request = Request::post(path).header("content-type", kind);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// An answer over HTTP.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
