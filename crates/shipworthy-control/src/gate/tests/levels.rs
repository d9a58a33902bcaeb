//! How often gates are wrong: over a thousand samples of a model exactly at the limit, as many passes
//! as the gate's level allows; and how often a model that is better passes.
//!
//! What is judged is a world that is known: the rows are drawn so that the metric, the distance or the
//! difference has exactly the declared value in truth. The gate itself does the rest. The numbers
//! stand in `docs/reference/gates.md`, and are compared with it.
#![allow(clippy::print_stdout, reason = "how often gates were wrong is worth reading")]

mod answers;
mod classes;
mod distribution;
mod quality;

use shipworthy_stats::interval::{Coverage, Proportion};
use shipworthy_stats::special::normal_quantile;

use super::*;

/// Samples at the limit, and a quarter as many of a better model.
const RUNS: u64 = 1_000;
const BETTER_RUNS: u64 = RUNS / 4;
const CONFIDENCE: f64 = 0.95;
const PAGE: &str = include_str!("../../../../../docs/reference/gates.md");

/// A seeded stream of chance, SplitMix64.
struct Chance(u64);

impl Chance {
    const fn of(run: u64) -> Self {
        Self(run.wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// Uniform, above 0 and below 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((bits ^ (bits >> 31)) >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    fn is(&mut self, share: f64) -> bool {
        self.share() < share
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.share()).unwrap()
    }
}

/// Rows that are drawn one by one.
#[derive(Default)]
struct Drawn {
    x: Vec<f64>,
    z: Vec<f64>,
    is_west: Vec<bool>,
    labels: Vec<f64>,
}

impl Drawn {
    fn of(rows: usize, mut row: impl FnMut() -> (f64, f64, bool, f64)) -> Self {
        let mut drawn = Self::default();
        for _ in 0..rows {
            let (x, z, is_west, label) = row();
            drawn.x.push(x);
            drawn.z.push(z);
            drawn.is_west.push(is_west);
            drawn.labels.push(label);
        }
        drawn
    }

    /// Of a row its `x`, its `z` and its label; the side is left to chance.
    fn scored(
        rows: usize,
        chance: &mut Chance,
        row: impl Fn(&mut Chance) -> (f64, f64, bool),
    ) -> Self {
        Self::of(rows, || {
            let (x, z, label) = row(chance);
            (x, z, chance.is(0.5), f64::from(label))
        })
    }

    fn labelled(self) -> Labelled {
        let mut side = Column::with_capacity(DataType::String, self.x.len());
        for is_west in self.is_west {
            side.push(Cell::String(if is_west { "west" } else { "east" }));
        }
        let columns = vec![Column::Float(self.x), Column::Float(self.z), side];
        let batch = RowBatch::new(Arc::new(contract().schema()), columns).unwrap();
        Labelled { batch, labels: self.labels }
    }

    /// As test rows; what was learned from matters to few gates.
    fn tested(self) -> HeldOut {
        let learned = Self::default().labelled();
        HeldOut { test: self.labelled(), learned, output: output() }
    }
}

/// A gate with a world at its limit, and a better one.
struct Case {
    /// The kind and the statistic, as the page has them.
    gate: String,
    check: Check,
    /// What is said of the sample: how many rows, and of what.
    sample: &'static str,
    candidate: LoadedRelease,
    stable: Option<LoadedRelease>,
    /// What is true at the limit, and of the better model; in words that the page has.
    truth: (f64, f64),
    /// The least share of better models that must pass.
    power: f64,
}

impl Case {
    /// Counts, compares with what is allowed and with the page.
    #[track_caller]
    fn measure(&self, draw: impl Fn(&mut Chance, f64) -> HeldOut) {
        let clock = SimulatedClock::at(Timestamp::from_millis(0));
        self.measure_by(&clock, |run, truth| draw(&mut Chance::of(run), truth));
    }

    #[track_caller]
    fn measure_by(&self, clock: &dyn shipworthy_core::Clock, draw: impl Fn(u64, f64) -> HeldOut) {
        let (at, better) = self.truth;
        let wrong = self.passes(clock, 0..RUNS, |run| draw(run, at));
        let right = self.passes(clock, RUNS..RUNS + BETTER_RUNS, |run| draw(run, better));
        let power = right as f64 / BETTER_RUNS as f64;
        let percent = (power * 100.0).round();
        let (gate, sample) = (&self.gate, self.sample);
        let row = format!("| {gate} | {sample} | {at:.3} | {wrong} | {better:.3} | {percent} % |");
        println!("{row}");
        assert!(wrong <= most_wrong(), "{row}: {wrong} wrong passes, {} allowed", most_wrong());
        assert!(power >= self.power, "{row}: too little power");
        assert!(PAGE.contains(&row), "docs/reference/gates.md lacks this row:\n{row}");
    }

    fn passes(
        &self,
        clock: &dyn shipworthy_core::Clock,
        runs: std::ops::Range<u64>,
        draw: impl Fn(u64) -> HeldOut,
    ) -> u64 {
        let check = self.check.clone();
        let gates = [Gate { name: check.to_string(), confidence: CONFIDENCE, check }];
        let passed = runs.filter(|run| {
            let rows = draw(*run);
            let ground = Ground {
                rows: &rows,
                threshold: 0.5,
                candidate: &self.candidate,
                stable: self.stable.as_ref(),
                again: &|| Ok(true),
                clock,
            };
            ground.judge(&gates).unwrap().gates[0].passed == Some(true)
        });
        passed.count() as u64
    }
}

/// More wrong passes would be no chance: one honest gate in a thousand has more.
fn most_wrong() -> u64 {
    let sure = Coverage::one_sided(0.999).unwrap();
    let is_chance = |wrong: &u64| {
        let rate = Proportion::new(*wrong, RUNS).unwrap();
        rate.clopper_pearson(sure).unwrap().lower <= 1.0 - CONFIDENCE
    };
    (0..RUNS).rev().find(is_chance).unwrap()
}

fn formula(task: Task, says: fn(&[f64]) -> f64) -> LoadedRelease {
    let mut bench = Bench::new();
    bench.rows.output = Output { task, ..output() };
    if task == Task::Regression {
        bench.rows.output.classes.clear();
    }
    bench.release(says, 0)
}

/// A score with this area under the curve, of a uniform number: as it is for a negative row, and for a
/// positive one raised so that it is above with this chance.
fn with_area(share: f64, is_positive: bool, area: f64) -> f64 {
    if is_positive { share.powf((1.0 - area) / area) } else { share }
}

fn x(row: &[f64]) -> f64 {
    row[0]
}

fn z(row: &[f64]) -> f64 {
    row[1]
}

#[test]
fn the_page_says_how_many_wrong_passes_are_chance() {
    let said = format!("at most {} wrong passes of 1,000", most_wrong());
    assert!(PAGE.contains(&said), "{said}");
}
