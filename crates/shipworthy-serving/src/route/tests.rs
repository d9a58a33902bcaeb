use std::sync::OnceLock;

use shipworthy_contract::{ColumnRules, Contract, OnViolation, Role};
use shipworthy_core::{Output, ReleaseId, Task};
use shipworthy_models::{Description, FeatureMatrix, Model, ModelFile, Predictions, Transform};
use shipworthy_rows::{Column, DataType, RowBatch, Timestamp};

use super::*;

/// Answers 1.
#[derive(Debug)]
struct One;

impl Model for One {
    fn describe(&self) -> &Description {
        static DESCRIPTION: OnceLock<Description> = OnceLock::new();
        DESCRIPTION.get_or_init(|| Description {
            format: "constant",
            objective: "none".to_owned(),
            transform: Transform::Identity,
            features: Vec::new(),
            outputs: 1,
            trees: 0,
            trees_in_file: 0,
        })
    }

    fn predict(
        &self,
        features: &FeatureMatrix,
        out: &mut Predictions,
    ) -> Result<(), shipworthy_models::Error> {
        out.reset(features.rows(), 1, 1);
        out.transform_mut().1.fill(1.0);
        Ok(())
    }
}

fn release(byte: u8) -> Arc<LoadedRelease> {
    let column = |name: &str, data_type| ColumnRules {
        name: name.to_owned(),
        data_type,
        width: 1,
        role: Role::Key,
        required: false,
        min: None,
        max: None,
        one_of: None,
        categories: None,
        on_violation: OnViolation::Flag,
        default: None,
    };
    let columns = vec![column("tailnum", DataType::String), column("seat", DataType::Integer)];
    let output = Output { task: Task::Regression, target: "delay".to_owned(), classes: Vec::new() };
    let id = ReleaseId::from_sha256(&[byte; 32]);
    let model = ModelFile::Matrix(Arc::new(One));
    Arc::new(LoadedRelease::new(id, None, output, Contract::new(columns), &model).unwrap())
}

fn endpoint(percent: u8, is_shadow: bool) -> Endpoint {
    let policy = Policy { threshold: 0.5, safe_answer: None };
    let candidate = Candidate {
        deployed: Deployed::new(release(2)),
        percent,
        salt: Salt::new([9; 16]),
        is_shadow,
        paired: Arc::default(),
    };
    let key = Some("tailnum".to_owned());
    Endpoint {
        candidate: Some(candidate),
        key,
        ..Endpoint::new("flight-delay", release(1), policy)
    }
}

fn rows(tails: &[Option<&str>]) -> RowBatch {
    let mut text = Column::with_capacity(DataType::String, tails.len());
    let mut seats = Column::with_capacity(DataType::Integer, tails.len());
    for tail in tails {
        match tail {
            Some(tail) => assert!(text.push(Cell::String(tail))),
            None => text.push_missing(),
        }
        assert!(seats.push(Cell::Integer(7)));
    }
    RowBatch::new(Arc::clone(release(1).schema()), vec![text, seats]).unwrap()
}

fn id(byte: u8) -> DecisionId {
    DecisionId::new(Timestamp::from_millis(1_000), &[byte; 10])
}

fn slot(endpoint: &Endpoint, tail: &str) -> Slot {
    let key = endpoint.key_of(&rows(&[Some(tail)]));
    endpoint.route(None).unwrap().unwrap_or_else(|| endpoint.route_by(&key, id(0))).slot
}

#[test]
fn without_a_candidate_everything_goes_to_stable() {
    let endpoint = Endpoint { candidate: None, ..endpoint(5, false) };
    assert_eq!(endpoint.route(None).unwrap().unwrap().slot, Slot::Stable);
    let refused = endpoint.route(Some(Slot::Candidate)).unwrap_err();
    assert_eq!(refused.to_string(), "there is no candidate at `flight-delay` now");
}

#[test]
fn a_shadow_answers_nobody_but_testers() {
    let shadow = endpoint(0, true);
    assert_eq!(shadow.route(None).unwrap().unwrap().slot, Slot::Stable);
    assert_eq!(shadow.route(Some(Slot::Candidate)).unwrap().unwrap().slot, Slot::Candidate);
    let testers = Arc::new(BTreeSet::from(["N1".to_owned()]));
    let shadow = Endpoint { testers, ..shadow };
    assert_eq!(slot(&shadow, "N1"), Slot::Candidate);
    assert_eq!(slot(&shadow, "N2"), Slot::Stable);
}

#[test]
fn a_key_stays_on_its_side_and_a_larger_share_only_adds_keys() {
    let shares = [5, 25, 50, 100].map(|percent| endpoint(percent, false));
    let mut on_candidate = [0; 4];
    for key in 0..2_000 {
        let tail = format!("N{key}");
        let sides = shares.each_ref().map(|endpoint| slot(endpoint, &tail) == Slot::Candidate);
        assert!(sides.is_sorted(), "{tail} left as the share grew");
        for (count, side) in on_candidate.iter_mut().zip(sides) {
            *count += i32::from(side);
        }
    }
    for (count, expected) in on_candidate.into_iter().zip([100, 500, 1_000, 2_000]) {
        assert!((count - expected).abs() <= 90, "{count} of {expected}");
    }
}

#[test]
fn rows_of_one_request_stay_together() {
    let endpoint = endpoint(50, false);
    assert_eq!(endpoint.key_of(&rows(&[Some("N1"), Some("N1")])), Key::One("N1".to_owned()));
    assert_eq!(endpoint.key_of(&rows(&[Some("N1"), Some("N2")])), Key::Mixed);
    assert_eq!(endpoint.key_of(&rows(&[Some("N1"), None])), Key::Mixed);
    assert_eq!(endpoint.key_of(&rows(&[None, Some("N1")])), Key::Absent);
    assert_eq!(endpoint.key_of(&rows(&[])), Key::Absent);
    let by_seat = Endpoint { key: Some("seat".to_owned()), ..endpoint.clone() };
    assert_eq!(by_seat.key_of(&rows(&[None, None])), Key::One("7".to_owned()));
    // Without a key the request's own name decides.
    let of = |byte| endpoint.route_by(&Key::Mixed, id(byte)).slot;
    let on_candidate = (0..200).filter(|byte| of(*byte) == Slot::Candidate).count();
    assert!((70..130).contains(&on_candidate), "{on_candidate}");
    assert_eq!(of(3), of(3));
}
