//! Gates about how the answers are distributed.

use super::*;

/// The tilt of the answers: their density rises from 1 − tilt to 1 + tilt, while what is expected is
/// uniform.
const TILT: f64 = 0.6;

/// Where the distribution function (1 − t) x + t x² is this share.
fn tilted(share: f64, tilt: f64) -> f64 {
    let linear = 1.0 - tilt;
    match tilt > 0.0 {
        true => ((linear * linear + 4.0 * tilt * share).sqrt() - linear) / (2.0 * tilt),
        false => share,
    }
}

/// The distance of the answers in truth. The gap of the distribution functions is t x (1 − x), and
/// the share of cell i of ten is 1/10 + t (2 i − 9) / 100.
fn truth(distance: Distance, tilt: f64) -> f64 {
    let shares = || (0..10).map(|cell| 0.1 + tilt * (2.0 * f64::from(cell) - 9.0) / 100.0);
    let sum = |of: fn(f64) -> f64| shares().map(of).sum::<f64>();
    let jensen_shannon = || {
        let nats = |q: f64| {
            let mean = f64::midpoint(q, 0.1);
            (q * (q / mean).ln() + 0.1 * (0.1 / mean).ln()) / 2.0
        };
        sum(nats)
    };
    match distance {
        Distance::KolmogorovSmirnov => tilt / 4.0,
        Distance::Wasserstein => tilt / 6.0,
        Distance::WassersteinNormalised => tilt / 6.0 * 12_f64.sqrt(),
        Distance::Energy => tilt / 15_f64.sqrt(),
        Distance::Psi => sum(|q| (q - 0.1) * (q / 0.1).ln()),
        Distance::JensenShannonBase2 => (jensen_shannon() / 2_f64.ln()).sqrt(),
        Distance::JensenShannonBaseE => jensen_shannon().sqrt(),
        Distance::Hellinger => (sum(|q| (q.sqrt() - 0.1_f64.sqrt()).powi(2)) / 2.0).sqrt(),
        Distance::TotalVariation => sum(|q| (q - 0.1).abs()) / 2.0,
    }
}

fn case(distance: Distance, against: &Against, sample: &'static str) -> Case {
    let whose = match against {
        Against::Reference => "reference",
        Against::Stable => "stable",
        Against::Declared(_) => "declared",
    };
    let cells = match against {
        Against::Declared(_) => Cells::Edges((1..10).map(|edge| f64::from(edge) / 10.0).collect()),
        _ => Cells::Quantiles(10),
    };
    let max = truth(distance, TILT);
    Case {
        gate: format!("distribution, {}, {whose}", distance.name()),
        check: Check::Distribution { distance, max, against: against.clone(), cells },
        sample,
        candidate: formula(Task::Binary, x),
        stable: Some(formula(Task::Binary, z)),
        truth: (max, 0.0),
        power: 0.5,
    }
}

/// Rows whose `x` is tilted, at the limit or not at all, and whose `z` is uniform.
fn answers(rows: usize, chance: &mut Chance, truth: f64, is_opposite: bool) -> Drawn {
    let tilt = if truth == 0.0 { 0.0 } else { TILT };
    Drawn::scored(rows, chance, |chance| {
        let share = chance.share();
        let z = if is_opposite { 1.0 - share } else { chance.share() };
        (tilted(share, tilt), z, false)
    })
}

#[test]
fn of_distances_from_other_rows() {
    for (_, distance) in Distance::ALL {
        case(distance, &Against::Reference, "500 rows, 500 learned from").measure(
            |chance, truth| {
                let learned = answers(500, chance, 0.0, false).labelled();
                HeldOut { learned, ..answers(500, chance, truth, false).tested() }
            },
        );
    }
}

#[test]
fn of_distances_from_the_same_rows() {
    for (_, distance) in Distance::ALL {
        case(distance, &Against::Stable, "600 rows, opposite to stable")
            .measure(|chance, truth| answers(600, chance, truth, true).tested());
    }
}

#[test]
fn of_distances_from_declared_shares() {
    for (_, distance) in Distance::ALL.into_iter().filter(|(_, distance)| distance.is_of_shares()) {
        case(distance, &Against::Declared(vec![0.1; 10]), "500 rows")
            .measure(|chance, truth| answers(500, chance, truth, false).tested());
    }
}
