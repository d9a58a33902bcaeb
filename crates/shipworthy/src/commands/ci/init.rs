//! `shipworthy ci init`: the workflow of a project, for the forge that the team has.
//!
//! What it must know is asked of the project file and of git ([`facts`]), and filled into a template
//! that reads as the workflow does ([`workflow`]).

mod facts;
mod settings;
mod workflow;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::cli::Outcome;
use crate::output;
use crate::state;
use facts::Facts;

/// Write a workflow that takes a project from a commit to its endpoint.
///
/// On pull requests it makes a release, tests it by the gates, and compares it with what serves. On
/// the protected branch, and on a schedule, it makes the release that counts: signed with the
/// pipeline's key, tested, in an image, and deployed as a shadow. A guarded job by hand promotes it.
/// The file is yours: read it, and change what your team does otherwise. What must be set at the
/// forge is printed.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  shipworthy ci init github\n  shipworthy ci init gitlab \
    --project models/churn --output .gitlab/churn.yml")]
pub(super) struct Args {
    /// Whose pipelines: `github` or `gitlab`.
    #[arg(value_name = "github|gitlab", hide_possible_values = true)]
    forge: Forge,

    /// The project: a directory with a shipworthy.toml, in a git repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,

    /// The file, if it is not `.github/workflows/shipworthy.yml` or `.gitlab-ci.yml` of the
    /// repository.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace a file that is there already.
    #[arg(long)]
    force: bool,
}

/// Where the repository lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Forge {
    Github,
    Gitlab,
}

impl Forge {
    /// Where it looks for the workflow, from the root of the repository on.
    const fn place(self) -> &'static str {
        match self {
            Self::Github => ".github/workflows/shipworthy.yml",
            Self::Gitlab => ".gitlab-ci.yml",
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let project = state::read_project(&args.project)?;
    let directory = state::project_directory(&args.project);
    let facts = Facts::of(&project, &directory)?;
    let file = args.output.clone().unwrap_or_else(|| facts.root.join(args.forge.place()));
    let place = facts.place_of(&file)?.unwrap_or_else(|| args.forge.place().to_owned());
    write(&file, &workflow::write(args.forge, &facts, &place), args.force)?;
    output::line(&file.display().to_string())?;
    output::line(&settings::of(args.forge, &facts))?;
    for note in facts.notes(&project) {
        output::note(&note);
    }
    Ok(Outcome::Done)
}

/// Never over a file that somebody may have made their own.
fn write(file: &Path, text: &str, force: bool) -> Result<()> {
    if file.exists() && !force {
        bail!(
            "{} is there already; --force replaces it, --output FILE writes another",
            file.display()
        );
    }
    let directory = file.parent().unwrap_or(Path::new("."));
    let made = fs::create_dir_all(directory);
    made.with_context(|| format!("cannot make {}", directory.display()))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(!force).create(force).truncate(force);
    let written = options.open(file).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", file.display()))
}
