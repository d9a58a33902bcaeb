//! A command of the project's own: it is given rows, and writes a model file, which is held to the
//! contract as every other.
//!
//! **Invariant:** the rows that test the model are never shown to it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use shipworthy_core::Trainer;
use shipworthy_rows::files::write_parquet;
use shipworthy_rows::{Column, DataType, RowBatch, Schema};

use super::given::Given;
use super::learning::Learning;
use super::{Error, Progress, Tools, Trained, fit, rows};
use crate::project::{Command, Project};
use crate::runner::{self, Call};

/// The trainer's name in a manifest.
pub const TRAINER: &str = "command";

/// More than any format that is read can have.
const MAX_MODEL_BYTES: u64 = 2 << 30;

/// Why a command makes no model.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Its program is not there.
    #[error(
        "there is no program `{name}`{place}; install it, or name another one in `command` of \
         [train]"
    )]
    NoProgram {
        /// As the project names it.
        name: String,
        /// Where it was looked for.
        place: &'static str,
    },
    /// It did not end well.
    #[error("the command `{words}` failed")]
    Run {
        /// As the project has it.
        words: String,
        /// How it ended.
        #[source]
        source: runner::Error,
    },
    /// There is no file where one is expected.
    #[error(
        "the command `{words}` ended well and wrote {what}; it must write the model to the file \
         that the variable SHIPWORTHY_OUTPUT names"
    )]
    Output {
        /// As the project has it.
        words: String,
        /// What is there instead.
        what: &'static str,
    },
    /// What is exchanged with it cannot be written or read.
    #[error("cannot exchange files with the command")]
    Exchange(#[from] std::io::Error),
}

/// Trains by a command in the project's directory.
pub(super) fn train(
    project: &Project,
    command: &Command,
    directory: &Path,
    tools: &Tools<'_>,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    let (program, trainer) = prepare(project, command, directory, tools)?;
    let learning = Learning::read(project, directory, progress)?;
    progress.command(&command.words);
    let bytes = run(&Training { project, command, directory }, &program, &learning, tools)?;
    let refused = |source| Error::Made { source };
    let model = tools.models.load(&bytes).map_err(refused)?;
    let (contract, output) = (learning.contract.clone(), learning.output.clone());
    let given = Given { bytes, model, contract, output };
    let (release, golden) = given.check()?;
    let report = Some(learning.report(&release, None, progress)?);
    Ok(Trained {
        trainer,
        training_set: Some(learning.training_set()),
        reference: learning.reference(),
        report,
        ..given.into_trained(&release, golden)?
    })
}

/// Finds the program, and says what a release says of it. Nothing here depends on where the
/// project or the program lies.
fn prepare(
    project: &Project,
    command: &Command,
    directory: &Path,
    tools: &Tools<'_>,
) -> Result<(PathBuf, Trainer), Error> {
    let name = command.words.first().map_or("", String::as_str);
    let (found, place) = match name.contains('/') {
        true => (Some(directory.join(name)).filter(|path| path.is_file()), ""),
        false => (tools.runner.find(name), " in PATH"),
    };
    let missing = || CommandError::NoProgram { name: name.to_owned(), place };
    let program = found.ok_or_else(missing)?;
    // A Python finds its packages by the path that it is called by; its bytes are those of the
    // file behind all links.
    let program = std::path::absolute(program).map_err(CommandError::from)?;
    let lock = rows::sha256(&directory.join(&command.lock))?;
    let interpreter = rows::sha256(&fs::canonicalize(&program).map_err(CommandError::from)?)?;
    let mut parameters: BTreeMap<String, Value> = command.parameters.clone().into_iter().collect();
    parameters.extend([
        ("command".to_owned(), json!(command.words)),
        ("interpreter".to_owned(), json!({"name": name, "sha256": interpreter})),
        ("lock".to_owned(), json!({"path": command.lock.display().to_string(), "sha256": lock})),
        ("validation".to_owned(), fit::validation(&project.train.validation)),
    ]);
    let seed = Some(project.train.seed);
    Ok((program, Trainer { name: TRAINER.to_owned(), version: None, seed, parameters }))
}

/// Who trains what, and where.
struct Training<'a> {
    project: &'a Project,
    command: &'a Command,
    directory: &'a Path,
}

/// Runs the command on files of its own; gives the model file.
fn run(
    training: &Training<'_>,
    program: &Path,
    learning: &Learning<'_>,
    tools: &Tools<'_>,
) -> Result<Vec<u8>, Error> {
    let Training { project, command, directory } = training;
    let scratch = tempfile::Builder::new().prefix("shipworthy-train-").tempdir();
    let scratch = scratch.map_err(CommandError::from)?;
    let place = |name: &str| scratch.path().join(name);
    let variables = [
        ("SHIPWORTHY_TRAIN", place("train.parquet")),
        ("SHIPWORTHY_VALIDATION", place("validation.parquet")),
        ("SHIPWORTHY_PARAMETERS", place("parameters.json")),
        ("SHIPWORTHY_OUTPUT", place("model")),
    ];
    let [(_, train), (_, validation), (_, told), (_, output)] = &variables;
    write_parquet(train, &labelled(learning, &learning.split.train))?;
    write_parquet(validation, &labelled(learning, &learning.split.validation))?;
    let text = serde_json::to_vec_pretty(&parameters(project, command, learning))?;
    fs::write(told, text).map_err(CommandError::from)?;
    let directory = std::path::absolute(directory.join(".")).map_err(CommandError::from)?;
    let call = Call {
        program,
        arguments: command.words.get(1..).unwrap_or_default(),
        directory: &directory,
        variables: &variables,
        scratch: scratch.path(),
        timeout: command.timeout,
    };
    let words = || command.words.join(" ");
    let failed = |source| CommandError::Run { words: words(), source };
    tools.runner.run(&call).map_err(failed)?;
    let wrote = |what| CommandError::Output { words: words(), what };
    Ok(model(output)?.map_err(wrote)?)
}

/// The contract's columns of some rows, and the label: the code of a class, or the number. A
/// column of the target's name that is no feature makes room for it.
fn labelled(learning: &Learning<'_>, rows: &[usize]) -> RowBatch {
    let (taken, target) = (learning.batch().take(rows), &learning.output.target);
    let schema = Arc::clone(taken.schema());
    let pairs = schema.fields().iter().cloned().zip(taken.into_columns());
    let (mut fields, mut columns): (Vec<_>, Vec<_>) =
        pairs.filter(|(field, _)| *field.name != **target).unzip();
    fields.push(shipworthy_rows::Field::new(target.as_str(), DataType::Float));
    columns.push(Column::Float(rows.iter().map(|row| learning.labels[*row]).collect()));
    let schema = Arc::new(fields.into_iter().collect::<Schema>());
    RowBatch::new(schema, columns).expect("as many labels as rows, and columns as fields")
}

/// What the command is told.
fn parameters(project: &Project, command: &Command, learning: &Learning<'_>) -> Value {
    let features = learning.contract.features().map(|column| {
        let mut feature = json!({"name": column.name, "type": column.data_type});
        if let Some(categories) = &column.categories {
            feature["categories"] = json!(categories);
        }
        feature
    });
    json!({
        "parameters": command.parameters,
        "seed": project.train.seed,
        "task": learning.output.task,
        "target": learning.output.target,
        "classes": learning.output.classes,
        "features": features.collect::<Vec<_>>(),
    })
}

/// The file that the command wrote; else in words what it wrote.
fn model(path: &Path) -> Result<Result<Vec<u8>, &'static str>, CommandError> {
    if !path.is_file() {
        return Ok(Err("no model"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_MODEL_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(match bytes.len() as u64 {
        0 => Err("an empty model"),
        1..=MAX_MODEL_BYTES => Ok(bytes),
        _ => Err("a model of more than 2 GiB, which no format has"),
    })
}
