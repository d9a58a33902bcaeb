//! What is to be measured: models, and who answers for each.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// One interleaved run.
#[derive(Deserialize)]
pub(crate) struct Plan {
    /// How often each contender is measured at each batch size.
    pub(crate) rounds: usize,
    pub(crate) models: Vec<Model>,
    /// Whether machines or people read the answer.
    #[serde(skip, default = "yes")]
    pub(crate) json: bool,
}

/// One model, whoever reads it, and the rows that it scores.
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
}

/// The fixtures that are measured: of every library one, and one with categories.
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

    /// This runtime alone, on the models of the tests.
    pub(crate) fn ours() -> Self {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let model = |(name, file, rows): (&str, &str, &str)| Model {
            name: name.to_owned(),
            file: data.join(name).join(file),
            rows: data.join(rows),
            peers: Vec::new(),
        };
        Self { rounds: 9, models: FIXTURES.map(model).into(), json: false }
    }
}

const fn yes() -> bool {
    true
}
