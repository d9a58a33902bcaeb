//! Releases that were good when they were made, and go wrong afterwards.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use shipworthy_models::{
    Description, Error as ModelError, FeatureMatrix, Model, ModelFile, Options, Predictions,
};
use shipworthy_serving::LoadedModel;

use super::*;
use crate::models::{Error as LoadError, Models};

/// The release of so many rounds is the one that harm is done to.
pub(super) const ROUNDS: u32 = 6;

const NOTHING: u8 = 0;
const FAILS: u8 = 1;
pub(super) const BREAKS: u8 = 2;
const SLOW: u8 = 3;

/// What is done, from when on.
#[derive(Debug)]
pub(super) struct Harm {
    clock: Arc<SimulatedClock>,
    kind: AtomicU8,
    calls: AtomicU64,
}

impl Harm {
    pub(super) fn new(clock: &Arc<SimulatedClock>) -> Self {
        Self { clock: Arc::clone(clock), kind: NOTHING.into(), calls: AtomicU64::new(0) }
    }

    pub(super) fn begin(&self, kind: u8) {
        self.kind.store(kind, Ordering::Relaxed);
    }
}

/// Loads trees as they are, but for the one that harm is done to.
#[derive(Debug)]
pub(super) struct Harming(pub(super) Arc<Harm>);

impl Models for Harming {
    fn load(&self, bytes: &[u8]) -> Result<LoadedModel, LoadError> {
        let file = ModelFile::load(bytes, &Options::default()).unwrap();
        let ModelFile::Matrix(model) = &file else { panic!("these are trees") };
        let is_harmed = model.describe().trees == ROUNDS as usize;
        let harmed = || ModelFile::Matrix(Arc::new(Harmed(Arc::clone(model), self.0.clone())));
        Ok(LoadedModel::Here(if is_harmed { harmed() } else { file }))
    }
}

#[derive(Debug)]
struct Harmed(Arc<dyn Model>, Arc<Harm>);

impl Model for Harmed {
    fn describe(&self) -> &Description {
        self.0.describe()
    }

    fn predict(&self, features: &FeatureMatrix, out: &mut Predictions) -> Result<(), ModelError> {
        let Self(model, harm) = self;
        let failed = || Err(ModelError::FeatureCount { expected: 1, found: 0 });
        match harm.kind.load(Ordering::Relaxed) {
            FAILS if harm.calls.fetch_add(1, Ordering::Relaxed) % 50 == 49 => return failed(),
            BREAKS => return failed(),
            SLOW => harm.clock.advance(Duration::from_millis(50)),
            _ => {}
        }
        model.predict(features, out)
    }
}

/// A canary of the release that goes wrong, and what is seen of it once it was asked enough.
async fn gone_wrong(kind: u8, guard: Guard) -> (Bench, String) {
    let policy = RolloutPolicy { steps: vec![50, 100], guards: vec![guard], ..policy() };
    let bench = Bench::new(policy);
    bench.deploy(&bench.harmed, Strategy::Canary).unwrap();
    bench.harm.begin(kind);
    for _ in 0..10 {
        bench.ask(400).await;
        if bench.later(1).rollout.unwrap().state == "rolled_back" {
            break;
        }
    }
    assert_eq!(bench.state(), "rolled_back");
    assert_eq!(bench.view().slots.stable.unwrap().release, bench.stable.as_str());
    let why = bench.history().1;
    assert_eq!(bench.ask(100).await, BTreeMap::from([(bench.stable.to_string(), 100)]));
    (bench, why)
}

#[tokio::test]
async fn one_that_fails_on_two_rows_of_a_hundred_goes_back_by_itself_and_says_why() {
    let limit = Limit::MaxRegression(0.005);
    let (bench, why) = gone_wrong(FAILS, Guard { metric: Metric::ErrorRate, limit }).await;
    assert!(why.starts_with("error_rate is 2.0") || why.starts_with("error_rate is 1.9"), "{why}");
    assert!(why.ends_with("against 0.00 % of stable: at most 0.50 % is allowed"), "{why}");
    assert!(bench.view().slots.candidate.is_none());
}

#[tokio::test]
async fn one_that_is_fifty_milliseconds_slower_goes_back_by_itself_and_says_why() {
    let limit = Limit::MaxRegression(20_000.0);
    let guard = Guard { metric: Metric::Latency(990), limit };
    let (_, why) = gone_wrong(SLOW, guard).await;
    assert!(why.starts_with("latency_p99 is 5") && why.contains("of stable"), "{why}");
}

#[tokio::test]
async fn a_burst_of_failures_ends_it_at_the_second_look() {
    let bench = Bench::new(RolloutPolicy { guards: Vec::new(), ..policy() });
    bench.deploy(&bench.harmed, Strategy::Canary).unwrap();
    bench.harm.begin(BREAKS);
    bench.ask(200).await;
    assert_eq!(bench.later(0).rollout.unwrap().state, "canary", "one look may be chance");
    assert_eq!(bench.later(1).rollout.unwrap().state, "rolled_back");
    let why = bench.history().1;
    assert!(why.starts_with("the candidate failed to answer "), "{why}");
}
