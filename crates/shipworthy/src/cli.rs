//! What can be typed.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::command_runner::keeper;
use crate::commands::{
    checklist, ci, completions, config, contract, evaluate, health, image, init, key, ledger,
    lineage, predict, release, reload, score, serve, test, token, traffic, train, up, validate,
};
use crate::onnx_runtime::trial;
use crate::system::System;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what it should.
    Done,
    /// What it checked does not hold.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::FAILURE,
        }
    }
}

/// Takes a trained model from prototype to production, and keeps it right.
///
/// A project is a directory with a `shipworthy.toml`. Start with one that works:
///
///   shipworthy up examples/flights
///
/// or make one from your own data:
///
///   shipworthy init data.parquet --target late
///
/// A model file alone needs no project:
///
///   shipworthy serve --model late=model.json
#[derive(Debug, Parser)]
#[command(name = "shipworthy", version, verbatim_doc_comment, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done; 1 what was checked does not hold; 2 the input cannot \
    be used (the reason is on standard error).")]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::Args),
    Init(init::Args),
    Validate(validate::Args),
    Contract(contract::Args),
    Train(train::Args),
    Release(release::Args),
    Image(image::Args),
    Test(test::Args),
    Score(score::Args),
    Serve(serve::Args),
    Predict(predict::Args),
    Evaluate(evaluate::Args),
    Checklist(checklist::Args),
    #[command(flatten)]
    Traffic(traffic::Command),
    Ci(ci::Args),
    Reload(reload::Args),
    Health(health::Args),
    Config(config::Args),
    Key(key::Args),
    Ledger(ledger::Args),
    Lineage(lineage::Args),
    Token(token::Args),
    Completions(completions::Args),
    /// Not for people: what holds an ONNX model to its bounds.
    #[command(hide = true)]
    OnnxTrial(trial::Args),
    /// Not for people: what ends a command when nobody waits for it any more.
    #[command(hide = true)]
    Keeper(keeper::Args),
}

impl Cli {
    /// Does what was asked for.
    pub(crate) fn run(self, system: &System) -> Result<Outcome> {
        match self.command {
            Command::Up(args) => up::run(args, system),
            Command::Init(args) => init::run(&args),
            Command::Validate(args) => validate::run(&args),
            Command::Contract(args) => contract::run(&args),
            Command::Train(args) => train::run(&args, system),
            Command::Release(args) => release::run(&args, system),
            Command::Image(args) => image::run(&args, system),
            Command::Test(args) => test::run(&args, system),
            Command::Score(args) => score::run(&args, system),
            Command::Serve(args) => serve::run(args, system),
            Command::Predict(args) => predict::run(&args),
            Command::Evaluate(args) => evaluate::run(&args),
            Command::Checklist(args) => checklist::run(&args, system),
            Command::Traffic(command) => traffic::run(&command, system),
            Command::Ci(args) => ci::run(&args, system),
            Command::Reload(args) => reload::run(&args, system),
            Command::Health(args) => health::run(&args),
            Command::Config(args) => config::run(&args),
            Command::Key(args) => key::run(&args, system),
            Command::Ledger(args) => ledger::run(&args, system),
            Command::Lineage(args) => lineage::run(&args, system),
            Command::Token(args) => token::run(&args, system),
            Command::Completions(args) => completions::run(&args),
            Command::OnnxTrial(args) => trial::run(&args),
            Command::Keeper(args) => keeper::run(&args),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
