use super::*;
use crate::gate::report::html;
use crate::gate::{Limit, Metric, Report};

fn close(one: f64, two: f64) -> bool {
    (one - two).abs() < 1e-12
}

#[test]
fn the_shares_of_a_distribution_add_up_whatever_the_numbers_are() {
    let wild = vec![f64::NAN, -1e300, 0.0, 1.0, 2.0, 2.0, 1e300, f64::INFINITY];
    for values in [wild, vec![7.0; 9], (0..5_000).map(f64::from).collect()] {
        let samples = [(Whose::Candidate, values)];
        let drawn = Distribution::of_numbers("n".to_owned(), &samples).unwrap();
        assert!(drawn.low < drawn.high, "{drawn:?}");
        assert_eq!(drawn.series[0].shares.len(), 40);
        assert!(close(drawn.series[0].shares.iter().sum(), 1.0), "{drawn:?}");
    }
    assert_eq!(Distribution::of_numbers("n".to_owned(), &[(Whose::Candidate, vec![])]), None);
}

#[test]
fn shares_are_drawn_from_nothing_to_a_little_above_the_largest() {
    let samples = [(Whose::Candidate, vec![0.0, 0.21]), (Whose::Training, vec![0.62])];
    let drawn = Distribution::of_shares("p".to_owned(), &samples).unwrap();
    assert!(close(drawn.low, 0.0) && close(drawn.high, 0.65), "{drawn:?}");
    assert!(close(drawn.series[0].shares[0], 0.5), "{drawn:?}");
    assert!(close(drawn.series[1].shares[38], 1.0), "{drawn:?}");
}

#[test]
fn a_bin_has_the_mean_of_what_is_said_and_of_what_came() {
    let (labels, answers) = ([0.0, 1.0, 1.0, 1.0], [0.11, 0.19, 0.7, 1.0]);
    let drawn = Reliability::of_shares("late", &labels, &answers).unwrap();
    let told: Vec<_> = drawn.bins.iter().map(|bin| (bin.said, bin.seen, bin.rows)).collect();
    assert_eq!(told, [(0.15, 0.5, 2), (0.7, 1.0, 1), (1.0, 1.0, 1)]);
    // R's prop.test(1, 2, correct = FALSE): 0.0945 to 0.9055.
    let first = drawn.bins[0];
    assert!((first.low - 0.0945).abs() < 1e-4 && (first.high - 0.9055).abs() < 1e-4, "{first:?}");

    let numbers: Vec<f64> = (0..1_000).map(f64::from).collect();
    let drawn = Reliability::of_numbers("miles", &numbers, &numbers).unwrap();
    assert_eq!(drawn.bins.len(), 10);
    assert!(drawn.bins.iter().all(|bin| close(bin.said, bin.seen) && bin.rows == 100));
    assert!(drawn.bins.iter().all(|bin| bin.low < bin.seen && bin.seen < bin.high));
}

#[test]
fn a_roc_curve_has_few_points_however_many_rows_there_are() {
    let labels: Vec<bool> =
        (0..50_000_u32).map(|row| row.wrapping_mul(2_654_435_761) % 7 < 3).collect();
    let scores: Vec<f64> = (0..50_000).map(|row| f64::from(row % 977)).collect();
    let curve = Roc::of(Whose::Candidate, &labels, &scores).unwrap();
    assert!(curve.points.len() <= 203, "{}", curve.points.len());
    assert_eq!((curve.points[0], curve.points[curve.points.len() - 1]), ((0.0, 0.0), (1.0, 1.0)));
    assert!(curve.points.is_sorted_by(|one, two| one.0 <= two.0 && one.1 <= two.1));
    let perfect = Roc::of(Whose::Stable, &[false, true, true], &[0.1, 0.8, 0.9]).unwrap();
    assert_eq!(perfect.points, [(0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (1.0, 1.0)]);
    assert_eq!(Roc::of(Whose::Stable, &[true, true], &[0.1, 0.8]), None);
}

#[test]
fn classes_are_counted_by_what_is_true_and_what_is_told() {
    let classes: Vec<String> = ["a", "b"].map(str::to_owned).to_vec();
    let answers = Answers { values: vec![0.9, 0.1, 0.2, 0.8, 0.6, 0.4], width: 2 };
    let table = Confusion::of(&classes, &[0.0, 0.0, 1.0], &answers).unwrap();
    assert_eq!(table.counts, [[1, 1], [1, 0]]);
    assert_eq!(Confusion::of(&classes, &[2.0], &answers), None);
}

#[test]
fn slices_that_are_nearest_to_the_limit_are_drawn() {
    let part = |rows: u32| Part {
        name: format!("side = {rows}"),
        rows: 1,
        passed: true,
        observed: Some(1.0),
        bound: Some(f64::from(rows)),
    };
    let parts = (0..30).rev().map(part).collect();
    let limit = Limit::AtLeast(0.0);
    let drawn = Parts::new((Metric::RocAuc, limit), "side", 0.95, parts);
    assert_eq!((drawn.parts.len(), drawn.others), (20, 10));
    assert_eq!(drawn.parts[0].name, "side = 0");
}

#[test]
fn every_plot_is_drawn_says_what_it_is_and_stays_within_its_page() {
    let classes = vec!["<b>&\"".to_owned(), "b".to_owned()];
    let samples = [(Whose::Candidate, vec![0.1, 0.2]), (Whose::Stable, vec![0.3, f64::NAN])];
    let part = |observed| Part {
        name: "side = \"<i>\"".to_owned(),
        rows: 12_345,
        passed: observed == Some(0.7),
        observed,
        bound: observed.map(|value| value - 0.1),
    };
    let parts = vec![part(Some(0.7)), part(Some(0.5)), part(None)];
    let roc = Roc::of(Whose::Candidate, &[false, true], &[0.5, 0.6]).unwrap();
    let plots = vec![
        Plot::Distribution(Distribution::of_shares(classes[0].clone(), &samples).unwrap()),
        Plot::Distribution(Distribution::of_numbers(classes[0].clone(), &samples).unwrap()),
        Plot::Reliability(Reliability::of_shares(&classes[0], &[1.0], &[0.5]).unwrap()),
        Plot::Reliability(Reliability::of_numbers(&classes[0], &[1.0], &[5.0]).unwrap()),
        Plot::Roc(vec![roc]),
        Plot::Confusion(Confusion { classes, counts: vec![vec![3, 1], vec![0, 0]] }),
        Plot::Slices(Parts::new((Metric::RocAuc, Limit::AtLeast(0.6)), "side", 0.95, parts)),
    ];
    let report = Report {
        candidate: "sha256:7".to_owned(),
        against: None,
        rows: 2,
        passed: true,
        gates: Vec::new(),
        plots,
    };
    let page = html(&report);
    assert_eq!(page.matches("<figure").count(), 7);
    assert_eq!(page.matches("role=\"img\"").count(), 6);
    assert_eq!(page.matches("<svg").count(), page.matches("<title>").count() - 1 - 5);
    assert!(!page.contains("<b>") && !page.contains("<i>") && !page.contains("NaN"), "{page}");
    assert!(page.contains("12\u{202f}345 rows") && page.contains("not enough data"), "{page}");
}
