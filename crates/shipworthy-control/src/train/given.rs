//! A model that was made elsewhere: held to the contract as one that is trained here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use shipworthy_contract::{Contract, Role};
use shipworthy_core::{Output, Task, Trainer};
use shipworthy_models::Signature;
use shipworthy_models::format::{self, Format};
use shipworthy_serving::LoadedModel;
use shipworthy_serving::release::LoadedRelease;
use shipworthy_serving::remote::Description;

use super::quality::{Examined, Report, RowCounts};
use super::{Error, Progress, Trained, expectations, label, loaded, quality, rows, split};
use crate::golden::Golden;
use crate::models::Models;
use crate::project::Project;

/// The trainer's name in a manifest.
pub const TRAINER: &str = "given";

/// A model file with what is expected of it.
#[derive(Debug)]
pub struct Given {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// The same, loaded.
    pub model: LoadedModel,
    /// The rules of its input; its categories are those of the file.
    pub contract: Contract,
    /// The expected shape of its output.
    pub output: Output,
}

impl Given {
    /// Checks the model against its contract: that it reads every feature and nothing else, and
    /// answers rows that the contract makes, with probabilities where it tells classes.
    ///
    /// # Errors
    /// With what does not fit.
    pub fn check(&self) -> Result<(LoadedRelease, Golden), Error> {
        let signature = self.model.signature();
        match self.model {
            LoadedModel::Here(_) => check_features(&self.contract, &signature)?,
            // Another server may record a column that its model does not read.
            LoadedModel::Elsewhere(_) => check_read(&self.contract, &signature)?,
        }
        let mut contract = self.contract.clone();
        name_categories(&mut contract, &signature);
        let release = loaded(&self.model, &contract, &self.output)?;
        let golden = Golden::of(&release)?;
        check_answers(&golden, self.output.task)?;
        Ok((release, golden))
    }

    /// Everything that a release is made of, of a model that was checked.
    ///
    /// # Errors
    /// When the file has no format that is read, which a checked one has.
    pub fn into_trained(self, release: &LoadedRelease, golden: Golden) -> Result<Trained, Error> {
        let (format, model_file) = self.format()?;
        let parameters = BTreeMap::from([("format".to_owned(), format.into())]);
        Ok(Trained {
            model: self.bytes,
            model_file,
            contract: release.contract().clone(),
            golden,
            output: self.output,
            trainer: Trainer { name: TRAINER.to_owned(), version: None, seed: None, parameters },
            training_set: None,
            reference: Vec::new(),
            report: None,
        })
    }

    /// The format's name, and the file's in a bundle.
    fn format(&self) -> Result<(&'static str, String), format::Error> {
        Ok(match self.model {
            LoadedModel::Here(_) => {
                let format = Format::detect(&self.bytes)?;
                (format.name(), format!("model.{}", format.extension()))
            }
            LoadedModel::Elsewhere(_) => (Description::FORMAT, Description::FILE.to_owned()),
        })
    }
}

/// Takes the file that a project names, and measures it on the project's source, if it has one.
pub(super) fn take(
    project: &Project,
    file: &Path,
    directory: &Path,
    models: &dyn Models,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    let path = directory.join(file);
    let unreadable = |source| Error::Digest { path: path.display().to_string(), source };
    let bytes = std::fs::read(&path).map_err(unreadable)?;
    let refused = |source| Error::Given { path: path.display().to_string(), source };
    let model = models.load(&bytes).map_err(refused)?;
    let (task, target) = (project.model.task, project.model.target.clone());
    let contract = project.contract();
    let given = |classes| -> Result<(Trained, LoadedRelease), Error> {
        let output = Output { task, target, classes };
        let given = Given { bytes, model, contract, output };
        let (release, golden) = given.check()?;
        Ok((given.into_trained(&release, golden)?, release))
    };
    let Some(source) = &project.source else {
        return Ok(given(project.model.classes_without_data())?.0);
    };
    let source = rows::read(project, source, directory, progress)?;
    let (labels, classes) = label::resolve(&project.model, &source.labels)?;
    let measured = split::measured(&project.train, &source.places)?;
    let (trained, release) = given(classes)?;
    let examined = Examined { release: &release, task, batch: &source.batch, labels: &labels };
    let counts = RowCounts {
        source: source.rows,
        without_label: source.without_label,
        breaking_contract: source.breaking_contract,
        outside_windows: (source.places.len() - measured.len()) as u64,
        train: 0,
        validation: 0,
        test: measured.len() as u64,
    };
    let test = Some(quality::quality(&examined, &measured)?);
    expectations::of_answers(&release, &source.batch.take(&measured), progress)?;
    rows::check_unchanged(&source.file, directory)?;
    let report = Report { rounds: None, rows: counts, validation: None, test };
    Ok(Trained { report: Some(report), ..trained })
}

/// What the model reads and what the contract calls features must be the same, or a column would
/// be shown to the model against its role, or be asked for and never looked at.
fn check_features(contract: &Contract, signature: &Signature) -> Result<(), Error> {
    let inputs: BTreeSet<&str> = signature.inputs.iter().map(|input| &*input.name).collect();
    let column = |name: &str| contract.columns.iter().find(|column| column.name == name);
    for name in &inputs {
        if let Some(column) = column(name).filter(|column| column.role != Role::Feature) {
            return Err(Error::NotFeature { column: column.name.clone() });
        }
    }
    if inputs.iter().any(|name| column(name).is_none()) {
        // By place, or not at all: the encoder says which.
        return Ok(());
    }
    check_read(contract, signature)
}

/// A feature that the model does not read would be asked for and never looked at.
fn check_read(contract: &Contract, signature: &Signature) -> Result<(), Error> {
    let inputs: BTreeSet<&str> = signature.inputs.iter().map(|input| &*input.name).collect();
    match contract.features().find(|column| !inputs.contains(column.name.as_str())) {
        Some(column) => Err(Error::NotRead { column: column.name.clone() }),
        None => Ok(()),
    }
}

/// The categories are those that the file knows.
fn name_categories(contract: &mut Contract, signature: &Signature) {
    for column in contract.columns.iter_mut().filter(|column| column.role == Role::Feature) {
        let input = signature.inputs.iter().find(|input| *input.name == *column.name);
        let levels = input.map(|input| &input.levels).filter(|levels| !levels.is_empty());
        if let Some(levels) = levels {
            column.categories = Some(levels.clone());
        }
    }
}

/// Margins would pass for probabilities without a word.
fn check_answers(golden: &Golden, task: Task) -> Result<(), Error> {
    let answers = golden.answers().collect::<Option<Vec<_>>>().ok_or(Error::NoNumber)?;
    let is_none = |answer: &&f64| !(0.0..=1.0).contains(*answer);
    match answers.iter().flatten().find(is_none) {
        Some(answer) if task != Task::Regression => Err(Error::NoProbability { answer: *answer }),
        _ => Ok(()),
    }
}
