//! `cargo xtask bench rate`: the highest rate at which p99 stays under a bound.
//!
//! An open loop: requests are due at even intervals whatever the answers do, and the latency of
//! each counts from when it was due. A closed loop would wait with the server and miss the wait.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use super::load::Load;
use super::open_loop::{self, Plan, Taken};
use super::payload::Rows;
use super::quantiles::{median, range};
use super::server::{Running, SERVERS};
use super::{machine, serve};
use crate::workspace::Workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// The server: memory, durable, model, echo, limit
    #[arg(long, default_value = "memory")]
    server: String,
    /// The p99 that must be kept, in milliseconds
    #[arg(long, default_value_t = 5.0)]
    p99_ms: f64,
    /// Connections that requests are spread over
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Seconds at each rate
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Measurements at each rate, whose median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Rates to try: each halves what is not known
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=30))]
    steps: u32,
    /// Where the server keeps its state [default: the user's cache]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let Some(server) = SERVERS.iter().find(|server| server.name == options.server) else {
        bail!("no server of this product is called {}", options.server);
    };
    let programs = serve::build(workspace)?;
    let parent = options.directory.clone().unwrap_or_else(|| workspace.cache.join("bench"));
    let scratch = serve::scratch(&parent)?;
    let running = Running::start(server, &programs, scratch.path())?;
    let body = Rows::read(workspace)?.body(server.form, 1);
    running.probe(&body)?;
    let load = Load::prepare(scratch.path(), options.seconds)?;
    let closed = load.run(&running.url, &body, options.connections)?.requests_per_s;
    let machine = machine::facts(workspace);
    println!(
        "## The highest rate with p99 under {} ms: {}\n\n{}.\n\n{} cores, {}, {}, commit {}.\n\n\
         {} connections, an open loop: requests are due at even intervals, and latency counts from \
         then. {} times {} s at each rate, the median counts. A closed loop reaches {closed:.0} requests/s.\n\n\
         | requests/s | p50 ms | p99 ms | spread of p99 | kept |\n|---:|---:|---:|---|---|",
        options.p99_ms,
        options.server,
        server.about,
        machine.cores,
        machine.cpu,
        machine.kernel,
        machine.commit,
        options.connections,
        options.rounds,
        options.seconds,
    );
    let best = search(closed, options, |rate| {
        let plan = Plan {
            url: &running.url,
            body: &body,
            connections: options.connections,
            requests_per_s: rate,
            duration: Duration::from_secs(options.seconds.into()),
        };
        open_loop::run(&plan)
    })?;
    println!("\nHighest rate that kept it: {best:.0} requests/s.");
    Ok(())
}

/// Bisects between nothing and `most`; the highest rate that kept the bound, 0 if none did.
fn search(
    most: f64,
    options: &Options,
    mut measure: impl FnMut(f64) -> Result<Taken>,
) -> Result<f64> {
    let (mut kept_at, mut missed_at) = (0.0, most);
    let mut rate = most;
    for _ in 0..options.steps {
        let taken = (0..options.rounds).map(|_| measure(rate)).collect::<Result<Vec<_>>>()?;
        let of = |value: fn(&Taken) -> f64| taken.iter().map(value).collect::<Vec<f64>>();
        let (p50_ms, p99_ms) = (median(&of(|one| one.p50_ms)), of(|one| one.p99_ms));
        let (low, high) = range(&p99_ms);
        let p99_ms = median(&p99_ms);
        let kept = p99_ms < options.p99_ms;
        let word = if kept { "yes" } else { "no" };
        println!("| {rate:.0} | {p50_ms:.3} | {p99_ms:.3} | {low:.3} to {high:.3} | {word} |");
        if kept {
            kept_at = rate;
            if rate >= most {
                break;
            }
        } else {
            missed_at = rate;
        }
        rate = f64::midpoint(kept_at, missed_at);
    }
    Ok(kept_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(limit: f64, steps: u32, expect: f64) {
        let options = Options {
            server: String::new(),
            p99_ms: 5.0,
            connections: 1,
            seconds: 1,
            rounds: 3,
            steps,
            directory: None,
        };
        let measure =
            |rate| Ok(Taken { p50_ms: 1.0, p99_ms: if rate <= limit { 4.9 } else { 5.0 } });
        let best = search(1_000.0, &options, measure).expect("nothing fails");
        assert!((best - expect).abs() < 1e-9, "{best}");
    }

    #[test]
    fn the_highest_rate_that_keeps_the_bound_is_found() {
        check(700.0, 4, 625.0);
        check(2_000.0, 4, 1_000.0);
        check(0.0, 4, 0.0);
    }
}
