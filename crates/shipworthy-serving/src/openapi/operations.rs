//! The routes and what each answers. A route of the router that is not here fails a test.

use serde_json::{Value, json};

/// Groups of routes.
pub(super) const TAGS: [(&str, &str); 4] = [
    ("v1", "KServe V1: rows of JSON."),
    ("v2", "The Open Inference Protocol V2: tensors, as JSON or in binary."),
    ("mlflow", "MLflow's scoring protocol, which SageMaker speaks too: pandas frames and CSV."),
    ("server", "The server itself."),
];

/// One method of one path.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    /// By their names in the components.
    pub(super) parameters: &'static [&'static str],
    pub(super) body: Option<Value>,
    pub(super) answers: Vec<(u16, Value)>,
    /// Statuses that are answered with `{error, code, hint}`.
    pub(super) failures: &'static [u16],
    /// Whether it needs no token anywhere.
    pub(super) is_open: bool,
}

/// What can befall a request for decisions.
const DECISION: &[u16] = &[400, 401, 403, 404, 413, 415, 422, 500, 502, 503, 504];
/// What can befall a question about a model.
const NAMED: &[u16] = &[400, 401, 403, 404];
const GUARDED: &[u16] = &[401, 403];

/// All routes.
pub(super) fn all() -> Vec<Operation> {
    let mut all = server();
    all.extend(v1());
    all.extend(v2_about());
    all.extend(v2_infer());
    all.extend(mlflow());
    all
}

/// A question without a body; the rest is changed where it differs.
fn get(path: &'static str, id: &'static str, summary: &'static str, answer: Value) -> Operation {
    Operation {
        path,
        method: "get",
        id,
        tag: "server",
        summary,
        parameters: &[],
        body: None,
        answers: vec![(200, answer)],
        failures: GUARDED,
        is_open: false,
    }
}

fn server() -> Vec<Operation> {
    let document = json!({
        "description": "An OpenAPI 3.1 document.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    });
    vec![get("/openapi.json", "getOpenApi", "This document.", document)]
}

fn v1() -> Vec<Operation> {
    let not_ready = (503, content("The model is there, but not ready.", "ModelReadiness"));
    let alive = content("The process answers.", "Alive");
    let model = get(
        "/v1/models/{model}",
        "getModelV1",
        "Whether a model is ready.",
        content("The model is ready.", "ModelReadiness"),
    );
    let list = content("The names of the models.", "ModelList");
    vec![
        Operation {
            tag: "v1",
            failures: &[],
            is_open: true,
            ..get("/", "getLiveV1", "Whether the process answers at all.", alive)
        },
        Operation { tag: "v1", ..get("/v1/models", "listModelsV1", "The models.", list) },
        Operation {
            tag: "v1",
            parameters: &["model"],
            answers: vec![model.answers[0].clone(), not_ready],
            failures: NAMED,
            ..model
        },
        Operation {
            method: "post",
            tag: "v1",
            parameters: &["model", "x-shipworthy-slot", "traceparent"],
            body: Some(json_body("PredictRequest")),
            failures: DECISION,
            ..get(
                "/v1/models/{model}:predict",
                "predictV1",
                "Decisions for rows.",
                decided("One prediction a row, in their order.", "PredictResponse"),
            )
        },
    ]
}

fn v2_about() -> Vec<Operation> {
    let v2 = |path, id, summary, about: &str, schema| Operation {
        tag: "v2",
        ..get(path, id, summary, content(about, schema))
    };
    let open = |operation| Operation { is_open: true, failures: &[], ..operation };
    let ready = v2(
        "/v2/health/ready",
        "getServerReadyV2",
        "Whether decisions are given.",
        "Decisions are given.",
        "ServerReadiness",
    );
    let not_ready = (503, content("No decisions are given now.", "ServerReadiness"));
    let index = v2(
        "/v2/repository/index",
        "indexRepositoryV2",
        "The models with their release as version.",
        "All models.",
        "RepositoryIndex",
    );
    let filter = json!({
        "description": "Taken as Triton has it, and ignored.",
        "content": {"application/json": {}},
    });
    let server = "Name, version and extensions.";
    let live = "Whether the process answers at all.";
    let mut all = vec![
        v2("/v2", "getServerV2", "The server.", server, "ServerMetadata"),
        open(v2("/v2/health/live", "getServerLiveV2", live, "It does.", "ServerLiveness")),
        open(Operation { answers: vec![ready.answers[0].clone(), not_ready], ..ready }),
        Operation { method: "post", body: Some(filter), ..index },
    ];
    let versioned: &[&str] = &["model", "version"];
    for (metadata, readiness, ids, parameters) in [
        (
            "/v2/models/{model}",
            "/v2/models/{model}/ready",
            ["getModelV2", "getModelReadyV2"],
            &["model"][..],
        ),
        (
            "/v2/models/{model}/versions/{version}",
            "/v2/models/{model}/versions/{version}/ready",
            ["getModelVersionV2", "getModelVersionReadyV2"],
            versioned,
        ),
    ] {
        let about = "Inputs and outputs of a model.";
        let described = v2(metadata, ids[0], about, about, "ModelMetadata");
        all.push(Operation { parameters, failures: NAMED, ..described });
        let about = "Whether a model is ready.";
        let ready = v2(readiness, ids[1], about, "It is.", "ModelReadiness");
        let not_ready = (503, content("It is not.", "ModelReadiness"));
        let answers = vec![ready.answers[0].clone(), not_ready];
        all.push(Operation { parameters, answers, failures: NAMED, ..ready });
    }
    all
}

fn v2_infer() -> Vec<Operation> {
    let mut answer = decided("The outputs that were asked for.", "InferResponse");
    answer["headers"]["Inference-Header-Content-Length"] =
        json!({"$ref": "#/components/headers/Inference-Header-Content-Length"});
    // Either kind may have values in binary behind its JSON.
    answer["content"]["application/octet-stream"] = json!({});
    let mut body = json_body("InferRequest");
    body["content"]["application/octet-stream"] = json!({});
    let infer = |path, id, parameters| Operation {
        method: "post",
        tag: "v2",
        parameters,
        body: Some(body.clone()),
        failures: DECISION,
        ..get(path, id, "Decisions for tensors.", answer.clone())
    };
    let one: &[&str] =
        &["model", "inference-header-content-length", "x-shipworthy-slot", "traceparent"];
    let versioned = &[
        "model",
        "version",
        "inference-header-content-length",
        "x-shipworthy-slot",
        "traceparent",
    ];
    vec![
        infer("/v2/models/{model}/infer", "inferV2", one),
        infer("/v2/models/{model}/versions/{version}/infer", "inferVersionV2", versioned),
    ]
}

fn mlflow() -> Vec<Operation> {
    let health = |path, id| Operation {
        tag: "mlflow",
        answers: vec![
            (200, json!({"description": "Decisions are given."})),
            (503, json!({"description": "No decisions are given now."})),
        ],
        failures: &[],
        is_open: true,
        ..get(path, id, "Whether decisions are given.", Value::Null)
    };
    let version = json!({
        "description": "This program's version.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    });
    let mut body = json_body("ScoringRequest");
    body["content"]["text/csv"] = json!({
        "schema": {"type": "string", "description": "A header line, then one line a row; an empty \
            cell is a missing value."},
        "example": "amount,channel\n12.5,web\n,store\n",
    });
    vec![
        health("/ping", "pingMlflow"),
        health("/health", "getHealthMlflow"),
        Operation {
            tag: "mlflow",
            ..get("/version", "getVersionMlflow", "The program's version.", version)
        },
        Operation {
            method: "post",
            tag: "mlflow",
            parameters: &["x-shipworthy-model", "x-shipworthy-slot", "traceparent"],
            body: Some(body),
            failures: DECISION,
            ..get(
                "/invocations",
                "invokeMlflow",
                "Decisions for a table.",
                decided("One prediction a row, in their order.", "ScoringResponse"),
            )
        },
    ]
}

fn content(about: &str, schema: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"description": about, "content": {"application/json": {"schema": schema}}})
}

/// An answer that names its release and its records in headers.
fn decided(about: &str, schema: &str) -> Value {
    let mut answer = content(about, schema);
    answer["headers"] = super::schemas::decision_headers();
    answer
}

fn json_body(schema: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}
