//! From a project and its data to a model, with what is known about how it was made; or from a
//! model file that is there already.
//!
//! The rows pass the same contract as requests will, the features the same encoder, and the
//! reported quality is that of the same runtime that serves.

mod fit;
mod given;
mod label;
mod quality;
mod rows;
mod split;

use std::path::Path;

use serde_json::{Value, json};
use shipworthy_contract::{CompileError, Contract};
use shipworthy_core::{FileDigest, Manifest, Output, ReleaseId, Trainer, TrainingSet};
use shipworthy_models::format::Format;
use shipworthy_models::{ModelFile, Options};
use shipworthy_rows::{RowBatch, files};
use shipworthy_serving::release::LoadedRelease;

use crate::golden::{self, Golden};
use crate::models::{self, Models};
use crate::project::{Project, Trainer as Maker};
use crate::reference;
pub use given::{Given, TRAINER as GIVEN};
pub use quality::{Calibration, Quality, Report, RowCounts};

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source cannot be read.
    #[error("the training data cannot be read")]
    Source(#[from] files::Error),
    /// The source's bytes cannot be digested.
    #[error("cannot read {path}")]
    Digest {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Somebody writes the source meanwhile.
    #[error("{path} was changed while the model was trained; train again when it is whole")]
    Changed {
        /// The file.
        path: String,
    },
    /// The contract makes no sense.
    #[error("the contract does not compile")]
    Contract(#[from] CompileError),
    /// The target cannot be made from the data.
    #[error("{message}; {hint}")]
    Target {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A slice of the data is empty.
    #[error(
        "{slice} has no rows ({counts}); look at the windows in [train] and the [[column]] rules"
    )]
    NoRows {
        /// Which one.
        slice: &'static str,
        /// Where the rows went.
        counts: String,
    },
    /// There is nothing to learn from.
    #[error("the project has no [source] to train on")]
    NoSource,
    /// A model file that cannot be used.
    #[error("the model file {path} cannot be used")]
    Given {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: models::Error,
    },
    /// The model reads what it must not see.
    #[error("the model reads column `{column}`, which is no feature; give it role = \"feature\"")]
    NotFeature {
        /// The column.
        column: String,
    },
    /// The model does not read what it should see.
    #[error(
        "column `{column}` is a feature, and the model does not read it; give it another role, \
         role = \"context\" for one that is only recorded"
    )]
    NotRead {
        /// The column.
        column: String,
    },
    /// No answer to a row that may be asked for.
    #[error(
        "the model answers no number to a row that its contract allows; where it takes no missing \
         values, required = true refuses them"
    )]
    NoNumber,
    /// Something else than a probability.
    #[error(
        "the model answers {answer} where a probability is expected; export it with its \
         probabilities, or call its task a regression"
    )]
    NoProbability {
        /// What it answers to a row that the contract makes.
        answer: f64,
    },
    /// The trainer refused.
    #[error("the trainer failed")]
    Trainer(#[from] hessboost::error::HessboostError),
    /// The model does not load.
    #[error("the model does not load")]
    Model(#[from] shipworthy_models::format::Error),
    /// The model does not fit its contract.
    #[error("the model does not fit its contract")]
    Encode(#[from] shipworthy_models::encode::Error),
    /// The model does not answer.
    #[error("the model does not answer")]
    Release(#[from] shipworthy_serving::release::Error),
    /// The model does not answer rows that the contract allows.
    #[error("the model does not answer rows that its contract allows")]
    Predict(#[from] shipworthy_serving::PredictError),
    /// The manifest has no JSON form. A fault of ours.
    #[error("the manifest cannot be written")]
    Manifest(#[from] serde_json::Error),
}

/// Who is told how far the training is.
pub trait Progress: Send {
    /// So many rows were read, of so many if that is known.
    fn rows(&mut self, read: u64, total: Option<u64>);

    /// A round of boosting is done; `score` is the validation's.
    fn round(&mut self, done: u32, of: u32, score: Option<f64>);
}

/// A model, and everything that its release's manifest says of it but the commit.
#[derive(Debug)]
pub struct Trained {
    /// The model file. What is trained here is XGBoost JSON, with feature names, types and
    /// categories.
    pub model: Vec<u8>,
    /// Its name in a bundle, whose end is the format's: `model.json`.
    pub model_file: String,
    /// The project's contract with the categories that the model knows.
    pub contract: Contract,
    /// What the model answers to rows that the contract makes.
    pub golden: Golden,
    /// The expected shape of the output.
    pub output: Output,
    /// What trained it.
    pub trainer: Trainer,
    /// What it learned from, if that is known.
    pub training_set: Option<TrainingSet>,
    /// Some of the rows that it learned from: objects of the contract's columns and the label.
    pub reference: Vec<Value>,
    /// How good it is, if there was something to measure it on.
    pub report: Option<Report>,
}

/// Trains the model of a project that lies in `directory`, or takes the file that the project
/// names. The same data and the same project give the same bytes, on any number of threads.
///
/// # Errors
/// When the data cannot be read, does not hold the target, or leaves a slice without rows; when a
/// model file does not load or does not fit the project.
pub fn train(
    project: &Project,
    directory: &Path,
    models: &dyn Models,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    match &project.train.trainer {
        Maker::Builtin => builtin(project, directory, progress),
        Maker::File { model } => given::take(project, model, directory, models, progress),
    }
}

fn builtin(
    project: &Project,
    directory: &Path,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    let source = project.source.as_ref().ok_or(Error::NoSource)?;
    let source = rows::read(project, source, directory, progress)?;
    let (labels, classes) = label::resolve(&project.model, &source.labels)?;
    let split = split::split(&project.train, &source.places)?;
    let contract = rows::with_categories(project.contract(), &source.batch, &split.learning());
    let fitted = fit::fit(
        &fit::Task { train: &project.train, task: project.model.task, classes: classes.len() },
        &fit::Data { contract: &contract, batch: &source.batch, labels: &labels, split: &split },
        progress,
    )?;
    let output = Output { task: project.model.task, target: project.model.target.clone(), classes };
    let model = ModelFile::load(&fitted.model, &Options::default())?;
    let release = loaded(&model, &contract, &output)?;
    let golden = Golden::of(&release)?;
    let examined = quality::Examined {
        release: &release,
        task: output.task,
        batch: &source.batch,
        labels: &labels,
    };
    let counts = quality::RowCounts {
        source: source.rows,
        without_label: source.without_label,
        breaking_contract: source.breaking_contract,
        outside_windows: source.outside_windows,
        train: split.train.len() as u64,
        validation: split.validation.len() as u64,
        test: split.test.len() as u64,
    };
    let report = quality::report(&examined, &split, counts, fitted.rounds)?;
    rows::check_unchanged(&source.file, directory)?;
    let learning = split.learning();
    let times = || learning.iter().filter_map(|row| source.places[*row].at);
    let training_set = Some(TrainingSet {
        files: vec![source.file],
        label: label::description(&project.model),
        rows: split.train.len() as u64,
        validation_rows: split.validation.len() as u64,
        from: project.train.window.from,
        until: project.train.window.until,
        first: times().min(),
        last: times().max(),
    });
    let trainer = fit::describe(&project.train)?;
    let reference = reference(&source.batch, &labels, &split.train);
    Ok(Trained {
        model: fitted.model,
        model_file: format!("model.{}", Format::XgboostJson.extension()),
        contract,
        golden,
        output,
        trainer,
        training_set,
        reference,
        report: Some(report),
    })
}

/// Rows at even distances: in a source in the order of time, of all its times.
fn reference(batch: &RowBatch, labels: &[f64], train: &[usize]) -> Vec<Value> {
    let count = train.len().min(reference::MAX_ROWS);
    let chosen = (0..count).map(|index| train[index * train.len() / count]);
    let row = |row| json!({ "row": golden::object(batch, row), "label": labels[row] });
    chosen.map(row).collect()
}

/// The release before it has a name, on which nothing depends that is measured.
///
/// # Errors
/// When the model does not answer as the contract and the output declare.
pub fn loaded(
    model: &ModelFile,
    contract: &Contract,
    output: &Output,
) -> Result<LoadedRelease, Error> {
    let unnamed = ReleaseId::from_sha256(&[0; 32]);
    Ok(LoadedRelease::new(unnamed, None, output.clone(), contract.clone(), model)?)
}

impl Trained {
    /// The manifest of a release of this model, made from `commit`.
    #[must_use]
    pub fn manifest(&self, project: &str, commit: Option<&str>, contract_json: &[u8]) -> Manifest {
        Manifest {
            format: Manifest::FORMAT,
            project: project.to_owned(),
            model: FileDigest::of(&self.model_file, &self.model),
            contract: FileDigest::of(crate::release::CONTRACT_FILE, contract_json),
            golden: Some(shipworthy_core::Golden {
                input: FileDigest::of(golden::INPUT_FILE, &self.golden.input),
                output: FileDigest::of(golden::OUTPUT_FILE, &self.golden.output),
            }),
            output: self.output.clone(),
            trainer: self.trainer.clone(),
            training_set: self.training_set.clone(),
            commit: commit.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests;
