//! Bring what you have: a model that was made elsewhere becomes a release without a project.
//!
//! The path is a model file, the directory of an MLflow model, or the address of a model on another
//! server. What it says of itself becomes the contract and the task; what has no place in a release is told in `notes`, and what cannot
//! be taken is an error: nothing is dropped in silence.

mod mlmodel;
mod objective;
mod schema;
mod yaml;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use shipworthy_contract::{Contract, Role};
use shipworthy_core::{Output, Task};
use shipworthy_models::{ModelFile, Signature};
use shipworthy_serving::LoadedModel;
use shipworthy_serving::release::bare_contract;
use shipworthy_serving::remote::{Description, Told};
use shipworthy_store::bundles::MAX_FILE_BYTES;
use shipworthy_store::{EndpointName, endpoint};

use crate::Commit;
use crate::models::{self, Models};
use crate::project::slug;
use crate::train::{self, Given, Trained};
use mlmodel::MlModel;
pub use mlmodel::Origin;

/// Why a model cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// More than is read.
    #[error("{} is longer than {limit} bytes, which is the most that is read", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most bytes.
        limit: u64,
    },
    /// A directory of something else.
    #[error(
        "{} is no directory of an MLflow model: it has no file MLmodel; name the model file itself, \
         or the directory that MLflow's save_model or download_artifacts made",
        path.display()
    )]
    NoMlModel {
        /// The directory.
        path: PathBuf,
    },
    /// An MLmodel that cannot be taken.
    #[error("{} cannot be taken", path.display())]
    MlModel {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: mlmodel::Error,
    },
    /// The signature does not describe the model.
    #[error("the signature of the MLflow model does not fit its model file")]
    Schema(#[from] schema::Error),
    /// The model file, or the model on another server.
    #[error("the model {} cannot be used", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: models::Error,
    },
    /// A contract that cannot be read.
    #[error(
        "{} is no contract: JSON is expected, as in the file contract.json of a bundle",
        path.display()
    )]
    Contract {
        /// The file.
        path: PathBuf,
        /// Where not.
        #[source]
        source: serde_json::Error,
    },
    /// Nobody says what is predicted.
    #[error("{why}; say what it predicts: --task binary, multiclass or regression")]
    NoTask {
        /// Why it is not known.
        why: String,
    },
    /// Classes that cannot be those of the task.
    #[error(
        "a {} model cannot have the classes `{classes}`: two for binary, more than one for \
         multiclass, none for regression, each with a name of its own; say --task or --classes \
         otherwise",
        task.name()
    )]
    Classes {
        /// The task.
        task: Task,
        /// The names.
        classes: String,
    },
    /// Decisions need probabilities.
    #[error(
        "the model answers the number of a class, and decisions are made of probabilities: save it \
         with the objective multi:softprob (in XGBoost `booster.set_param({{\"objective\": \
         \"multi:softprob\"}})` before `save_model`)"
    )]
    ClassIndex,
    /// The path says no name.
    #[error("{} makes no name for an endpoint: choose one with --name", path.display())]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// The name cannot be one.
    #[error("choose another name with --name")]
    Name(#[from] endpoint::Error),
    /// It does not do what is said of it.
    #[error("the model does not fit what is said of it")]
    Check(#[from] train::Error),
}

/// Where a model is.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A model file, or the directory of an MLflow model.
    Path(&'a Path),
    /// Another server.
    Server(&'a Description),
}

/// What is to be imported, and what is said of it beside what it says itself.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Where it is.
    pub source: Source<'a>,
    /// The endpoint's name; that of the path, or of the model there, unless given.
    pub name: Option<&'a str>,
    /// What kind of answer it gives; what its objective says unless given.
    pub task: Option<Task>,
    /// The name of what is predicted; the endpoint's unless given.
    pub target: Option<&'a str>,
    /// The names of the classes in the order of the model's answers.
    pub classes: Option<&'a [String]>,
    /// A contract as JSON; what the model says of its input unless given.
    pub contract: Option<&'a Path>,
}

/// A model that holds what is said of it.
#[derive(Debug)]
pub struct Imported {
    /// The endpoint's name.
    pub name: String,
    /// The model, checked.
    pub trained: Trained,
    /// The commit that has its files as they are, or why there is none.
    pub commit: Commit,
    /// What MLflow knows of it.
    pub origin: Option<Origin>,
    /// What was left out or taken otherwise, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a model and checks that it does what is said of it.
///
/// # Errors
/// When something cannot be read or taken, does not fit, or is not said.
pub fn import(request: &Request<'_>, models: &dyn Models) -> Result<Imported, Error> {
    let mut found = match request.source {
        Source::Path(path) => Found::at(path)?,
        Source::Server(description) => Found::elsewhere(description),
    };
    let name = name(request)?;
    let path = found.directory.join(&found.model);
    let bytes = match &found.description {
        Some(description) => description.clone(),
        None => read(&path, MAX_FILE_BYTES)?,
    };
    let refused = |source| Error::Model { path: path.clone(), source };
    let model = models.load(&bytes).map_err(refused)?;
    let signature = model.signature();
    let told = told(&model);
    let contract = match (request.contract, &found.mlflow, told.contract) {
        (Some(file), _, _) => read_contract(file)?,
        (None, Some(mlflow), _) => schema::contract(&mlflow.inputs, &signature, &mut found.notes)?,
        (None, None, Some(contract)) => contract,
        (None, None, None) => bare_contract(&signature),
    };
    note_trees(&model, &mut found.notes);
    let output = output(request, &name, (&model, &signature), told.output)?;
    let mut given = Given { bytes, model, contract, output };
    if request.contract.is_none() && matches!(given.check(), Err(train::Error::NoNumber)) {
        require_all(&mut given.contract, &mut found.notes);
    }
    let (release, golden) = given.check()?;
    let trained = given.into_trained(&release, golden)?;
    let commit = found.commit(request.contract);
    let origin = found.mlflow.map(|mlflow| mlflow.origin);
    Ok(Imported { name, trained, commit, origin, notes: found.notes })
}

/// What the other server says of its model.
fn told(model: &LoadedModel) -> Told {
    match model {
        LoadedModel::Here(_) => Told::default(),
        LoadedModel::Elsewhere(remote) => remote.told().clone(),
    }
}

/// What lies at the path, or is said of a model that is elsewhere.
struct Found {
    directory: PathBuf,
    /// The model file in the directory; for a model on another server its address.
    model: PathBuf,
    /// Of a model on another server.
    description: Option<Vec<u8>>,
    mlflow: Option<MlModel>,
    notes: Vec<String>,
}

impl Found {
    fn elsewhere(description: &Description) -> Self {
        Self {
            directory: PathBuf::new(),
            model: description.address.to_string().into(),
            description: Some(description.write()),
            mlflow: None,
            notes: Vec::new(),
        }
    }

    fn at(path: &Path) -> Result<Self, Error> {
        if !path.is_dir() {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let directory = parent.unwrap_or(Path::new(".")).to_owned();
            let model = PathBuf::from(path.file_name().unwrap_or(path.as_os_str()));
            let (description, mlflow, notes) = (None, None, Vec::new());
            return Ok(Self { directory, model, description, mlflow, notes });
        }
        let file = path.join(mlmodel::FILE);
        if !file.is_file() {
            return Err(Error::NoMlModel { path: path.to_owned() });
        }
        let text = read(&file, mlmodel::MAX_BYTES)?;
        let mut notes = Vec::new();
        let read = MlModel::read(&text, &mut notes);
        let mlflow = read.map_err(|source| Error::MlModel { path: file, source })?;
        let (directory, model) = (path.to_owned(), mlflow.model.clone());
        let is_within = |(place, directory): (PathBuf, PathBuf)| place.starts_with(directory);
        let real = path.join(&model).canonicalize().ok().zip(path.canonicalize().ok());
        if real.is_some_and(|real| !is_within(real)) {
            let source = mlmodel::Error::Outside { file: model.display().to_string() };
            return Err(Error::MlModel { path: path.join(mlmodel::FILE), source });
        }
        Ok(Self { directory, model, description: None, mlflow: Some(mlflow), notes })
    }

    /// The commit that has everything that was read.
    fn commit(&self, contract: Option<&Path>) -> Commit {
        if self.description.is_some() {
            let reason = "its model is on another server, and no commit says what it is";
            return Commit::None { reason: reason.to_owned() };
        }
        let mlmodel = self.mlflow.as_ref().map(|_| Path::new(mlmodel::FILE));
        let commit = Commit::holding(&self.directory, mlmodel.into_iter().chain([&*self.model]));
        let Some(contract) = contract else { return commit };
        let directory = contract.parent().filter(|parent| !parent.as_os_str().is_empty());
        let name = contract.file_name().map(Path::new);
        let other = Commit::holding(directory.unwrap_or(Path::new(".")), name);
        match (&commit, &other) {
            (Commit::Clean(one), Commit::Clean(two)) if one != two => Commit::None {
                reason: "the model and its contract are of different commits".to_owned(),
            },
            (Commit::Clean(_), Commit::None { .. }) => other,
            _ => commit,
        }
    }
}

fn name(request: &Request<'_>) -> Result<String, Error> {
    let of_path = |path: &Path| {
        let path = std::path::absolute(path).ok()?;
        let last = if path.is_dir() { path.file_name() } else { path.file_stem() };
        slug(&last?.to_string_lossy())
    };
    let (found, path) = match request.source {
        Source::Path(path) => (of_path(path), path.to_owned()),
        Source::Server(Description { address, .. }) => {
            (slug(address.name()), address.to_string().into())
        }
    };
    let given = request.name.map(str::to_owned).or(found);
    let name = given.ok_or(Error::NoName { path })?;
    Ok(EndpointName::parse(&name)?.as_str().to_owned())
}

fn output(
    request: &Request<'_>,
    name: &str,
    (model, signature): (&LoadedModel, &Signature),
    told: Option<Output>,
) -> Result<Output, Error> {
    if model.answers_class_index() {
        return Err(Error::ClassIndex);
    }
    let told = told.filter(|told| request.task.is_none_or(|task| task == told.task));
    let task = match request.task.or(told.as_ref().map(|told| told.task)) {
        Some(task) => task,
        None => objective::task(model).map_err(|why| Error::NoTask { why })?,
    };
    let target = request.target.or(told.as_ref().map(|told| told.target.as_str()));
    let target = target.unwrap_or(name).to_owned();
    let classes = match (task, request.classes.or(told.as_ref().map(|told| &*told.classes))) {
        (_, Some(classes)) => classes.to_vec(),
        (Task::Regression, None) => Vec::new(),
        (Task::Binary, None) => vec![format!("not_{target}"), target.clone()],
        (Task::Multiclass, None) => numbered(signature),
    };
    check_classes(task, &classes)?;
    Ok(Output { task, target, classes })
}

fn check_classes(task: Task, classes: &[String]) -> Result<(), Error> {
    let distinct: BTreeSet<&String> = classes.iter().collect();
    let fits = match task {
        Task::Regression => classes.is_empty(),
        Task::Binary => classes.len() == 2,
        Task::Multiclass => classes.len() > 1,
    };
    let is_named = distinct.len() == classes.len() && classes.iter().all(|name| !name.is_empty());
    match fits && is_named {
        true => Ok(()),
        false => Err(Error::Classes { task, classes: classes.join(", ") }),
    }
}

/// The classes by the only names that the file has for them: their places among its answers.
fn numbered(signature: &Signature) -> Vec<String> {
    let widths = signature.outputs.iter().map(shipworthy_models::Tensor::width);
    (0..widths.max().unwrap_or_default()).map(|class| class.to_string()).collect()
}

/// A network answers NaN to NaN: what it cannot do without must be there.
fn require_all(contract: &mut Contract, notes: &mut Vec<String>) {
    let optional = contract
        .columns
        .iter_mut()
        .filter(|column| column.role == Role::Feature && !column.required);
    let names: Vec<String> = optional
        .map(|column| {
            column.required = true;
            format!("`{}`", column.name)
        })
        .collect();
    let names = names.join(", ");
    notes.push(format!("required: {names}, for without a value the model answers no number"));
}

fn note_trees(model: &LoadedModel, notes: &mut Vec<String>) {
    let LoadedModel::Here(ModelFile::Matrix(model)) = model else { return };
    let described = model.describe();
    if described.trees < described.trees_in_file {
        notes.push(format!(
            "{} of the {} trees answer: those up to the best iteration of a training that stopped \
             early",
            described.trees, described.trees_in_file
        ));
    }
}

fn read_contract(path: &Path) -> Result<Contract, Error> {
    let text = read(path, mlmodel::MAX_BYTES)?;
    serde_json::from_slice(&text)
        .map_err(|source| Error::Contract { path: path.to_owned(), source })
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Ok(read) if read as u64 > limit => Err(Error::TooLong { path: path.to_owned(), limit }),
        Ok(_) => Ok(bytes),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}
