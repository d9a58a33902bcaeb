//! Gates of a model that tells one of three classes.

use super::*;

/// The probabilities of three classes by a formula over `x` and `z`.
#[derive(Debug)]
struct Classes {
    says: fn(&[f64]) -> [f64; 3],
}

impl Model for Classes {
    fn describe(&self) -> &Description {
        static DESCRIPTION: OnceLock<Description> = OnceLock::new();
        DESCRIPTION.get_or_init(|| {
            let feature = |name: &str| Feature {
                name: name.into(),
                kind: FeatureKind::Numeric,
                levels: Vec::new(),
            };
            Description {
                format: "formula",
                objective: "multiclass".to_owned(),
                transform: Transform::Identity,
                features: vec![feature("x"), feature("z")],
                outputs: 3,
                trees: 0,
                trees_in_file: 0,
            }
        })
    }

    fn predict(&self, features: &FeatureMatrix, out: &mut Predictions) -> Result<(), ModelError> {
        out.reset(features.rows(), 3, 3);
        for row in 0..features.rows() {
            let says = (self.says)(features.row(row));
            out.transform_mut().1[row * 3..row * 3 + 3].copy_from_slice(&says);
        }
        Ok(())
    }
}

/// The third of `x` is the class of eight rows in ten; the others are of the next class.
fn labelled(from: usize) -> Labelled {
    let all = || from..from + ROWS;
    let (x, z) = (all().map(|row| chance(row, 1)), all().map(|row| chance(row, 2)));
    let class = |row| {
        let third = (3.0 * chance(row, 1)).floor();
        if chance(row, 5) < 0.8 { third } else { (third + 1.0) % 3.0 }
    };
    let columns = vec![Column::Float(x.collect()), Column::Float(z.collect())];
    let batch = RowBatch::new(Arc::new(narrow().schema()), columns).unwrap();
    Labelled { batch, labels: all().map(class).collect() }
}

pub(super) fn narrow() -> Contract {
    let mut contract = contract();
    contract.columns.truncate(2);
    contract
}

pub(super) fn release(says: fn(&[f64]) -> [f64; 3]) -> LoadedRelease {
    let model = ModelFile::Matrix(Arc::new(Classes { says }));
    let id = ReleaseId::from_sha256(&[7; 32]);
    LoadedRelease::new(id, None, three(), narrow(), &model).unwrap()
}

pub(super) fn three() -> Output {
    let classes = ["a", "b", "c"].map(str::to_owned).to_vec();
    Output { task: Task::Multiclass, target: "class".to_owned(), classes }
}

/// Sure by eight in ten of the third of `x`.
fn honest(row: &[f64]) -> [f64; 3] {
    let third = (3.0 * row[0]).floor();
    [0.0, 1.0, 2.0].map(|class| if (class - third).abs() < 0.5 { 0.8 } else { 0.1 })
}

/// Judges a model beside the honest one.
fn judge(check: Check, says: fn(&[f64]) -> [f64; 3]) -> Judged {
    let rows = HeldOut { test: labelled(ROWS), learned: labelled(0), output: three() };
    let clock = SimulatedClock::at(Timestamp::from_millis(0));
    let (candidate, stable) = (release(says), release(honest));
    let ground = Ground {
        rows: &rows,
        threshold: 0.5,
        candidate: &candidate,
        stable: Some(&stable),
        again: &|| Ok(true),
        clock: &clock,
    };
    let gate = Gate { name: check.to_string(), confidence: 0.95, check };
    ground.judge(&[gate]).unwrap().gates.remove(0)
}

#[test]
fn the_classes_that_are_told_are_the_distribution() {
    // Two thirds of what it tells is `a`.
    let lazy: fn(&[f64]) -> [f64; 3] = |row| honest(&[(row[0] - 1.0 / 3.0).max(0.0), row[1]]);
    let third = 1.0 / 3.0;
    let declared = Against::Declared(vec![third, third, 1.0 - 2.0 * third]);
    let of_shares = Distance::ALL.into_iter().filter(|(_, distance)| distance.is_of_shares());
    for (name, distance) in of_shares {
        for against in [Against::Reference, Against::Stable, declared.clone()] {
            let check = distribution(distance, 0.15, against);
            let passed = judge(check.clone(), honest);
            assert_eq!(passed.passed, Some(true), "{}", passed.why);
            // Its own training rows it answers as lazily.
            let is_own = matches!(check, Check::Distribution { against: Against::Reference, .. });
            let other = judge(check, lazy);
            assert_eq!(other.passed, Some(is_own), "{name}: {}", other.why);
        }
    }
    let check = distribution(Distance::Psi, 0.15, Against::Declared(vec![0.5, 0.5]));
    let other = judge(check, honest);
    assert_eq!(other.passed, Some(false), "{}", other.why);
    assert!(other.why.contains("has 2 cells but the current sample has 3"), "{}", other.why);
}

#[test]
fn what_is_said_of_the_class_that_is_told_is_calibrated() {
    let check = Check::Calibration { max: 0.05 };
    let passed = judge(check.clone(), honest);
    assert_eq!(passed.passed, Some(true), "{}", passed.why);
    let too_sure =
        judge(check, |row| honest(row).map(|share| if share > 0.5 { 0.98 } else { 0.01 }));
    assert_eq!(too_sure.passed, Some(false), "{}", too_sure.why);
    assert!(too_sure.why.contains("of the class that is told is 0.1"), "{}", too_sure.why);
}
