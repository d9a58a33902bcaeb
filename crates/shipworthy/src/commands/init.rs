//! `shipworthy init`: a commented project from a data file.
//!
//! The file is read once as a stream ([`profile`]), what it should mean is proposed ([`proposal`]),
//! and the proposal is written down with its reasons ([`text`]). All of that is pure; files are
//! touched here and in [`place`] only.
//!
//! **Invariant:** what is written has been read back by the project file's own parser.

mod association;
mod contract_text;
mod distinct;
mod names;
mod place;
mod profile;
mod proposal;
pub(crate) mod quote;
mod range;
mod sample;
mod split;
mod target;
mod text;
mod treatment;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use serde::Serialize;
use shipworthy_control::diagnose;
use shipworthy_control::project::Project;
use shipworthy_rows::files::RowFile;

use crate::cli::Outcome;
use crate::output;
use crate::state::PROJECT_FILE;
use place::Place;
use profile::{Profile, Profiler};
use proposal::Proposal;
use target::Target;
use text::Page;
use treatment::Treatment;

/// Make a project from a data file: a commented shipworthy.toml to read and correct.
///
/// Reads the whole file once, row by row, and proposes what a project declares: the target, the
/// task, the type and the rules of every column, who or what a row is about, attributes that
/// are protected, and the rows to validate and test on. Columns that look as if they gave the
/// answer away are commented out, with the number that made them suspicious. Every guess is
/// marked as one; nothing is trained, and the data is not changed.
///
/// The file goes beside the data, unless --output names another directory. Data outside of that
/// directory is copied into its data/: a release names the commit of its data, so a project
/// holds what it learns from.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  shipworthy init churn.csv                            guess the target, write beside the data
  shipworthy init loans.parquet --target Status        say what is predicted
  shipworthy init rides.csv --target fare --output eta make the project in eta/, with a copy
  shipworthy init churn.csv --json                     {\"project\", \"target\", \"task\", \"columns\"}")]
pub(crate) struct Args {
    /// The data: a .parquet or .jsonl file, or a .csv file with a header line. One row is one
    /// example.
    #[arg(value_name = "DATA")]
    data: PathBuf,

    /// The column to predict. Without it a column is guessed from names, or from having two
    /// values; the file says why.
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,

    /// The project's directory, made if it is not there. By default that of the data.
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,

    /// The name of the model, and of its endpoint in URLs. By default made from the file's name.
    #[arg(long, value_name = "NAME", value_parser = names::endpoint)]
    name: Option<String>,

    /// Replace a shipworthy.toml that is there already (and the copy of the data).
    #[arg(long)]
    force: bool,

    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// Rows read at a time.
const BATCH_ROWS: usize = 8 * 1024;

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let place = Place::find(&args.data, args.output.as_deref())?;
    place.check_free(args.force)?;
    let profile = read(&args.data)?;
    let name = args.name.clone().unwrap_or_else(|| names::from_path(&args.data));
    let proposal = Proposal::make(&profile, &place.source, &name, args.target.as_deref())?;
    let text = text::write(&proposal);
    let project = read_back(&text)?;
    place.write(&args.data, &text, args.force)?;
    report(args, &place, &project)?;
    Ok(Outcome::Done)
}

/// The `[[column]]` sections that a data file suggests, each with what was seen of the column. A
/// `target`, if it is named, is left out, and so is what says too much about it.
///
/// # Errors
/// When the file cannot be read, has no rows, or lacks the target.
pub(crate) fn contract(data: &Path, target: Option<&str>) -> Result<String> {
    let profile = read(data)?;
    let target = target.map(|target| Target::find(&profile, Some(target))).transpose()?;
    let columns = 0..profile.columns.len();
    let treatments: Vec<_> =
        columns.map(|index| Treatment::of(&profile, target.as_ref(), index)).collect();
    let mut page = Page::default();
    contract_text::columns(&mut page, &profile, &treatments, split::event_timestamp(&profile));
    Ok(page.into_text())
}

/// Reads the file and profiles its columns.
fn read(data: &Path) -> Result<Profile> {
    let bar = output::progress(0, "rows");
    bar.set_message("finding types");
    let file = RowFile::open(data)?;
    ensure!(!file.schema().is_empty(), "{} has no columns", data.display());
    match file.rows() {
        Some(rows) => bar.set_length(rows),
        None => bar.unset_length(),
    }
    bar.set_message("reading");
    let wanted = Arc::new(file.schema().clone());
    let mut profiler = Profiler::new(&wanted);
    for read in file.batches(&wanted, BATCH_ROWS)? {
        let (batch, _) = read?;
        profiler.observe(&batch);
        bar.inc(batch.rows() as u64);
    }
    bar.finish_and_clear();
    let profile = profiler.finish();
    if profile.rows == 0 {
        bail!("{} has no rows: there is nothing to make rules from", data.display());
    }
    Ok(profile)
}

/// Reads the text as every other command will.
fn read_back(text: &str) -> Result<Project> {
    Project::parse(text, PROJECT_FILE).map_err(|diagnosis| {
        anyhow::anyhow!(
            "the project that init made is not valid; this is a fault of shipworthy, please \
             report it with the following\n{}",
            diagnose::render(&diagnosis, false).trim_end()
        )
    })
}

/// The outcome for programs.
#[derive(Serialize)]
struct Printed<'a> {
    /// The project's directory, which every other command takes.
    project: String,
    target: &'a str,
    task: &'a str,
    /// How many are declared.
    columns: usize,
}

fn report(args: &Args, place: &Place, project: &Project) -> Result<()> {
    let (target, task) = (&project.model.target, project.model.task.name());
    if args.json {
        let project_directory = place.directory.display().to_string();
        let columns = project.columns.len();
        return output::json(&Printed { project: project_directory, target, task, columns });
    }
    let directory = quote::shell(&place.directory.display().to_string());
    output::line(&format!(
        "{}\n  {task} model of {}, {} columns, {} of them features\n\nRead it, correct the \
         guesses, then:\n  shipworthy config check {directory}\n  shipworthy train {directory} \
         --output model.json\n  shipworthy up {directory}",
        place.project_file().display(),
        quote::text(target),
        project.columns.len(),
        project.contract().features().count(),
    ))
}

#[cfg(test)]
mod tests;
