//! The file `MLmodel` of an MLflow model: its flavours, signature and origin.
//!
//! Source: <https://mlflow.org/docs/latest/ml/model/> and the writers in MLflow
//! (`mlflow/models/model.py`, `mlflow/{xgboost,lightgbm,catboost,onnx}/__init__.py`).

use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::yaml;

/// Its name.
pub(super) const FILE: &str = "MLmodel";

/// Thousands of columns are far below.
pub(super) const MAX_BYTES: u64 = 4 << 20;

/// Why an MLmodel cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("it cannot be read")]
    Yaml(#[from] yaml::Error),
    /// Something is not what MLflow writes.
    #[error("`{key}` is not what MLflow writes there")]
    Shape {
        /// The place.
        key: &'static str,
    },
    /// A part of the signature that is no JSON.
    #[error("`signature.{key}` is no JSON")]
    Signature {
        /// The part.
        key: &'static str,
        /// Where not.
        #[source]
        source: serde_json::Error,
    },
    /// No model file of a format that is read.
    #[error(
        "its flavours are {found}, and only those of {} have a model file that is read; {advice}",
        FLAVOURS.join(", ")
    )]
    Flavours {
        /// Those that it has.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// A Python object instead of a model file.
    #[error("its model file {file} is a Python object, which is not read: save {advice}")]
    Pickle {
        /// The file.
        file: String,
        /// What to save instead.
        advice: &'static str,
    },
    /// A model file somewhere else.
    #[error("its model file {file} lies outside of its directory")]
    Outside {
        /// The file.
        file: String,
    },
}

/// What MLflow knows of a model's making. Shown, and no part of a release's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The run that logged it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The model's own identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_uuid: Option<String>,
    /// The version of MLflow that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mlflow_version: Option<String>,
    /// When, in UTC, as MLflow writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc_time_created: Option<String>,
}

/// An MLflow model.
#[derive(Debug)]
pub(super) struct MlModel {
    /// The model file in the directory.
    pub(super) model: PathBuf,
    /// The inputs of the signature; empty without one.
    pub(super) inputs: Vec<Value>,
    pub(super) origin: Origin,
}

/// Flavours whose model file has a format of its own.
const FLAVOURS: [&str; 4] = ["xgboost", "lightgbm", "catboost", "onnx"];

/// What is read, or says nothing about what the model answers.
const KNOWN: [&str; 13] = [
    "flavors",
    "signature",
    "run_id",
    "model_uuid",
    "model_id",
    "mlflow_version",
    "utc_time_created",
    "artifact_path",
    "model_size_bytes",
    "is_signature_from_type_hint",
    "type_hint_from_example",
    "saved_input_example_info",
    "env_vars",
];

impl MlModel {
    /// Reads the file; what has no place in a release goes into `notes`.
    pub(super) fn read(text: &[u8], notes: &mut Vec<String>) -> Result<Self, Error> {
        let Value::Object(document) = yaml::read(text)? else {
            return Err(Error::Shape { key: "the whole" });
        };
        let flavours = document.get("flavors").and_then(Value::as_object);
        let flavours = flavours.ok_or(Error::Shape { key: "flavors" })?;
        let name = FLAVOURS.into_iter().find(|name| flavours.contains_key(*name));
        let name = name.ok_or_else(|| not_read(flavours))?;
        let flavour = flavours[name].as_object().ok_or(Error::Shape { key: "flavors" })?;
        let model = model_file(name, flavour)?;
        note_flavours(name, flavours, notes);
        note_rest(&document, notes);
        let inputs = signature(document.get("signature"), notes)?;
        let text = |key| Some(document.get(key)?.as_str()?.to_owned());
        let origin = Origin {
            run_id: text("run_id"),
            model_uuid: text("model_uuid"),
            mlflow_version: text("mlflow_version"),
            utc_time_created: text("utc_time_created"),
        };
        Ok(Self { model, inputs, origin })
    }
}

fn not_read(flavours: &Map<String, Value>) -> Error {
    let has = |name| flavours.contains_key(name);
    let advice = if has("sklearn") {
        "convert the model with skl2onnx and save it with mlflow.onnx.save_model"
    } else if has("pytorch") || has("tensorflow") || has("keras") {
        "export the model to ONNX and save it with mlflow.onnx.save_model"
    } else if flavours.keys().all(|name| name == "python_function") {
        "it is Python code, which only Python runs: save the model inside of it by itself, or as \
         ONNX"
    } else {
        "save the model as ONNX with mlflow.onnx.save_model"
    };
    let found = flavours.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    Error::Flavours { found, advice }
}

fn model_file(name: &str, flavour: &Map<String, Value>) -> Result<PathBuf, Error> {
    let file = flavour.get("data").and_then(Value::as_str);
    let file = file.ok_or(Error::Shape { key: "data" })?.to_owned();
    let path = Path::new(&file);
    let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !path.components().all(is_inside) {
        return Err(Error::Outside { file });
    }
    let ending = path.extension().and_then(|ending| ending.to_str());
    if matches!(ending, Some("pkl" | "pickle" | "skops" | "joblib")) {
        let advice = match name {
            "lightgbm" => "its booster: mlflow.lightgbm.save_model(model.booster_, …)",
            "xgboost" => "its booster: mlflow.xgboost.save_model(model.get_booster(), …)",
            _ => "the model by its library's own save_model",
        };
        return Err(Error::Pickle { file, advice });
    }
    Ok(path.to_owned())
}

fn note_flavours(name: &str, flavours: &Map<String, Value>, notes: &mut Vec<String>) {
    for other in flavours.keys().filter(|other| *other != name && *other != "python_function") {
        notes.push(format!("the flavour {other} is left out: the one of {name} is taken"));
    }
    let values = flavours.values().filter_map(Value::as_object);
    if values.clone().any(|flavour| flavour.get("code").is_some_and(|code| !code.is_null())) {
        notes.push("the Python code beside the model (`code`) is left out".to_owned());
    }
    let flavour = &flavours[name];
    let class = flavour["model_class"].as_str().unwrap_or_default();
    if class.ends_with("Classifier") {
        notes.push(format!("MLflow answers the class of a {class}; here it is probabilities too"));
    }
    if flavour.get("onnx_session_options").is_some_and(|options| !options.is_null()) {
        notes.push("`onnx_session_options` are left out: they do not change answers".to_owned());
    }
}

fn note_rest(document: &Map<String, Value>, notes: &mut Vec<String>) {
    let is_said = |value: &Value| !value.is_null() && *value != Value::Bool(false);
    let rest = document.iter().filter(|(key, value)| !KNOWN.contains(&&***key) && is_said(value));
    notes.extend(rest.map(|(key, _)| format!("`{key}` of the MLmodel has no place in a release")));
}

/// The inputs of a signature. Its outputs are those of the model file.
fn signature(signature: Option<&Value>, notes: &mut Vec<String>) -> Result<Vec<Value>, Error> {
    let Some(signature) = signature.filter(|signature| !signature.is_null()) else {
        notes.push("there is no signature: inputs are those of the model file".to_owned());
        return Ok(Vec::new());
    };
    let params = list(signature, "params")?;
    if !params.is_empty() {
        let names: Vec<_> = params.iter().filter_map(|param| param["name"].as_str()).collect();
        notes.push(format!("params are not taken with a request: {}", names.join(", ")));
    }
    list(signature, "inputs")
}

/// MLflow writes lists as JSON in a text.
fn list(signature: &Value, key: &'static str) -> Result<Vec<Value>, Error> {
    match &signature[key] {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => {
            serde_json::from_str(text).map_err(|source| Error::Signature { key, source })
        }
        _ => Err(Error::Shape { key: "signature" }),
    }
}
