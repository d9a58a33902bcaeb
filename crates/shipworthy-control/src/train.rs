//! From a project and its data to a model, with what is known about how it was made: trained here,
//! by a command of the project's own, or taken from a model file that is there already.
//!
//! The rows pass the same contract as requests will, the features the same encoder, and the
//! reported quality is that of the same runtime that serves.

mod command;
mod expectations;
mod fit;
mod given;
mod held_out;
mod label;
mod learning;
mod quality;
mod rows;
mod split;

use std::path::Path;

use serde_json::Value;
use shipworthy_contract::{CompileError, Contract};
use shipworthy_core::{FileDigest, Manifest, Output, ReleaseId, Trainer, TrainingSet};
use shipworthy_models::format::Format;
use shipworthy_models::{ModelFile, Options};
use shipworthy_rows::files;
use shipworthy_serving::LoadedModel;
use shipworthy_serving::release::LoadedRelease;

use crate::golden::{self, Golden};
use crate::models::{self, Models};
use crate::project::{Project, Trainer as Maker};
use crate::runner::Runner;
pub use command::{CommandError, TRAINER as COMMAND};
pub use given::{Given, TRAINER as GIVEN};
pub use held_out::{HeldOut, Labelled, held_out};
use learning::Learning;
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
    /// The source, or what is learned from, is not what the project expects of it.
    #[error("{what} not as expected:\n  {}", refused.join("\n  "))]
    Expectations {
        /// What is not: "the training data is".
        what: &'static str,
        /// What does not hold, a line each.
        refused: Vec<String>,
    },
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
    /// The command makes no model.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// What the command made cannot be used.
    #[error(
        "the model that the command wrote cannot be used; XGBoost JSON or UBJSON, LightGBM text, \
         CatBoost JSON and ONNX are read"
    )]
    Made {
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

    /// Something is not as expected, and that is no reason to stop.
    fn flagged(&mut self, _what: &str) {}

    /// The rows are read; from here on a command speaks for itself.
    fn command(&mut self, words: &[String]);
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

/// What a training needs from outside.
#[derive(Clone, Copy, Debug)]
pub struct Tools<'a> {
    /// Loads model files.
    pub models: &'a dyn Models,
    /// Runs commands.
    pub runner: &'a dyn Runner,
}

/// Trains the model of a project that lies in `directory`, has its command train, or takes the
/// file that it names. The same data and the same project give the same bytes, on any number of
/// threads; with a command, if it sees to that.
///
/// # Errors
/// When the data cannot be read, does not hold the target, or leaves a slice without rows; when a
/// command fails; when a model file does not load or does not fit the project.
pub fn train(
    project: &Project,
    directory: &Path,
    tools: &Tools<'_>,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    match &project.train.trainer {
        Maker::Builtin => builtin(project, directory, progress),
        Maker::Command(command) => command::train(project, command, directory, tools, progress),
        Maker::File { model } => given::take(project, model, directory, tools.models, progress),
    }
}

fn builtin(
    project: &Project,
    directory: &Path,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    let learning = Learning::read(project, directory, progress)?;
    let Learning { contract, output, labels, split, .. } = &learning;
    let fitted = fit::fit(
        &fit::Task { train: &project.train, task: output.task, classes: output.classes.len() },
        &fit::Data { contract, batch: learning.batch(), labels, split },
        progress,
    )?;
    let model = ModelFile::load(&fitted.model, &Options::default())?;
    let release = loaded(&model, contract, output)?;
    let golden = Golden::of(&release)?;
    let report = learning.report(&release, Some(fitted.rounds), progress)?;
    Ok(Trained {
        model: fitted.model,
        model_file: format!("model.{}", Format::XgboostJson.extension()),
        contract: contract.clone(),
        golden,
        output: output.clone(),
        trainer: fit::describe(&project.train)?,
        training_set: Some(learning.training_set()),
        reference: learning.reference(),
        report: Some(report),
    })
}

/// The release before it has a name, on which nothing depends that is measured.
///
/// # Errors
/// When the model does not answer as the contract and the output declare.
pub fn loaded(
    model: impl Into<LoadedModel>,
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
