//! The `shipworthy` command: the command line, and the wiring of everything below it.

mod cli;
mod client;
mod command_runner;
mod commands;
mod given;
mod input;
mod making;
mod model_loader;
mod onnx_runtime;
mod output;
mod parquet_file;
mod registry;
mod server;
mod signing;
mod state;
mod system;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let system = system::System::new();
    match cli.run(&system) {
        Ok(outcome) => outcome.into(),
        Err(error) => output::report(&error),
    }
}
