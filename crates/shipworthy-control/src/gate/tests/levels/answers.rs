//! Gates about what the model answers, about the rows, and about time.

use std::sync::Mutex;
use std::time::Duration;

use shipworthy_core::Clock;

use super::*;

type Change = fn(&mut Chance) -> f64;

#[test]
fn of_a_direction() {
    // A higher `x` moves the answer by `z`, whose mean is what is true.
    let check = Check::Direction { column: "x".to_owned(), by: 1.0, effect: Effect::NotUp };
    let candidate = || formula(Task::Regression, |row| row[0] * row[1]);
    let skews: [(&str, Change); 2] = [
        ("500 rows, even changes", |chance| chance.share() - 0.5),
        ("500 rows, skewed changes", |chance| 0.3 * (-chance.share().ln() - 1.0)),
    ];
    for (sample, change) in skews {
        let gate = check.kind().to_owned();
        let (check, candidate, truth) = (check.clone(), candidate(), (0.0, -0.05));
        let case = Case { gate, check, sample, candidate, stable: None, truth, power: 0.5 };
        case.measure(|chance, mean| {
            let row = |chance: &mut Chance| (chance.share(), mean + change(chance), false);
            let rows = Drawn::scored(500, chance, row).tested();
            HeldOut { output: Output { task: Task::Regression, ..output() }, ..rows }
        });
    }
}

#[test]
fn of_a_leak() {
    let check = Check::Leakage { max: 0.8 };
    let case = |gate: &str, sample, truth| {
        let gate = format!("leakage, {gate}");
        let (check, candidate) = (check.clone(), formula(Task::Binary, x));
        Case { gate, check, sample, candidate, stable: None, truth, power: 0.5 }
    };
    case("numbers", "500 rows", (0.8, 0.74)).measure(|chance, area| {
        let row = |chance: &mut Chance| {
            let label = chance.is(0.4);
            (with_area(chance.share(), label, area), chance.share(), label)
        };
        Drawn::scored(500, chance, row).tested()
    });
    // Of a text that is true of so many positives, and as rarely of negatives, that many pairs.
    case("texts", "500 rows, 500 learned from", (0.8, 0.74)).measure(|chance, area| {
        let mut rows = || {
            let row = || {
                let label = chance.is(0.4);
                let is_west = chance.is(if label { area } else { 1.0 - area });
                (chance.share(), chance.share(), is_west, f64::from(label))
            };
            Drawn::of(500, row)
        };
        let learned = rows().labelled();
        HeldOut { learned, ..rows().tested() }
    });
}

/// A clock that is asked before and after each block: between them a block of the candidate, then one
/// of stable, each as long as chance says.
struct Blocks {
    chance: Mutex<(Chance, u64, u64)>,
    candidate_takes: Mutex<f64>,
}

impl Clock for Blocks {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    fn monotonic_us(&self) -> u64 {
        let mut state = self.chance.lock().unwrap();
        let (chance, asked, now) = &mut *state;
        *asked += 1;
        if *asked % 2 == 0 {
            // Every second block is stable's.
            let times = if *asked % 4 == 2 { *self.candidate_takes.lock().unwrap() } else { 1.0 };
            let took = Duration::from_secs_f64(times * (0.3 * chance.normal()).exp());
            *now += u64::try_from(took.as_micros()).unwrap();
        }
        *now
    }
}

#[test]
fn of_a_latency() {
    let case = Case {
        gate: "latency".to_owned(),
        check: Check::Latency { max: 1.2 },
        sample: "41 pairs of blocks, which vary by 30 %",
        candidate: formula(Task::Binary, x),
        stable: Some(formula(Task::Binary, z)),
        truth: (1.2, 1.0),
        power: 0.5,
    };
    let clock =
        Blocks { chance: Mutex::new((Chance::of(1), 0, 0)), candidate_takes: Mutex::new(1.0) };
    case.measure_by(&clock, |_, ratio| {
        *clock.candidate_takes.lock().unwrap() = ratio;
        Drawn::scored(40, &mut Chance::of(1), |chance| (chance.share(), 0.5, false)).tested()
    });
}
