//! `shipworthy train`: a model file and its quality.

use std::path::PathBuf;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use serde::Serialize;
use shipworthy_control::train::{self, Progress, Quality, Report, Tools, Trained};

use crate::cli::Outcome;
use crate::command_runner::CommandRunner;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::system::System;
use crate::{output, state};

/// Train a project's model, and say how good it is.
///
/// The model file is plain XGBoost JSON: Python's xgboost loads it. The same data, project and
/// version of this program give the same bytes. What a command of the project's own wrote
/// (`trainer = "command"`), and a model that is a file already (`trainer = "file"`), is checked,
/// measured and copied as it is. To serve the model as well, use `shipworthy up`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  shipworthy train examples/flights --output model.json")]
pub(crate) struct Args {
    /// The project: a directory with a shipworthy.toml.
    #[arg(value_name = "PROJECT")]
    project: PathBuf,

    /// Where the model file goes.
    #[arg(long, short, value_name = "MODEL")]
    output: PathBuf,

    #[command(flatten)]
    onnx: OnnxRuntime,

    /// Print the metrics as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let project = state::read_project(&args.project)?;
    let directory = state::project_directory(&args.project);
    let mut bars = Bars::new();
    let models = ModelLoader::for_command(&args.onnx, system);
    let tools = Tools { models: models.as_ref(), runner: &CommandRunner };
    let trained = train::train(&project, &directory, &tools, &mut bars)?;
    bars.finish();
    std::fs::write(&args.output, &trained.model)
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    if args.json {
        output::json(&Printed::of(args, &trained))?;
    } else {
        if let Some(report) = &trained.report {
            output::line(&summary(report))?;
        }
        output::line(&format!("model written to {}", args.output.display()))?;
    }
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Printed<'a> {
    model: String,
    #[serde(flatten)]
    report: Option<&'a Report>,
    trainer: &'a shipworthy_core::Trainer,
    #[serde(skip_serializing_if = "Option::is_none")]
    training_set: Option<&'a shipworthy_core::TrainingSet>,
}

impl<'a> Printed<'a> {
    fn of(args: &Args, trained: &'a Trained) -> Self {
        Self {
            model: args.output.display().to_string(),
            report: trained.report.as_ref(),
            trainer: &trained.trainer,
            training_set: trained.training_set.as_ref(),
        }
    }
}

/// A training's report for people.
pub(crate) fn summary(report: &Report) -> String {
    let rows = &report.rows;
    let used = match rows.train {
        0 => format!("{} measured", rows.test),
        train => format!("{train} train, {} validate, {} test", rows.validation, rows.test),
    };
    let mut text = format!(
        "{} rows: {used}; dropped {} without a label and {} that break the contract; {} lie \
         outside the windows\n",
        rows.source, rows.without_label, rows.breaking_contract, rows.outside_windows,
    );
    if let Some(rounds) = report.rounds {
        text.push_str(&format!("{rounds} rounds of boosting\n"));
    }
    let slices = [("validation", report.validation.as_ref()), ("test", report.test.as_ref())];
    for (name, quality) in slices.into_iter().filter_map(|(name, q)| Some((name, q?))) {
        text.push_str(&metrics(name, quality));
    }
    text.trim_end().to_owned()
}

fn metrics(slice: &str, quality: &Quality) -> String {
    let numbers = quality.metrics.iter().map(|(name, value)| format!("{name} {value:.4}"));
    let numbers: Vec<_> = numbers.collect();
    format!("{slice:<10} {}\n", numbers.join("  "))
}

/// Two bars, one after the other: rows read, rounds boosted.
pub(crate) struct Bars {
    rows: ProgressBar,
    rounds: Option<ProgressBar>,
}

impl Bars {
    pub(crate) fn new() -> Self {
        let rows = output::progress(0, "rows");
        rows.set_message("reading");
        Self { rows, rounds: None }
    }

    pub(crate) fn finish(&self) {
        self.rows.finish_and_clear();
        if let Some(rounds) = &self.rounds {
            rounds.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn rows(&mut self, read: u64, total: Option<u64>) {
        self.rows.set_length(total.unwrap_or(read));
        self.rows.set_position(read);
    }

    fn flagged(&mut self, what: &str) {
        self.rows.suspend(|| output::note(&format!("not as expected: {what}")));
    }

    fn command(&mut self, words: &[String]) {
        self.rows.finish_and_clear();
        output::note(&format!("running {}", words.join(" ")));
    }

    fn round(&mut self, done: u32, of: u32, score: Option<f64>) {
        self.rows.finish_and_clear();
        let bar = self.rounds.get_or_insert_with(|| output::progress(u64::from(of), "rounds"));
        bar.set_position(u64::from(done));
        if let Some(score) = score {
            bar.set_message(format!("training, validation loss {score:.4}"));
        }
    }
}
