//! `shipworthy checklist`: how far a project is from prototype to production.

mod files;

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args as ClapArgs;
use serde::{Deserialize, Serialize};
use shipworthy_core::checklist::{self, State};
use shipworthy_rows::Timestamp;

use crate::cli::Outcome;
use crate::client::{Found, RemoteArgs, find};
use crate::system::System;
use crate::{output, state};

/// Show the checklist of a project: what holds, by which evidence, and what comes next.
///
/// It asks the server that runs, and looks at the files when none does. It informs, so its exit
/// code is 0 whatever it shows; with --strict it is 1 unless everything is met.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:\n  shipworthy checklist examples/flights\n  shipworthy \
    checklist --json | jq '.items[] | select(.state == \"failing\")'")]
pub(crate) struct Args {
    /// The project: a directory with a shipworthy.toml.
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    /// The state directory, if it is not PROJECT/.shipworthy.
    #[arg(long, value_name = "DIR", env = "SHIPWORTHY_STATE")]
    state: Option<PathBuf>,

    #[command(flatten)]
    remote: RemoteArgs,

    /// Fail (exit code 1) unless everything is met.
    #[arg(long)]
    strict: bool,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The checklist, as the control plane shows it.
#[derive(Debug, Deserialize, Serialize)]
struct Checklist {
    items: Vec<Item>,
}

/// One line of it.
#[derive(Debug, Deserialize, Serialize)]
struct Item {
    id: String,
    part: String,
    title: String,
    /// `met`, `failing` or `not_set_up`.
    state: String,
    evidence: String,
    next: String,
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let checklist = read(args, system.clock.now())?;
    if args.json {
        output::json(&checklist)?;
    } else {
        let coloured = stdout().is_terminal() && System::variable("NO_COLOR").is_none();
        output::line(&checklist.render(coloured))?;
    }
    Ok(checklist.outcome(args.strict))
}

fn read(args: &Args, now: Timestamp) -> Result<Checklist> {
    let directory = state::project_directory(&args.project);
    let path = state::of_project(&directory, args.state.as_deref());
    let lock = if args.remote.server.is_some() || path.is_dir() {
        match find(&path, &args.remote)? {
            Found::Server(client) => return client.get("/v1/checklist"),
            Found::Files(lock) => Some(lock),
        }
    } else {
        None
    };
    let facts = files::facts(&args.project, lock.as_ref(), now)?;
    Ok(Checklist { items: checklist::judge(&facts).into_iter().map(Item::from).collect() })
}

impl Checklist {
    /// Whether it passes: strictly taken, only when everything is met.
    fn outcome(&self, strict: bool) -> Outcome {
        let all_met = self.items.iter().all(|item| item.state() == Some(State::Met));
        if strict && !all_met { Outcome::Failed } else { Outcome::Done }
    }

    /// For people: the parts, and what is known about each item.
    fn render(&self, coloured: bool) -> String {
        let mut out = String::new();
        for part in self.items.chunk_by(|one, next| one.part == next.part) {
            out.push_str(&format!("{}\n", painted(&part[0].part, "1", coloured)));
            part.iter().for_each(|item| item.render(coloured, &mut out));
            out.push('\n');
        }
        let met = self.items.iter().filter(|item| item.state() == Some(State::Met)).count();
        out.push_str(&format!("{met} of {} met", self.items.len()));
        out
    }
}

impl Item {
    fn state(&self) -> Option<State> {
        let all = [State::Met, State::Failing, State::NotSetUp];
        all.into_iter().find(|state| state.name().replace(' ', "_") == self.state)
    }

    fn render(&self, coloured: bool, out: &mut String) {
        let (mark, colour) = match self.state() {
            Some(State::Met) => ("✓", "32"),
            Some(State::Failing) => ("✗", "31"),
            Some(State::NotSetUp) | None => ("·", "2"),
        };
        let words = match self.state() {
            Some(state) => state.name(),
            None => &self.state,
        };
        let mark = painted(mark, colour, coloured);
        let words = painted(&format!("{words:<11}"), colour, coloured);
        let Self { title, evidence, next, .. } = self;
        out.push_str(&format!("  {mark} {words} {title}\n"));
        out.push_str(&format!("                {}\n", painted(evidence, "2", coloured)));
        if self.state() != Some(State::Met) {
            out.push_str(&format!("                next: {next}\n"));
        }
    }
}

impl From<checklist::Item> for Item {
    fn from(item: checklist::Item) -> Self {
        Self {
            id: item.id.to_owned(),
            part: item.part.to_owned(),
            title: item.title.to_owned(),
            state: item.state.name().replace(' ', "_"),
            evidence: item.evidence,
            next: item.next.to_owned(),
        }
    }
}

/// Text in a colour of the terminal, by its ANSI code.
fn painted(text: &str, code: &str, coloured: bool) -> String {
    if coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests;
