//! The test command: sets up what is missing, runs every check, and says what it did.
//!
//! A step fails, passes, or is skipped with a reason; in continuous integration a skip is a
//! failure, so that nothing is green for not having run. Later steps run after a failed one.

mod deny;
mod fuzz;
mod python;
mod report;
mod steps;
mod tool;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::workspace::Workspace;
use steps::{STEPS, Step};

#[derive(Args)]
pub(crate) struct Options {
    /// Run only this step (repeat for several), in the usual order
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// List the steps and what they run
    #[arg(long)]
    list: bool,
}

/// How a step ended, when it did not fail.
enum Outcome {
    Passed,
    /// Not run, and why.
    Skipped(String),
}

struct Ended {
    step: &'static Step,
    result: Result<Outcome>,
    took: Duration,
}

/// Runs the steps, then prints the table of them.
///
/// # Errors
/// When a step failed, or an unknown one is asked for.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let chosen = choose(&options.only)?;
    if options.list {
        print!("{}", report::list(&chosen));
        return Ok(());
    }
    let count = chosen.len();
    let ended: Vec<Ended> = (1..)
        .zip(chosen)
        .map(|(number, step)| run_step(workspace, step, &format!("[{number}/{count}]")))
        .collect();
    print!("\n{}", report::table(&ended));
    let failed = ended.iter().filter(|ended| ended.result.is_err()).count();
    if failed > 0 {
        bail!("{failed} of {count} steps failed");
    }
    Ok(())
}

fn choose(only: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("no step is called {unknown}; there are {}", names.join(", "));
    }
    let chosen = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    Ok(STEPS.iter().filter(chosen).collect())
}

fn run_step(workspace: &Workspace, step: &'static Step, number: &str) -> Ended {
    println!("\n{number} {}: {}", step.name, step.about);
    let start = Instant::now();
    let result = judge((step.run)(workspace), workspace.ci);
    let took = start.elapsed();
    let word = report::word(&result);
    println!("{number} {}: {word} after {}", step.name, report::seconds(took));
    if let Err(error) = &result {
        println!("  {error:#}");
    }
    Ended { step, result, took }
}

/// In continuous integration nothing may be skipped.
fn judge(result: Result<Outcome>, ci: bool) -> Result<Outcome> {
    match result {
        Ok(Outcome::Skipped(why)) if ci => bail!("skipped, which CI=true forbids: {why}"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_is_a_failure_in_continuous_integration_only() {
        let skip = || Ok(Outcome::Skipped("no python3".into()));
        assert!(matches!(judge(skip(), false), Ok(Outcome::Skipped(_))));
        let failed = judge(skip(), true).err().map(|error| error.to_string());
        assert_eq!(failed.as_deref(), Some("skipped, which CI=true forbids: no python3"));
    }

    #[test]
    fn steps_keep_their_order_and_unknown_ones_are_refused() {
        let names = |only: &[&str]| -> Result<Vec<&str>> {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            Ok(choose(&only)?.iter().map(|step| step.name).collect())
        };
        assert_eq!(names(&["rust", "tidy"]).ok(), Some(vec!["tidy", "rust"]));
        assert_eq!(names(&[]).ok().map(|all| all.len()), Some(STEPS.len()));
        assert!(names(&["tests"]).is_err());
    }
}
