//! Each kind passes on an honest model, and fails on one that is broken in exactly its way.

use std::sync::{Arc, OnceLock};

use shipworthy_contract::{ColumnRules, Contract, OnViolation, Role};
use shipworthy_core::{Output, ReleaseId, SimulatedClock, Task};
use shipworthy_models::{
    Description, Error as ModelError, Feature, FeatureKind, FeatureMatrix, Model, ModelFile,
    Predictions, Transform,
};
use shipworthy_rows::{Cell, Column, DataType, RowBatch, Timestamp};
use shipworthy_serving::release::LoadedRelease;

use super::*;
use crate::train::{HeldOut, Labelled};

mod changes;
mod classes;
mod levels;

const ROWS: usize = 2_000;

/// Answers by a formula over `x`, `z` and the code of `side` (0 is east, 1 is west).
struct Formula {
    says: fn(&[f64]) -> f64,
    clock: Arc<SimulatedClock>,
    row_us: u64,
}

impl std::fmt::Debug for Formula {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a formula")
    }
}

impl Model for Formula {
    fn describe(&self) -> &Description {
        static DESCRIPTION: OnceLock<Description> = OnceLock::new();
        DESCRIPTION.get_or_init(|| {
            let feature = |name: &str, kind, levels: &[&str]| Feature {
                name: name.into(),
                kind,
                levels: levels.iter().map(|level| (*level).to_owned()).collect(),
            };
            Description {
                format: "formula",
                objective: "binary".to_owned(),
                transform: Transform::Identity,
                features: vec![
                    feature("x", FeatureKind::Numeric, &[]),
                    feature("z", FeatureKind::Numeric, &[]),
                    feature("side", FeatureKind::Categorical, &["east", "west"]),
                ],
                outputs: 1,
                trees: 0,
                trees_in_file: 0,
            }
        })
    }

    fn predict(&self, features: &FeatureMatrix, out: &mut Predictions) -> Result<(), ModelError> {
        out.reset(features.rows(), 1, 1);
        for row in 0..features.rows() {
            out.transform_mut().1[row] = (self.says)(features.row(row));
            self.clock.advance(std::time::Duration::from_micros(self.row_us));
        }
        Ok(())
    }
}

/// Numbers from 0 to 1 that look like chance.
fn chance(row: usize, stream: u64) -> f64 {
    let mut bits =
        (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stream.wrapping_mul(0xbf58_476d);
    for _ in 0..3 {
        bits ^= bits >> 31;
        bits = bits.wrapping_mul(0x94d0_49bb_1331_11eb);
    }
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// `x` says how likely a row is positive; `z` is noise, and `side` is thrown like a coin.
fn rows(from: usize) -> Labelled {
    let (mut x, mut z) = (Vec::new(), Vec::new());
    let (mut side, mut labels) = (Column::with_capacity(DataType::String, ROWS), Vec::new());
    for row in from..from + ROWS {
        x.push(chance(row, 1));
        z.push(chance(row, 2));
        side.push(Cell::String(if chance(row, 3) < 0.5 { "east" } else { "west" }));
        labels.push(f64::from(chance(row, 4) < chance(row, 1)));
    }
    let columns = vec![Column::Float(x), Column::Float(z), side];
    let batch = RowBatch::new(Arc::new(contract().schema()), columns).unwrap();
    Labelled { batch, labels }
}

fn contract() -> Contract {
    let column = |name: &str, data_type, categories: &[&str]| ColumnRules {
        name: name.to_owned(),
        data_type,
        width: 1,
        role: Role::Feature,
        required: false,
        min: None,
        max: None,
        one_of: None,
        categories: (!categories.is_empty())
            .then(|| categories.iter().map(|level| (*level).to_owned()).collect()),
        on_violation: OnViolation::Reject,
        default: None,
    };
    let columns = vec![
        column("x", DataType::Float, &[]),
        column("z", DataType::Float, &[]),
        column("side", DataType::String, &["east", "west"]),
    ];
    Contract::new(columns)
}

struct Bench {
    clock: Arc<SimulatedClock>,
    rows: HeldOut,
}

impl Bench {
    fn new() -> Self {
        Self {
            clock: Arc::new(SimulatedClock::at(Timestamp::from_millis(0))),
            rows: HeldOut { test: rows(ROWS), learned: rows(0), output: output() },
        }
    }

    fn release(&self, says: fn(&[f64]) -> f64, row_us: u64) -> LoadedRelease {
        let model = Formula { says, clock: Arc::clone(&self.clock), row_us };
        let model = ModelFile::Matrix(Arc::new(model));
        let id = ReleaseId::from_sha256(&[7; 32]);
        LoadedRelease::new(id, None, self.rows.output.clone(), contract(), &model).unwrap()
    }

    fn judge(
        &self,
        check: Check,
        candidate: &LoadedRelease,
        stable: Option<&LoadedRelease>,
    ) -> Judged {
        let ground = Ground {
            rows: &self.rows,
            threshold: 0.5,
            candidate,
            stable,
            again: &|| Ok(true),
            clock: &*self.clock,
        };
        let gate = Gate { name: check.to_string(), confidence: 0.95, check };
        ground.judge(&[gate]).unwrap().gates.remove(0)
    }

    /// Whether the honest model passes and the broken one fails; gives why.
    #[track_caller]
    fn tells(&self, check: &Check, broken: fn(&[f64]) -> f64) -> String {
        let honest = self.release(honest, 10);
        let passed = self.judge(check.clone(), &honest, Some(&honest));
        assert_eq!(passed.passed, Some(true), "{}", passed.why);
        let failed = self.judge(check.clone(), &self.release(broken, 10), Some(&honest));
        assert_eq!(failed.passed, Some(false), "{}", failed.why);
        failed.why
    }
}

fn output() -> Output {
    let classes = vec!["no".to_owned(), "yes".to_owned()];
    Output { task: Task::Binary, target: "yes".to_owned(), classes }
}

/// What is true of the rows; a missing `x` says nothing.
fn honest(row: &[f64]) -> f64 {
    if row[0].is_nan() { 0.5 } else { row[0].clamp(0.0, 1.0) }
}

#[test]
fn a_shuffled_column_fails_the_metric() {
    let check = Check::Metric { metric: Metric::RocAuc, limit: Limit::AtLeast(0.75) };
    let why = Bench::new().tells(&check, |row| row[1]);
    assert!(why.contains("must be at least 0.75"), "{why}");
    for (metric, most) in [(Metric::LogLoss, 0.6), (Metric::BrierScore, 0.3)] {
        let check = Check::Metric { metric, limit: Limit::AtMost(most) };
        Bench::new().tells(&check, |row| 1.0 - 0.999 * row[0]);
    }
}

#[test]
fn too_few_rows_are_no_pass_and_say_how_many_would_do() {
    let mut bench = Bench::new();
    let few: Vec<usize> = (0..40).collect();
    bench.rows.test.batch = bench.rows.test.batch.take(&few);
    bench.rows.test.labels.truncate(40);
    let check = Check::Metric { metric: Metric::RocAuc, limit: Limit::AtLeast(0.8) };
    let judged = bench.judge(check, &bench.release(honest, 10), None);
    assert_eq!(judged.passed, Some(false));
    assert!(judged.why.contains("not enough data: about "), "{}", judged.why);
    assert!(judged.observed.unwrap() > 0.8 && judged.bound.unwrap() < 0.8);
}

#[test]
fn a_model_that_is_worse_than_stable_fails() {
    for metric in [Metric::RocAuc, Metric::LogLoss] {
        let check = Check::NonInferior { metric, margin: 0.02 };
        let why = Bench::new().tells(&check, |row| 0.3 * row[0] + 0.7 * row[1]);
        assert!(why.contains("0.02 is the most"), "{why}");
    }
    let bench = Bench::new();
    let check = Check::NonInferior { metric: Metric::RocAuc, margin: 0.02 };
    let alone = bench.judge(check, &bench.release(honest, 10), None);
    assert_eq!((alone.passed, alone.verdict()), (None, "not applicable"));
}

#[test]
fn a_model_that_knows_nothing_of_one_side_fails_there() {
    fn blind_in_the_west(row: &[f64]) -> f64 {
        if row[2] > 0.5 { row[1] } else { row[0] }
    }
    let (metric, limit) = (Metric::RocAuc, Limit::AtLeast(0.7));
    let check = Check::Slices { metric, limit, of: Slices::Of("side".to_owned()) };
    let why = Bench::new().tells(&check, blind_in_the_west);
    assert!(why.contains("side = \"west\""), "{why}");
}

#[test]
fn the_worst_slice_is_found_on_one_half_and_fails_on_the_other() {
    // Where z is high the answer is turned around; elsewhere it is honest.
    let turned: fn(&[f64]) -> f64 = |row| if row[1] > 0.75 { 1.0 - row[0] } else { honest(row) };
    let (metric, limit) = (Metric::BrierScore, Limit::AtMost(0.3));
    let why = Bench::new().tells(&Check::Slices { metric, limit, of: Slices::Worst }, turned);
    assert!(why.starts_with("brier_score where z >= 0.7"), "{why}");
}

fn distribution(distance: Distance, max: f64, against: Against) -> Check {
    Check::Distribution { distance, max, against, cells: Cells::Quantiles(10) }
}

#[test]
fn shifted_scores_fail_the_distribution() {
    // The scores are nearly even between 0 and 1; the shifted ones have none below 0.3, and three in
    // ten at 1.
    let margins = [0.15, 0.15, 0.5, 0.2, 0.1, 0.15, 0.15, 0.15, 0.15];
    for ((name, distance), max) in Distance::ALL.into_iter().zip(margins) {
        let bench = Bench::new();
        let honest_release = bench.release(honest, 10);
        for against in [Against::Reference, Against::Stable] {
            let check = distribution(distance, max, against);
            let judged = bench.judge(check, &honest_release, Some(&honest_release));
            assert_eq!(judged.passed, Some(true), "{}", judged.why);
        }
        let check = distribution(distance, max, Against::Stable);
        let why = bench.tells(&check, |row| (row[0] + 0.3).min(1.0));
        assert!(why.starts_with(name) && why.contains("must be at most"), "{why}");
    }
}

#[test]
fn a_declared_distribution_is_held_against() {
    let shares = vec![0.2, 0.3, 0.5];
    let (against, cells) = (Against::Declared(shares), Cells::Edges(vec![0.2, 0.5]));
    let check = Check::Distribution { distance: Distance::Psi, max: 0.1, against, cells };
    let why = Bench::new().tells(&check, |row| row[0].powi(2));
    assert!(why.starts_with("psi of the answers to the declared shares is 0.31"), "{why}");
}

#[test]
fn answers_that_are_all_the_same_as_stable_are_not_apart() {
    let bench = Bench::new();
    let honest = bench.release(honest, 10);
    let check = distribution(Distance::Hellinger, 0.0, Against::Stable);
    let judged = bench.judge(check.clone(), &honest, Some(&honest));
    assert_eq!((judged.passed, judged.bound), (Some(true), Some(0.0)));
    assert_eq!(bench.judge(check, &honest, None).verdict(), "not applicable");
}

#[test]
fn a_model_that_is_too_sure_fails_the_calibration() {
    let check = Check::Calibration { max: 0.05 };
    let why = Bench::new().tells(&check, |row| (1.5 * row[0] - 0.25).clamp(0.0, 1.0));
    assert!(why.starts_with("the expected calibration error is 0.06"), "{why}");
    let mut bench = Bench::new();
    bench.rows.output = Output { task: Task::Regression, target: "y".to_owned(), classes: vec![] };
    let why = bench.tells(&check, |row| row[0] - 0.07);
    assert!(why.starts_with("the mean bias, either way, is 0.0"), "{why}");
}

#[test]
fn a_bias_against_a_group_fails() {
    let biased: fn(&[f64]) -> f64 = |row| if row[2] > 0.5 { 0.6 * row[0] } else { row[0] };
    for measure in [Fairness::DemographicParityDifference, Fairness::EqualOpportunityDifference] {
        let check = Check::Fairness { measure, column: "side".to_owned(), max: 0.15 };
        Bench::new().tells(&check, biased);
    }
}

#[test]
fn a_bias_against_a_quarter_of_the_numbers_fails() {
    let measure = Fairness::DemographicParityDifference;
    let check = Check::Fairness { measure, column: "z".to_owned(), max: 0.2 };
    let why = Bench::new().tells(&check, |row| if row[1] < 0.25 { 0.5 * row[0] } else { row[0] });
    assert!(why.contains("and must be at most 0.2"), "{why}");
}

#[test]
fn a_model_that_looks_at_the_side_is_not_invariant() {
    let check = Check::Invariance { column: "side".to_owned(), max: 0.05 };
    let why = Bench::new().tells(&check, |row| (row[0] + 0.2 * row[2]).min(1.0));
    assert!(why.contains("side = \"") && why.contains("0.2000"), "{why}");
}

#[test]
fn a_model_that_turns_a_column_around_fails_its_direction() {
    let check = Check::Direction { column: "x".to_owned(), by: 0.1, effect: Effect::NotDown };
    let why = Bench::new().tells(&check, |row| 1.0 - row[0].clamp(0.0, 1.0));
    assert!(why.contains("the mean answer falls by 0.09"), "{why}");
}

#[test]
fn a_model_that_is_lost_without_a_column_fails() {
    let column = "z".to_owned();
    let check = Check::MissingValues { column, metric: Metric::RocAuc, margin: 0.05 };
    let why = Bench::new().tells(&check, |row| if row[1].is_nan() { 1.0 - row[0] } else { row[0] });
    assert!(why.contains("without z than with it"), "{why}");
}

#[test]
fn a_column_that_gives_the_answer_away_is_a_leak() {
    let mut bench = Bench::new();
    let check = Check::Leakage { max: 0.95 };
    let honest = bench.release(honest, 10);
    let fair = bench.judge(check.clone(), &honest, None);
    assert_eq!(fair.passed, Some(true), "{}", fair.why);
    let given = Column::Float(bench.rows.test.labels.iter().map(|label| label * 3.0).collect());
    bench.rows.test.batch = bench.rows.test.batch.with_column(1, given).unwrap();
    let leaks = bench.judge(check, &honest, None);
    assert_eq!(leaks.passed, Some(false));
    assert!(leaks.why.starts_with("`z` alone tells"), "{}", leaks.why);
}

#[test]
fn test_rows_from_the_training_are_counted() {
    let mut bench = Bench::new();
    let check = Check::Duplicates { max: 0.01 };
    let honest = bench.release(honest, 10);
    assert_eq!(bench.judge(check.clone(), &honest, None).passed, Some(true));
    bench.rows.test = bench.rows.learned.clone();
    let seen = bench.judge(check, &honest, None);
    assert_eq!(seen.passed, Some(false));
    assert!(seen.why.starts_with("2000 of 2000 test rows"), "{}", seen.why);
}

#[test]
fn a_slow_model_fails_the_latency() {
    let bench = Bench::new();
    let (honest, slow) = (bench.release(honest, 10), bench.release(honest, 30));
    let check = Check::Latency { max: 1.5 };
    let same = bench.judge(check.clone(), &honest, Some(&honest));
    assert_eq!(same.passed, Some(true), "{}", same.why);
    let slower = bench.judge(check.clone(), &slow, Some(&honest));
    assert!(slower.why.starts_with("a row takes 3.00 times as long"), "{}", slower.why);
    assert_eq!(slower.passed, Some(false));
    assert_eq!(bench.judge(check, &slow, None).passed, None);
}

#[test]
fn a_trainer_that_throws_dice_is_told() {
    let bench = Bench::new();
    let honest = bench.release(honest, 10);
    let judged = |again: &dyn Fn() -> Result<bool, String>| {
        let (rows, clock) = (&bench.rows, &*bench.clock);
        let ground =
            Ground { rows, threshold: 0.5, candidate: &honest, stable: None, again, clock };
        let check = Check::Determinism;
        let gate = Gate { name: check.to_string(), confidence: 0.95, check };
        ground.judge(&[gate]).unwrap()
    };
    assert!(judged(&|| Ok(true)).passed);
    assert!(!judged(&|| Ok(false)).passed);
    assert!(!judged(&|| Err("no".to_owned())).passed);
}

#[test]
fn reports_say_the_same_in_each_form() {
    let bench = Bench::new();
    let honest = bench.release(honest, 10);
    let (rows, clock) = (&bench.rows, &*bench.clock);
    let again: Again<'_> = &|| Ok(false);
    let ground = Ground { rows, threshold: 0.5, candidate: &honest, stable: None, again, clock };
    let gate = |name: &str, check| Gate { name: name.to_owned(), confidence: 0.95, check };
    let gates = [
        gate("a <b> | c", Check::Metric { metric: Metric::RocAuc, limit: Limit::AtLeast(0.7) }),
        gate("again", Check::Determinism),
        gate("beside", Check::Latency { max: 2.0 }),
    ];
    let told = ground.judge(&gates).unwrap();
    assert_eq!(told.counts(), (1, 1, 1));
    assert_eq!(told.summary(), "1 of 2 gates failed on 2000 rows, 1 not applicable");
    let xml = report::junit(&told);
    assert!(xml.contains("tests=\"3\" failures=\"1\" skipped=\"1\""), "{xml}");
    assert!(xml.contains("name=\"a &lt;b&gt; | c\""), "{xml}");
    let markdown = report::markdown(&told);
    assert!(markdown.contains("| ✅ | a &lt;b> \\| c |"), "{markdown}");
    let html = report::html(&told);
    assert!(html.contains("a &lt;b&gt; | c") && html.contains("not applicable"), "{html}");
    for elsewhere in ["<script", "<link", " src=", " href=", "url(", "@import"] {
        assert!(!html.contains(elsewhere), "it stands by itself");
    }
}
