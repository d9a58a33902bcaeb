//! Gates of a model that tells one of three classes.

use super::*;
use crate::gate::tests::classes::{narrow, release, three};

/// Tells the class in `x`, as sure as `z` says.
fn told(row: &[f64]) -> [f64; 3] {
    let other = (1.0 - row[1]) / 2.0;
    [0.0, 1.0, 2.0].map(|class| if (class - row[0]).abs() < 0.5 { row[1] } else { other })
}

/// Rows whose told class, sureness and label are drawn.
fn rows(count: usize, mut row: impl FnMut() -> (f64, f64, f64)) -> Labelled {
    let drawn: Vec<_> = (0..count).map(|_| row()).collect();
    let of = |number: fn(&(f64, f64, f64)) -> f64| drawn.iter().map(number).collect::<Vec<_>>();
    let columns = vec![Column::Float(of(|row| row.0)), Column::Float(of(|row| row.1))];
    let batch = RowBatch::new(Arc::new(narrow().schema()), columns).unwrap();
    Labelled { batch, labels: of(|row| row.2) }
}

fn case(gate: &'static str, check: Check, sample: &'static str, truth: (f64, f64)) -> Case {
    let gate = format!("{}, {gate}", check.kind());
    Case { gate, check, sample, candidate: release(told), stable: None, truth, power: 0.5 }
}

#[test]
fn of_the_classes_that_are_told() {
    // One class is told so much more often than a third, another one as much less.
    let index = |by: f64| by * ((1.0 / 3.0 + by) / (1.0 / 3.0 - by)).ln();
    let (distance, max) = (Distance::Psi, index(0.08));
    let gate = "psi, reference, 3 classes";
    let sample = "500 rows, 500 learned from";
    case(gate, distribution(distance, max, Against::Reference), sample, (max, 0.0)).measure(
        |chance, truth| {
            let mut told = |by: f64| {
                rows(500, || {
                    // The first class is a third and so much more, the second a third.
                    let class = (3.0 * (chance.share() - by)).floor().max(0.0);
                    (class, 0.6, 0.0)
                })
            };
            let learned = told(0.0);
            HeldOut { test: told(if truth > 0.0 { 0.08 } else { 0.0 }), learned, output: three() }
        },
    );
}

#[test]
fn of_what_is_said_of_the_class_that_is_told() {
    let check = Check::Calibration { max: 0.05 };
    case("3 classes", check, "2,000 rows", (0.05, 0.0)).measure(|chance, off| {
        let row = || {
            let (class, sure) = ((3.0 * chance.share()).floor(), 0.5 + 0.4 * chance.share());
            let label = if chance.is(sure - off) { class } else { (class + 1.0) % 3.0 };
            (class, sure, label)
        };
        HeldOut { test: rows(2_000, row), learned: rows(0, || (0.0, 0.0, 0.0)), output: three() }
    });
}
