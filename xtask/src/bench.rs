//! Benchmarks: this product beside its peers and beside what the machine can do at all.

mod asked;
mod control;
mod curve;
mod disk;
mod drift;
mod flips;
mod http;
mod load;
mod machine;
mod open_loop;
mod payload;
mod peers;
mod project;
mod quantiles;
mod rate;
mod report;
mod rounds;
mod serve;
mod server;
mod shadow;
mod soak;
mod store;
mod traffic;
mod trees;
mod validate;
mod wrk;

use anyhow::Result;
use clap::Subcommand;

use crate::workspace::Workspace;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Requests a second and latency of predictions, beside the honest limit and the peers
    Serve(serve::Options),
    /// The highest rate of one-row predictions at which p99 stays under a bound
    Rate(rate::Options),
    /// Memory under minutes of full load with the durable ledger
    Soak(soak::Options),
    /// What a shadow takes from live requests, and how many of them it answers
    Shadow(traffic::Options),
    /// What live requests notice while two releases change places a thousand times
    Flips(flips::Options),
    /// What control state costs when it holds 10,000 releases and a million events
    Store(store::Options),
    /// What a row of a tree model costs, here and in other libraries, in one interleaved run
    Trees(trees::Options),
    /// Expectations on a table and the rules of a row, beside Great Expectations, Pandera and Pydantic
    Validate(validate::Options),
    /// The drift of a table of 25 columns by Evidently's default preset, beside Evidently
    Drift(drift::Options),
}

/// Runs one benchmark and prints its report in Markdown.
///
/// # Errors
/// When a server does not start or does not answer, or a tool cannot be had.
pub(crate) fn run(workspace: &Workspace, bench: &Bench) -> Result<()> {
    match bench {
        Bench::Serve(options) => serve::run(workspace, options),
        Bench::Rate(options) => rate::run(workspace, options),
        Bench::Soak(options) => soak::run(workspace, options),
        Bench::Shadow(options) => shadow::run(workspace, options),
        Bench::Flips(options) => flips::run(workspace, options),
        Bench::Store(options) => store::run(workspace, options),
        Bench::Trees(options) => trees::run(workspace, options),
        Bench::Validate(options) => validate::run(workspace, options),
        Bench::Drift(options) => drift::run(workspace, options),
    }
}
