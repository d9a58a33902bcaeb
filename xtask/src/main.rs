//! Development tasks: `cargo xtask tidy`, `cargo xtask test`, `cargo xtask bench`.
//!
//! An edge and nothing else: it starts programs, prints what they said and depends on no crate
//! of the product.
#![allow(clippy::print_stdout, reason = "a command line for developers; its output is text")]
#![allow(clippy::disallowed_methods, reason = "an edge: reads the environment and times its steps")]

mod apt;
mod bench;
mod browser;
mod cargo;
mod containers;
mod onnxruntime;
mod process;
mod python;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development tasks of Shipworthy")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check the rules of the house that no compiler or linter knows
    Tidy,
    /// Set up what the tests need and run all of them, cheapest first
    Test(test::Options),
    /// Measure, beside peers and beside the limit of the machine
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let workspace = Workspace::from_environment();
    let done = match Cli::parse().task {
        Task::Tidy => tidy::run(&workspace),
        Task::Test(options) => test::run(&workspace, &options),
        Task::Bench(bench) => bench::run(&workspace, &bench),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
