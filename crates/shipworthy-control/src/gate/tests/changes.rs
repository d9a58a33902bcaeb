//! What a change does is told with its size and how sure that is.

use super::*;

fn change(
    bench: &Bench,
    candidate: &LoadedRelease,
    stable: Option<&LoadedRelease>,
) -> Option<Change> {
    let ground = Ground {
        rows: &bench.rows,
        threshold: 0.5,
        candidate,
        stable,
        again: &|| Ok(true),
        clock: &*bench.clock,
    };
    ground.change().unwrap()
}

/// Wrong about the rows of the east alone, where it is unsure.
fn worse_in_the_east(row: &[f64]) -> f64 {
    if row[2] == 0.0 { 1.0 - honest(row) } else { honest(row) }
}

#[test]
fn a_worse_release_is_told_by_metrics_and_by_the_slice_that_moved() {
    let bench = Bench::new();
    let (stable, candidate) = (bench.release(honest, 10), bench.release(worse_in_the_east, 20));
    let told = change(&bench, &candidate, Some(&stable)).unwrap();
    let auc = told.metrics.iter().find(|moved| moved.metric == "roc_auc").unwrap();
    assert_eq!(auc.reading, Reading::Worse, "{auc:?}");
    let [low, high] = auc.interval.unwrap();
    assert!(low < auc.difference && auc.difference < high && high < 0.0, "{auc:?}");
    let brier = told.metrics.iter().find(|moved| moved.metric == "brier_score").unwrap();
    assert!(brier.reading == Reading::Worse && brier.difference > 0.0, "{brier:?}");
    let names: Vec<_> = told.moved.iter().map(|slice| slice.name.as_str()).collect();
    assert_eq!(names.first(), Some(&"side = \"east\""), "{names:?}");
    assert!(!names.contains(&"side = \"west\""), "{names:?}");
    assert!(told.other_decisions.unwrap() > told.rows / 4, "{told:?}");
    for pace in [told.one_row, told.batch] {
        assert_eq!((pace.before_us, pace.after_us, pace.ratio), (10.0, 20.0, 2.0), "{pace:?}");
    }
}

#[test]
fn the_same_answers_are_the_same() {
    let bench = Bench::new();
    let release = bench.release(honest, 10);
    let told = change(&bench, &release, Some(&release)).unwrap();
    assert_eq!((told.other_decisions, told.moved.len()), (Some(0), 0));
    assert!(told.slices > 5, "{}", told.slices);
    let same = |moved: &Moved| moved.reading == Reading::Same || moved.difference == 0.0;
    assert!(told.metrics.iter().all(same), "{:?}", told.metrics);
    assert_eq!(change(&bench, &release, None), None);
}
