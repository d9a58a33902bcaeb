//! What is to be measured: models, and who answers for each.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::compiled::{CatboostCpp, Lleaves, Tl2cgen};
use crate::contender::Contender;
use crate::lightgbm::Lightgbm;
use crate::onnxruntime::Onnxruntime;
use crate::python::Python;
use crate::rows::Rows;
use crate::xgboost::Xgboost;

/// One interleaved run.
#[derive(Deserialize)]
pub(crate) struct Plan {
    pub(crate) models: Vec<Model>,
}

/// One model, the rows that it scores, and who else reads it.
#[derive(Deserialize)]
pub(crate) struct Model {
    pub(crate) name: String,
    /// The model in its own format, which this runtime reads.
    pub(crate) file: PathBuf,
    /// A CSV with a column for each feature.
    pub(crate) rows: PathBuf,
    pub(crate) peers: Vec<Peer>,
}

/// Another library on the same model.
#[derive(Deserialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
    #[serde(flatten)]
    through: Through,
}

/// How a library is reached: its shared object, and the model in a format that it reads.
#[derive(Deserialize)]
#[serde(tag = "through", rename_all = "snake_case")]
enum Through {
    Xgboost {
        library: PathBuf,
        model: PathBuf,
    },
    Lightgbm {
        library: PathBuf,
        model: PathBuf,
    },
    Onnxruntime {
        library: PathBuf,
        model: PathBuf,
        /// The output that holds the predictions, in the last of so many columns.
        output: String,
        columns: usize,
    },
    Tl2cgen {
        library: PathBuf,
    },
    Lleaves {
        library: PathBuf,
    },
    CatboostCpp {
        library: PathBuf,
    },
    Python {
        command: Vec<String>,
    },
}

/// The models that are measured when no plan says otherwise: those of the tests, one of every
/// library and one with categories.
const FIXTURES: [(&str, &str, &str); 4] = [
    ("xgb_binary_num", "model.json", "flights_numeric.csv"),
    ("lgb_regression", "model.txt", "flights_numeric.csv"),
    ("lgb_binary_cat", "model.txt", "flights_categorical.csv"),
    ("cb_binary", "model.json", "flights_numeric.csv"),
];

impl Plan {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read(path).with_context(|| format!("cannot read the plan {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("the plan {}", path.display()))
    }

    /// This runtime alone.
    pub(crate) fn ours() -> Self {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let model = |(name, file, rows): (&str, &str, &str)| Model {
            name: name.to_owned(),
            file: data.join(name).join(file),
            rows: data.join(rows),
            peers: Vec::new(),
        };
        Self { models: FIXTURES.map(model).into() }
    }
}

impl Peer {
    /// Loads the library and the model.
    pub(crate) fn load(&self, rows: &Rows) -> Result<Box<dyn Contender>> {
        let width = rows.width;
        Ok(match &self.through {
            Through::Xgboost { library, model } => Box::new(Xgboost::load(library, model)?),
            Through::Lightgbm { library, model } => {
                Box::new(Lightgbm::load(library, model, width)?)
            }
            Through::Onnxruntime { library, model, output, columns } => {
                Box::new(Onnxruntime::load(library, model, output, *columns)?)
            }
            Through::Tl2cgen { library } => Box::new(Tl2cgen::load(library, width)?),
            Through::Lleaves { library } => Box::new(Lleaves::load(library, width)?),
            Through::CatboostCpp { library } => Box::new(CatboostCpp::load(library, width)?),
            Through::Python { command } => Box::new(Python::start(command, rows)?),
        })
    }
}
