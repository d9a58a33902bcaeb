//! What the routes have in common: bodies, refusals, headers and parameters.

use serde_json::{Map, Value, json};

/// Each status of a refusal: its codes, and when it comes.
pub(super) const FAILURES: [(u16, &[&str], &str); 11] = [
    (400, &["malformed", "bad_request", "body_cut"], "No request of this protocol."),
    (401, &["unauthenticated"], "No token, or one that does not exist."),
    (403, &["forbidden"], "A token whose role may not call, or not choose the slot."),
    (404, &["unknown_model", "unknown_route"], "No such model or route."),
    (413, &["body_too_large", "too_many_rows"], "Above a limit of the server."),
    (415, &["unsupported_media_type", "unsupported_coding"], "A body of another kind or coding."),
    (422, &["contract_violation"], "Rows that break the contract; recorded, not answered."),
    (500, &["internal", "answer_withheld"], "A fault of the server, or of the model's answers."),
    (502, &["model_refused"], "The server that has the model did not answer these rows."),
    (
        503,
        &["not_ready", "overloaded", "not_recorded", "model_unavailable", "stopped"],
        "No decision is given now. Of a stopped endpoint the rows are recorded, and named.",
    ),
    (504, &["timeout"], "No answer within the time limit."),
];

/// Refusals by status.
pub(super) fn failures() -> Value {
    let mut responses = Map::new();
    for (status, codes, about) in FAILURES {
        // What only a recorded refusal has.
        let more: &[&str] =
            if status == 422 { &["violations", "decision_ids", "release"] } else { &[] };
        let mut response = json!({
            "description": about,
            "content": {"application/json": {"schema": {
                "$ref": "#/components/schemas/Failure",
                "properties": {"code": {"enum": codes}},
                "required": more,
            }}},
        });
        match status {
            401 => response["headers"] = references(&["WWW-Authenticate"]),
            415 => response["headers"] = references(&["Accept-Encoding"]),
            422 => response["headers"] = decision_headers(),
            500 => response["headers"] = decision_headers(),
            503 => response["headers"] = references(&["X-Shipworthy-Stopped"]),
            _ => {}
        }
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

fn references(headers: &[&str]) -> Value {
    let reference =
        |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    Value::Object(headers.iter().map(reference).collect())
}

/// The headers of every answered or refused request for decisions.
pub(super) fn decision_headers() -> Value {
    references(&[
        "X-Shipworthy-Release",
        "X-Shipworthy-Commit",
        "X-Shipworthy-Decision-Ids",
        "X-Shipworthy-Decision-Count",
        "X-Shipworthy-Stopped",
        "Content-Encoding",
        "traceparent",
    ])
}

/// Headers of answers.
pub(super) fn headers() -> Value {
    let header = |about: &str, required: bool, schema: Value| json!({"description": about, "required": required, "schema": schema});
    let text = || json!({"type": "string"});
    json!({
        "Accept-Encoding": header(
            "The content codings that are read, when the body's is not.", false, text()),
        "Content-Encoding": header(
            "How the body is coded, when the request's Accept-Encoding asks for it and the body \
             is long enough.", false, json!({"enum": ["gzip", "deflate"]})),
        "X-Shipworthy-Release": header(
            "The release that answered or refused.", true, json!({"type": "string"})),
        "X-Shipworthy-Commit": header(
            "The commit that the release follows from, when it is known.", false, text()),
        "X-Shipworthy-Decision-Ids": header(
            "The record of each row, separated by commas; only the first when \
             X-Shipworthy-Decision-Count stands beside it.", true, text()),
        "X-Shipworthy-Decision-Count": header(
            "The number of records, when they are too many to be listed in a header.",
            false, json!({"type": "integer"})),
        "X-Shipworthy-Stopped": header(
            "The endpoint is stopped: no model was asked.", false, json!({"const": "true"})),
        "Inference-Header-Content-Length": header(
            "The length of the JSON before the binary values, when there are such.",
            false, json!({"type": "integer"})),
        "WWW-Authenticate": header("Bearer.", true, text()),
        "traceparent": header(
            "W3C Trace Context: the caller's trace, with this server's part of it as parent; \
             absent when the request named no trace.", false, text()),
    })
}

/// Parameters of requests.
pub(super) fn parameters() -> Value {
    let path = |name: &str, about: &str| {
        json!({
            "name": name, "in": "path", "required": true, "description": about,
            "schema": {"type": "string", "minLength": 1, "pattern": "^[^/:]+$"},
        })
    };
    let header = |name: &str, about: &str, schema: Value| json!({"name": name, "in": "header", "required": false, "description": about, "schema": schema});
    let mut version = path("version", "The model's release, whole or its short id.");
    version["schema"]["pattern"] = json!("^[^/]+$");
    json!({
        "model": path("model", "The name of a model."),
        "version": version,
        "x-shipworthy-model": header(
            "X-Shipworthy-Model",
            "The model that is meant, where the server has several.",
            json!({"type": "string", "minLength": 1}),
        ),
        "x-shipworthy-slot": header(
            "X-Shipworthy-Slot",
            "For testers: the slot whose release answers, whatever the traffic's shares are. It \
             takes an operator's token, on loopback addresses too.",
            json!({"enum": ["stable", "candidate"]}),
        ),
        "inference-header-content-length": header(
            "Inference-Header-Content-Length",
            "The length of the JSON, when binary values follow it.",
            json!({"type": "integer", "minimum": 0}),
        ),
        "traceparent": header(
            "traceparent",
            "W3C Trace Context. A valid one is recorded and continued, any other ignored.",
            json!({"type": "string"}),
        ),
    })
}

/// Bodies of requests and answers.
pub(super) fn schemas() -> Value {
    let mut all = Map::new();
    for schemas in [shared(), rows(), tables(), tensors(), about()] {
        if let Value::Object(schemas) = schemas {
            all.extend(schemas);
        }
    }
    Value::Object(all)
}

fn shared() -> Value {
    let codes: Vec<_> = FAILURES.iter().flat_map(|(_, codes, _)| *codes).collect();
    json!({
        "Value": {
            "description": "A value of a column: true or false, a number, a text, a time as text, \
                or null where there is none. Of a tensor column a list, nested or not.",
        },
        "DecisionId": {"type": "string", "format": "uuid"},
        "Release": {"type": "string", "description": "sha256: and the digest of its manifest."},
        "Violation": {
            "type": "object",
            "required": ["row", "column", "rule", "value", "hint"],
            "properties": {
                "row": {"type": "integer", "minimum": 0},
                "column": {"type": "string", "description": "Of several their names, with commas."},
                "rule": {"type": "string", "description": "As min, or the name of an expectation."},
                "value": {"description": "As it came, shortened."},
                "hint": {"type": "string"},
            },
        },
        "Failure": {
            "type": "object",
            "required": ["error", "code", "hint"],
            "properties": {
                "error": {"type": "string", "description": "What was wrong, and where."},
                "code": {"enum": codes},
                "hint": {"type": "string", "description": "What to do."},
                "violations": {"type": "array", "items": reference("Violation")},
                "decision_ids": {"type": "array", "items": reference("DecisionId")},
                "release": reference("Release"),
            },
            "additionalProperties": false,
        },
    })
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

/// What each row got.
fn predictions() -> Value {
    json!({
        "type": "array",
        "description": "A row's probability, number, list of one per class, or, of a model with \
            several outputs, object by output; null where no model was asked.",
        "items": {"type": ["number", "string", "boolean", "array", "object", "null"]},
    })
}

/// KServe V1.
fn rows() -> Value {
    let value = || reference("Value");
    json!({
        "Row": {
            "description": "A record by column name, a list of the features' values in their \
                order, or the value of the only feature.",
            "anyOf": [{"type": "object", "additionalProperties": value()}, list(value()), value()],
        },
        "Rows": {"type": "array", "minItems": 1, "items": reference("Row")},
        "PredictRequest": {
            "type": "object",
            "required": ["instances"],
            "properties": {"instances": reference("Rows")},
        },
        "PredictResponse": {
            "type": "object",
            "required": ["predictions", "decision_ids", "release"],
            "properties": {
                "predictions": predictions(),
                "decisions": list(json!({"type": "string"})),
                "decision_ids": list(reference("DecisionId")),
                "release": reference("Release"),
                "commit": {"type": "string"},
                "flags": {
                    "description": "Broken rules that did not stop the answer.",
                    "type": "array", "items": reference("Violation"),
                },
                "stopped": {"const": true, "description": "The safe answer, of no model."},
            },
            "additionalProperties": false,
        },
    })
}

/// MLflow's scoring protocol.
fn tables() -> Value {
    let value = || reference("Value");
    let table = json!({
        "description": "Records, lists of the features' values in their order, or a list per \
            column.",
        "anyOf": [reference("Rows"), {"type": "object", "additionalProperties": list(value())}],
    });
    let forms = ["dataframe_split", "dataframe_records", "instances", "inputs"];
    let one_of = forms.map(|form| json!({"required": [form]}));
    json!({
        "ScoringRequest": {
            "type": "object",
            "properties": {
                "dataframe_split": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {
                        "columns": list(json!({"type": ["string", "integer"]})),
                        "data": reference("Rows"),
                        "index": {"description": "Ignored."},
                    },
                    "additionalProperties": false,
                },
                "dataframe_records": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "additionalProperties": value()},
                },
                "instances": table.clone(),
                "inputs": table,
                "params": {"type": ["object", "null"], "description": "Ignored, and counted."},
            },
            "oneOf": one_of,
        },
        "ScoringResponse": {
            "type": "object",
            "required": ["predictions"],
            "properties": {"predictions": predictions()},
            "additionalProperties": false,
        },
    })
}

/// The Open Inference Protocol's inference.
fn tensors() -> Value {
    let named = |more: Value| {
        let mut schema = json!({
            "type": "object",
            "required": ["name", "datatype", "shape"],
            "properties": {
                "name": {"type": "string"},
                "datatype": reference("Datatype"),
                "shape": list(json!({"type": "integer"})),
                "parameters": {"type": "object"},
            },
        });
        if let (Some(properties), Value::Object(more)) =
            (schema["properties"].as_object_mut(), more)
        {
            properties.extend(more);
        }
        schema
    };
    let names: Vec<_> = shipworthy_models::Element::ALL.iter().map(|(name, _)| *name).collect();
    let size = json!({"type": "object", "properties": {
        "binary_data_size": {"type": "integer", "minimum": 0},
    }});
    let data = || list(json!({"description": "A value, or a list of values of the next axis."}));
    let mut input = named(json!({"parameters": size, "data": data()}));
    input["properties"]["shape"] =
        json!({"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}});
    json!({
        "Datatype": {"enum": names},
        "TensorMetadata": named(json!({})),
        "InputTensor": input,
        "OutputTensor": named(json!({"parameters": size, "data": data()})),
        "InferRequest": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": {"type": ["string", "null"]},
                "parameters": {"type": "object", "properties": {
                    "binary_data_output": {"type": ["boolean", "null"]},
                }},
                "inputs": {"type": "array", "minItems": 1, "items": reference("InputTensor")},
                "outputs": {"type": ["array", "null"], "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string"},
                        "parameters": {"type": "object", "properties": {
                            "binary_data": {"type": ["boolean", "null"]},
                        }},
                    },
                }},
            },
        },
        "InferResponse": {
            "type": "object",
            "required": ["model_name", "model_version", "outputs"],
            "properties": {
                "model_name": {"type": "string"},
                "model_version": reference("Release"),
                "id": {"type": "string"},
                "parameters": {"type": "object", "properties": {
                    "release": reference("Release"),
                    "commit": {"type": "string"},
                    "decision_ids": {"type": "string", "description": "Separated by commas."},
                    "stopped": {"const": true},
                }},
                "outputs": list(reference("OutputTensor")),
            },
        },
    })
}

/// What the server says of itself and of its models.
fn about() -> Value {
    let object = |required: Value, properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let text = || json!({"type": "string"});
    let yes_or_no = || json!({"type": "boolean"});
    json!({
        "Alive": object(json!(["status"]), json!({"status": {"const": "alive"}})),
        "ModelList": object(json!(["models"]), json!({"models": list(text())})),
        "ModelReadiness": object(
            json!(["name", "ready"]), json!({"name": text(), "ready": yes_or_no()})),
        "ServerLiveness": object(json!(["live"]), json!({"live": {"const": true}})),
        "ServerReadiness": object(
            json!(["live", "ready"]),
            json!({"live": {"const": true}, "ready": yes_or_no(), "error": text()})),
        "ServerMetadata": object(
            json!(["name", "version", "extensions"]),
            json!({"name": text(), "version": text(), "extensions": list(text())})),
        "ModelMetadata": object(
            json!(["name", "versions", "platform", "inputs", "outputs"]),
            json!({
                "name": text(),
                "versions": list(text()),
                "platform": text(),
                "inputs": list(reference("TensorMetadata")),
                "outputs": list(reference("TensorMetadata")),
                "parameters": object(
                    json!(["contract", "output"]),
                    json!({"contract": {"type": "object"}, "output": {"type": "object"}})),
            })),
        "RepositoryIndex": list(object(
            json!(["name", "version", "state", "reason"]),
            json!({
                "name": text(),
                "version": reference("Release"),
                "state": {"enum": ["READY", "UNAVAILABLE"]},
                "reason": text(),
            }))),
    })
}
