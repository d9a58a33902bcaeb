//! `cargo xtask bench shadow`: what a shadow takes from live requests, and how many it answers.
//!
//! Rounds of three: full load without a shadow and with one, in an order that changes by round, and
//! half of that load as an open loop with one.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::open_loop::{self, Plan, Taken};
use super::rounds::{Column, table};
use super::traffic::{Options, Traffic};
use super::wrk::Sample;
use crate::workspace::Workspace;

/// Between two looks at the counts; when they are equal, everything is answered or shed.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const MAX_LOOKS: usize = 60;

struct Round {
    without: Sample,
    with: Sample,
    at_full: Counts,
    half: Taken,
    at_half: Counts,
}

/// Rows that the shadow answered, and that it was spared.
#[derive(Clone, Copy, PartialEq)]
struct Counts {
    paired: f64,
    shed: f64,
}

pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let traffic = Traffic::start(workspace, options)?;
    let rounds = (1..=options.rounds).map(|number| {
        let round = round(&traffic, options, number % 2 == 0)?;
        let (kept, paired) = (kept(&round), percent(round.at_half.paired_share()));
        eprintln!("round {number}: {kept:.1} % kept, {paired:.1} % paired at half of the load");
        Ok(round)
    });
    let rounds = rounds.collect::<Result<Vec<Round>>>()?;
    println!(
        "## A shadow beside live requests\n\n{}\n\nFull load:\n\n{}\nHalf of what the round had \
         without a shadow, an open loop:\n\n{}",
        traffic.conditions,
        table(&FULL, &rounds),
        table(&HALF, &rounds),
    );
    Ok(())
}

const FULL: [Column<Round>; 10] = [
    Column { name: "requests/s without", of: |round| round.without.requests_per_s, digits: 0 },
    Column { name: "with", of: |round| round.with.requests_per_s, digits: 0 },
    Column { name: "% kept", of: kept, digits: 1 },
    Column { name: "p50 ms without", of: |round| round.without.p50_ms, digits: 3 },
    Column { name: "with", of: |round| round.with.p50_ms, digits: 3 },
    Column { name: "p99 ms without", of: |round| round.without.p99_ms, digits: 3 },
    Column { name: "with", of: |round| round.with.p99_ms, digits: 3 },
    Column { name: "% paired", of: |round| percent(round.at_full.paired_share()), digits: 1 },
    Column { name: "% shed", of: |round| percent(round.at_full.shed_share()), digits: 1 },
    Column { name: "errors", of: errors, digits: 0 },
];

const HALF: [Column<Round>; 5] = [
    Column { name: "requests/s", of: |round| half_of(&round.without), digits: 0 },
    Column { name: "p50 ms", of: |round| round.half.p50_ms, digits: 3 },
    Column { name: "p99 ms", of: |round| round.half.p99_ms, digits: 3 },
    Column { name: "% paired", of: |round| percent(round.at_half.paired_share()), digits: 1 },
    Column { name: "% shed", of: |round| percent(round.at_half.shed_share()), digits: 1 },
];

fn round(traffic: &Traffic, options: &Options, is_shadow_first: bool) -> Result<Round> {
    let Traffic { running, load, body, .. } = traffic;
    let full = || load.run(&running.url, body, options.connections);
    let ((with, at_full), without) = if is_shadow_first {
        (beside(traffic, full)?, full()?)
    } else {
        let without = full()?;
        (beside(traffic, full)?, without)
    };
    let plan = Plan {
        url: &running.url,
        body,
        connections: options.connections,
        requests_per_s: half_of(&without),
        duration: Duration::from_secs(options.seconds.into()),
    };
    let (half, at_half) = beside(traffic, || open_loop::run(&plan))?;
    Ok(Round { without, with, at_full, half, at_half })
}

/// What `load` gives while a shadow answers, and what the shadow did.
fn beside<T>(traffic: &Traffic, load: impl FnOnce() -> Result<T>) -> Result<(T, Counts)> {
    traffic.deploy("shadow")?;
    let given = load()?;
    let counts = settled(traffic)?;
    traffic.act("rollback")?;
    Ok((given, counts))
}

/// The counts when they change no more.
fn settled(traffic: &Traffic) -> Result<Counts> {
    let mut before = Counts::read(traffic)?;
    for _ in 0..MAX_LOOKS {
        thread::sleep(LOOK_EVERY);
        let now = Counts::read(traffic)?;
        if now == before {
            return Ok(now);
        }
        before = now;
    }
    bail!("the shadow does not come to an end")
}

impl Counts {
    fn read(traffic: &Traffic) -> Result<Self> {
        let status = traffic.status()?;
        let count = |name: &str| {
            let count = status["shadow"][name].as_f64();
            count.with_context(|| format!("no shadow.{name} in {status}"))
        };
        Ok(Self { paired: count("paired")?, shed: count("shed")? })
    }

    fn paired_share(self) -> f64 {
        self.paired / (self.paired + self.shed)
    }

    fn shed_share(self) -> f64 {
        self.shed / (self.paired + self.shed)
    }
}

/// The throughput that live requests keep beside a shadow, in percent.
fn kept(round: &Round) -> f64 {
    percent(round.with.requests_per_s / round.without.requests_per_s)
}

#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn errors(round: &Round) -> f64 {
    (round.with.errors + round.without.errors) as f64
}

fn half_of(sample: &Sample) -> f64 {
    sample.requests_per_s / 2.0
}

fn percent(share: f64) -> f64 {
    share * 100.0
}
