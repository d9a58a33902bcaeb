//! `shipworthy config`: what the project file says.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;
use shipworthy_control::diagnose;
use shipworthy_control::project::{Diagnosis, Project};

use crate::cli::Outcome;
use crate::{output, state};

/// Look at a project file.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a project file: every mistake, with its line and what to write instead.
    ///
    /// Exit code 0 when it is valid, 1 when it has mistakes, 2 when it cannot be read.
    Check {
        /// The project: a directory with a shipworthy.toml, or the file itself.
        #[arg(value_name = "PROJECT", default_value = ".")]
        project: PathBuf,

        /// Print the mistakes as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let Command::Check { project, json } = &args.command;
    let read = state::read_project(project);
    match read {
        Ok(valid) => {
            report_valid(&valid, *json)?;
            Ok(Outcome::Done)
        }
        Err(error) => match error.downcast::<Diagnosis>() {
            Ok(diagnosis) => {
                report_mistakes(&diagnosis, *json)?;
                Ok(Outcome::Failed)
            }
            Err(error) => Err(error),
        },
    }
}

fn report_valid(project: &Project, json: bool) -> Result<()> {
    if json {
        return output::json(&json!({"valid": true, "mistakes": []}));
    }
    let features = project.contract().features().count();
    let columns = project.columns.len();
    let name = &project.identity.name;
    output::line(&format!("{name}: valid; {columns} columns, {features} of them features"))
}

fn report_mistakes(diagnosis: &Diagnosis, json: bool) -> Result<()> {
    if json {
        return output::json(&json!({"valid": false, "mistakes": diagnose::json(diagnosis)}));
    }
    output::note(diagnose::render(diagnosis, output::is_coloured()).trim_end());
    Ok(())
}
