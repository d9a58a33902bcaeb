//! `cargo xtask bench flips`: what live requests notice while two releases change places.
//!
//! Rounds of full load without flips and with them. A flip is a rollback over REST, due at even
//! intervals; it takes from the request to the answer, which says that it is stored.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::quantiles::quantile;
use super::rounds::{Column, table};
use super::traffic::{self, Traffic};
use super::wrk::{self, Sample};
use crate::process;
use crate::workspace::Workspace;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(flatten)]
    traffic: traffic::Options,
    /// Flips of all rounds together
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    flips: u32,
}

struct Round {
    without: Sample,
    with: Sample,
    flips_ms: Vec<f64>,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let traffic = Traffic::start(workspace, &options.traffic)?;
    // From here on a rollback goes to the other release, again and again.
    traffic.deploy("blue_green")?;
    traffic.act("promote")?;
    let flips = options.flips.div_ceil(options.traffic.rounds);
    let rounds = (1..=options.traffic.rounds).map(|number| {
        eprintln!("round {number}");
        round(&traffic, &options.traffic, flips)
    });
    let rounds = rounds.collect::<Result<Vec<Round>>>()?;
    println!(
        "## Flips under load\n\n{} {flips} flips a round.\n\n{}",
        traffic.conditions,
        table(&COLUMNS, &rounds),
    );
    Ok(())
}

const COLUMNS: [Column<Round>; 10] = [
    Column { name: "requests/s without", of: |round| round.without.requests_per_s, digits: 0 },
    Column { name: "with", of: |round| round.with.requests_per_s, digits: 0 },
    Column { name: "p50 ms without", of: |round| round.without.p50_ms, digits: 3 },
    Column { name: "with", of: |round| round.with.p50_ms, digits: 3 },
    Column { name: "p99 ms without", of: |round| round.without.p99_ms, digits: 3 },
    Column { name: "with", of: |round| round.with.p99_ms, digits: 3 },
    Column { name: "errors without", of: |round| count(round.without.errors), digits: 0 },
    Column { name: "with", of: |round| count(round.with.errors), digits: 0 },
    Column { name: "flip p50 ms", of: |round| quantile(&round.flips_ms, 0.5), digits: 2 },
    Column { name: "flip p99 ms", of: |round| quantile(&round.flips_ms, 0.99), digits: 2 },
];

fn round(traffic: &Traffic, options: &traffic::Options, flips: u32) -> Result<Round> {
    let Traffic { running, load, body, .. } = traffic;
    let without = load.run(&running.url, body, options.connections)?;
    let mut command = load.command(&running.url, body, options.connections)?;
    let loading = thread::spawn(move || process::capture(&mut command));
    // One interval is left at the end.
    let interval = Duration::from_secs(options.seconds.into()) / (flips + 1);
    let flips_ms = flip(traffic, flips, interval)?;
    if loading.is_finished() {
        bail!("the flips took longer than the load: take more --seconds or fewer --flips");
    }
    let output = loading.join().ok().context("the load ended in a panic")??;
    Ok(Round { without, with: wrk::parse(&output)?, flips_ms })
}

/// How long each flip took, in milliseconds.
fn flip(traffic: &Traffic, flips: u32, interval: Duration) -> Result<Vec<f64>> {
    let start = Instant::now();
    let flip = |number: u32| {
        thread::sleep((interval * number).saturating_sub(start.elapsed()));
        let sent = Instant::now();
        traffic.act("rollback")?;
        Ok(sent.elapsed().as_secs_f64() * 1e3)
    };
    (1..=flips).map(flip).collect()
}

#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn count(errors: u64) -> f64 {
    errors as f64
}
